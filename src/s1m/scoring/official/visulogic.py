"""The letter that VisuLogic's own scorer reads (VisuLogic-Benchmark/VisuLogic-Eval, evaluation/eval_model.py).

What is boxed last, else the letter at an end of the response or after "answer is" and the like. What neither rule reads
is shown to a language model there, so it has no letter here.
"""

from __future__ import annotations

import re

from s1m.scoring.official.boxed import last_boxed
from s1m.scoring.text.bounds import official_part

_DRESS = re.compile(r"\\text\{|\\rm\{|\\mathbf\{|\$|\}")
_LETTERS = "ABCD"
_FLAGS = tuple(
    f"{words}{colon}"
    for colon in (":", "")
    for words in (
        "the final answer is",
        "the answer is option",
        "the answer is",
        "the correct answer is option",
        "the correct answer is",
        "the answer should be",
    )
)
_SHORTEST = 3
"""Characters from which on a response is searched for a box; a shorter one is read as it is."""


def official_letter(response: str) -> str | None:
    """The letter that the rules read, None where a language model would be asked."""
    response = official_part(response)
    boxed = response if len(response) < _SHORTEST else _DRESS.sub("", last_boxed(response) or "")
    letter = boxed.strip()
    if len(letter) == 1 and letter in _LETTERS:
        return letter
    return _at_an_end(response) or _after_a_flag(response.lower())


def _at_an_end(response: str) -> str | None:
    for letter in _LETTERS:
        begins = (f"{letter}\n", f"({letter})\n", f"({letter}) {letter}\n")
        if response.endswith((f" {letter}.", f" ({letter}).")) or response.startswith(begins):
            return letter
    return None


def _after_a_flag(text: str) -> str | None:
    for flag in ("answer:", *_FLAGS):
        if flag in text:
            text = text.split(flag)[-1].strip().split("\n")[0].split(".")[0]
            if len(text) == 1 and text.upper() in _LETTERS:
                return text.upper()
    return None
