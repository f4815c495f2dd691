"""Find the answer that a text commits to. Rules only: nothing found is None, never a guess."""

from __future__ import annotations

import re

_INTEGER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?![\w]|[.,]\d)")


def last_integer(text: str) -> str | None:
    """The last whole number that stands on its own in ``text``, thousands commas removed; None if there is none.

    Digits inside words (``B12``) and decimals (``3.5``) are not whole numbers.
    """
    found = _INTEGER.findall(text)
    return found[-1].replace(",", "") if found else None
