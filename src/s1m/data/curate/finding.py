"""The finding of one row: what ``inspect`` writes and the filters over all rows read."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What inspection found in one row. ``filter`` is the one that leaves it out, empty where none does."""

    number: int
    id: str = ""
    filter: str = ""
    reason: str = ""
    tokens: int = 0
    domain: str = ""
    signature: bytes = b""
    """Of question and images. See ``s1m.data.curate.signature``."""
    images: int = 0
