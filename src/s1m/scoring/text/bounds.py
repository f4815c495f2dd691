"""Decide how much of a text is read, so that no response, however long, can hold up a run.

    MOST_CHARACTERS      200,000   searched for delimiters of thinking and for answer wrappers
    OFFICIAL_CHARACTERS   20,000   given to an official scorer
    TAIL_CHARACTERS        6,000   read for the answer: an answer stands at the end

Some readers and some official scorers take time in proportion to the square of a text's length. Within these bounds
the slowest stays below a second (``tests/scoring/test_bounds.py``).
"""

from __future__ import annotations

MOST_CHARACTERS = 200_000
"""A thinking model with a budget of 30,000 tokens writes about 120,000 characters."""

OFFICIAL_CHARACTERS = 20_000
"""The longest response that an official verdict is on record for has 3,900 characters."""

TAIL_CHARACTERS = 6_000
"""Tuned on recorded responses: no committed answer stood further from the end."""

_HEAD_SHARE = 10
"""One part in ten of a shortened text is its beginning: an opening delimiter stands there, and a leading letter."""


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """``text`` if it has at most ``most`` characters; else its beginning and its end, with a line break between."""
    if len(text) <= most:
        return text
    head = most // _HEAD_SHARE
    return f"{text[:head]}\n{tail(text, most - head - 1)}"


def tail(text: str, most: int = TAIL_CHARACTERS) -> str:
    """The last ``most`` characters of ``text``; a word or number that would be cut in two is left out."""
    if len(text) <= most:
        return text
    start = len(text) - most
    while start < len(text) and text[start - 1].isascii() and text[start - 1].isalnum():
        start += 1  # half a number would be read as another number
    return text[start:]


def official_part(text: str) -> str:
    """What an official scorer is given of a response."""
    return shortened(text, OFFICIAL_CHARACTERS)
