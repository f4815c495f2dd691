"""The live page: what it is made of, and which script alone may run in it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from s1m.analysis.display.page import environment, script_hash


@cache
def live_page() -> str:
    """The page as HTML text. It holds nothing of the run, which its script fetches."""
    return environment().get_template("live.html.jinja").render(script=_script())


@cache
def policy() -> str:
    """The content security policy: the page's own script, and requests to where it came from."""
    return (
        "default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
        f"form-action 'none'; frame-ancestors 'none'; script-src '{script_hash(_script())}'"
    )


@cache
def _script() -> str:
    return files("s1m").joinpath("assets/live.js").read_text(encoding="utf-8")
