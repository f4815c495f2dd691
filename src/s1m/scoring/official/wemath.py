"""The letter that We-Math's own scorer reads: the first after the last ``Answer``."""

from __future__ import annotations

import re

from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.text.bounds import official_part


def official_letter(response: str) -> str | None:
    """The letter that the official scorer reads."""
    said = re.sub(r"[<>:.]", "", official_part(response).split("Answer")[-1].strip()).strip()
    return said[0] if said[:1] in tuple(LETTERS[:8]) else None
