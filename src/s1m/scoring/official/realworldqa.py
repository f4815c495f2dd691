"""The verdict on a RealWorldQA answer that lmms-eval gives; xAI has published no scorer.

A number word that is the whole response becomes digits, marks are removed, and a choice whose text occurs stands for
its letter; what is left has to be the gold answer in any case. A gold answer with marks in it is therefore never met.
"""

from __future__ import annotations

import re

from s1m.scoring.text.bounds import official_part

CHOICE = re.compile(r"\b([A-Z])\.\s+([^\n]*)")
_MARKS = re.compile(r"[^\w\s]")
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_DIGITS = {word: str(number) for number, word in enumerate(_WORDS)}


def is_right(response: str, question: str, gold: str) -> bool:
    """Whether a response is the gold answer of a question that may list choices, ``A. red`` a line."""
    response = official_part(response)
    said = _MARKS.sub("", _DIGITS.get(response.lower(), response)).strip()
    letters = {text.strip(): chr(ord("A") + place) for place, (_, text) in enumerate(CHOICE.findall(question))}
    match = re.search("|".join(map(re.escape, letters)), said)
    if match:
        said = letters.get(match[0], said)
    return said.lower().strip() == gold.lower().strip()
