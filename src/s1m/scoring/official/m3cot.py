"""The letter that M3CoT's own scorer reads (LightChen233/M3CoT, utils/metric.py).

The last letter in brackets after "[Answer]", else the last choice whose text occurs, else the last letter that stands
alone, in capitals before small ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.text.bounds import official_part

_BRACKETED = re.compile(r"\(([A-Za-z])\)")
_MARKS = re.compile(r"[\n.,!?]")


def official_letter(response: str, choices: Sequence[str]) -> str | None:
    """The letter that the official scorer reads."""
    response = official_part(response)
    if "[Answer]" in response:
        response = response.split("[Answer]")[-1].split("[Rationale]")[0].split("[Context]")[0]
    if bracketed := _BRACKETED.findall(response):
        return str(bracketed[-1]).upper()
    lettered_choices = list(zip(LETTERS, choices, strict=False))
    words = _MARKS.sub(" ", response).split(" ")
    for named in (
        [letter for letter, text in lettered_choices if text.lower() in response.lower()],
        [letter for letter, _ in lettered_choices if letter in words],
        [letter for letter, _ in lettered_choices if letter.lower() in words],
    ):
        if named:
            return named[-1]
    return None
