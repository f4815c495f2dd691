"""``s1m gateway``: an OpenAI-compatible server in front of any engine, which forces thinking by a dial."""

from __future__ import annotations

from argparse import Namespace

from s1m.cli.flags import add_settings, file_and_flags
from s1m.cli.parser import Parser

summary = "Serve any engine as an OpenAI-compatible server with a dial for thinking, and a page to try it."
examples = """Every flag is also a key of a settings file, with underscores. Requests turn the dial: docs/gateway.md.

examples:
  s1m gateway                                                                   the bundled toy model; open the page
  s1m gateway --engine vllm --base-url http://127.0.0.1:8000/v1 --port 9000
  s1m gateway --engine vllm --base-url http://127.0.0.1:8000/v1 --effort high --max-thinking-tokens 32768
  s1m gateway --policy policy.toml                                  how long to think is decided by what s1m tune found
  s1m gateway --host 0.0.0.0 --keys-file keys.txt --no-page
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.gateway.settings import GatewaySettings

    add_settings(verb, GatewaySettings, but=("sweep",))


def run(parsed: Namespace) -> int:
    """Serve until interrupted; the exit code."""
    from s1m.evaluate.settings import with_strategy
    from s1m.evaluate.settings.spelling import spelled_out
    from s1m.files.settings import settings_from
    from s1m.gateway.serve import serve_gateway
    from s1m.gateway.settings import GatewaySettings

    values = spelled_out(with_strategy(file_and_flags(GatewaySettings, parsed)))
    return serve_gateway(settings_from(GatewaySettings, values, "s1m gateway"))
