r"""Decide equality of what names points: to algebra ``\angle ABC`` is a product of letters, which has no order.

\angle ABC    and \angle CBA       are the same; \angle BAC differs: its vertex is another
\triangle ABC and \triangle CAB    are the same in any order
x'            and x                differ by the prime
"""

from __future__ import annotations

import re

_FIGURE = re.compile(r"\s*\$?\s*(?:(\\angle|∠)|(?:\\triangle|△|Δ))\s*([A-Z]{3})\s*\$?\.?\s*")
_PRIMED = re.compile(r"(?<!['\w])([a-zA-Z](?:_\w)?'+)")
_WRITTEN_PRIME = re.compile(r"\^\s?\{?\s?\\prime\s?\}?")


def same_figure(first: str, other: str) -> bool | None:
    """Whether two angles or triangles, or two texts with primed letters, name the same; None where not decided."""
    ours, theirs = _FIGURE.fullmatch(first), _FIGURE.fullmatch(other)
    if ours and theirs:
        if (ours[1] is None) != (theirs[1] is None):
            return False
        return theirs[2] in (ours[2], ours[2][::-1]) if ours[1] else sorted(ours[2]) == sorted(theirs[2])
    return None if _primed(first) == _primed(other) else False


def with_primes(text: str) -> str:
    r"""``text`` with ``x^{\prime}`` written x'."""
    return _WRITTEN_PRIME.sub("'", text) if "prime" in text else text


def _primed(text: str) -> list[str]:
    return sorted(_PRIMED.findall(text))
