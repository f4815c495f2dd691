r"""Whether two answers of MATH are the same, as its authors compare them (hendrycks/math, math_equivalence.py).

Both are rewritten to one spelling of LaTeX and compared as texts: no value is computed, so ``0.25`` is not
``\frac{1}{4}``, while ``0.5`` is ``\frac{1}{2}``: that one is written into the rule.
"""

from __future__ import annotations

import re

from s1m.scoring.official.boxed import last_boxed
from s1m.scoring.text.bounds import official_part

_REMOVED = ("\n", "\\!", "\\left", "\\right", "^{\\circ}", "^\\circ", "\\$", "\\%")
_UNITS = "\\text{ "
_BARE_ROOT = re.compile(r"\\sqrt(?!\{)(.)")
_BARE_FRACTION = re.compile(r"\\frac(?!\{)(.)(?:(?=\{)|(.))")
_SLASHED = re.compile(r"(-?\d+)/(-?\d+)")
_SHORT_NAME = 2
"""Characters before an equals sign that are the name of the answer: ``k =``."""


def extraction_of(response: str) -> str:
    """What a response boxes last, else the response as it is."""
    response = official_part(response)
    boxed = last_boxed(response)
    return response if boxed is None else boxed


def is_equivalent(first: str, other: str) -> bool:
    """Whether two answers are the same after rewriting."""
    return rewritten(first) == rewritten(other)


def rewritten(text: str) -> str:
    """An answer in the one spelling that answers are compared in."""
    text = text.replace("\\\\", "\\").replace("tfrac", "frac").replace("dfrac", "frac")
    for part in _REMOVED:
        text = text.replace(part, "")
    text = text.split(_UNITS)[0] if text.count(_UNITS) == 1 else text
    text = text.replace(" .", " 0.").replace("{.", "{0.")
    text = f"0{text}" if text.startswith(".") else text
    sides = text.split("=")
    if len(sides) == 2 and len(sides[0]) <= _SHORT_NAME:
        text = sides[1]
    text = _BARE_ROOT.sub(r"\\sqrt{\1}", text).replace(" ", "")
    text = _BARE_FRACTION.sub(_braced, text)
    text = "\\frac{1}{2}" if text == "0.5" else text
    slashed = _SLASHED.fullmatch(text)
    return f"\\frac{{{int(slashed[1])}}}{{{int(slashed[2])}}}" if slashed else text


def _braced(match: re.Match[str]) -> str:
    return f"\\frac{{{match[1]}}}" + (f"{{{match[2]}}}" if match[2] else "")
