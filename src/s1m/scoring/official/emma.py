r"""The verdict on an EMMA answer that its authors' rules give (EMMA-Bench/EMMA, evaluation: the fast extraction).

The response that is a letter or begins with one and a mark, or is a number; else what is boxed last, ``\text{}`` in it
preferred; else what follows "answer is" and the like, up to a full stop. Compared as texts, then as values rounded to
two decimals. Algebra, which the original asks of sympy, has no verdict here.
"""

from __future__ import annotations

import re

from s1m.scoring.equality.value import value_of
from s1m.scoring.official.boxed import last_boxed
from s1m.scoring.official.floats import is_float
from s1m.scoring.official.mathvision import is_equal
from s1m.scoring.text.bounds import official_part
from s1m.scoring.text.quantity import number_in_words

_LETTERS = "ABCDEFGH"
_TEXT = re.compile(r"\\text{(.*?)}")
_FLAGS = ("final answer is", "correct answer is", "answer should be", "answer is", "answer:")


def extraction_of(response: str) -> str:
    """The answer that the rules cut out of a response; empty where they find none."""
    response = official_part(response).strip()
    for letter in _LETTERS:
        if response.upper() == letter or response.startswith((f"{letter}:", f"{letter}.")):
            return letter
    if is_float(response):
        return response
    boxed = last_boxed(response)
    if boxed is not None:
        named = _TEXT.findall(boxed)
        return str(named[-1] if named else boxed).strip()
    lowered = response.lower()
    for flag in _FLAGS:
        if flag in lowered:
            return lowered.split(flag)[-1].strip().split("\n")[0].split(".")[0]
    return ""


def official(extraction: str, gold: str, *, is_choice: bool) -> bool | None:
    """The verdict on an extraction; None where computer algebra would decide."""
    said = extraction.lower().strip()
    if said == gold.lower().strip() or str(number_in_words(said)) == gold.strip():
        return True
    if is_choice or not said:
        return False
    if is_equal(said, gold):
        return True
    known = value_of(said, as_latex2sympy=True) is not None and value_of(gold, as_latex2sympy=True) is not None
    return False if known else None
