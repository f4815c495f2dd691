"""How servers spell a reasoning effort and a thinking budget: the dials that ``--dial`` names, one small file each.

A class here is never instantiated. Adding a dial is adding a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from s1m.errors import UsageError
from s1m.extensions import Extensions

if TYPE_CHECKING:
    from s1m.engines.chat.dial import Dial

AUTO = "auto"

DIALS = Extensions(
    noun="dial",
    folder=__name__,
    group="s1m.dials",
    needs=("hosts", "efforts", "least_budget", "effort_fields", "budget_fields", "request", "read"),
)

UNKNOWN_SERVER = ("vllm", "llamacpp", "openai")
"""Tried in this order where neither the address nor the server says which it is, until it refuses none of the fields.
vLLM's comes first since most servers of one's own take its fields; OpenAI's has the fewest."""


def find_dial(name: str) -> type[Dial]:
    """The dial called ``name``. Raises ``UsageError`` when there is none."""
    dial: type[Dial] = DIALS.find(name)
    return dial


def dial_of_addresses(urls: Iterable[str]) -> str:
    """The dial of the hosted servers at these addresses, empty for servers of one's own.

    Raises ``UsageError`` for servers of different dials.
    """
    names = {_dial_of_host(urlsplit(url.strip()).hostname or "") for url in urls}
    if len(names) > 1:
        shown = ", ".join(sorted(name or "a server of your own" for name in names))
        raise UsageError(f"servers of different providers cannot share a run: {shown}; name those of one")
    return next(iter(names), "")


def dial_of_owners(owners: Sequence[str]) -> str:
    """The dial of servers that say in their list of models whose they are; empty where they do not."""
    known = {owner: name for name, dial in DIALS.built_in().items() for owner in dial.owners}
    names = {known.get(owner.lower(), "") for owner in owners}
    return names.pop() if len(names) == 1 else ""


def _dial_of_host(host: str) -> str:
    for name, dial in DIALS.built_in().items():
        if any(host == known or host.endswith(f".{known}") for known in dial.hosts):
            return name
    return ""
