"""Judge MathVision answers as its own scorer does (mathllm/MATH-V, evaluation/evaluate.py and utils.py, 1d36118).

The official scorer cuts an answer out of the response by rule, strips it of units and of some LaTeX, and compares it
with the gold letter and with the text of the gold choice: as texts, as tuples, as values rounded to 2 decimals. It
evaluates LaTeX with latex2sympy2; here ``equality/value.py`` does, which reads arithmetic and no algebra.
"""

from __future__ import annotations

import re

from s1m.scoring.equality.value import Value, value_of
from s1m.scoring.official.floats import is_float
from s1m.scoring.text.bounds import official_part
from s1m.types import Problem

_FLAGS = tuple(
    f"{article} {words}"
    for words in ("final answer is", "answer is", "correct answer is", "answer should be")
    for article in ("the", "The")
)
_BOXED = re.compile(r"oxed{(.*)}", re.DOTALL)
_BRACKETED_LETTER = re.compile(r"\(([a-e])\)")
_BRACED_LETTER = re.compile(r"\{([a-e])\}")
_BARE_ARGUMENT = re.compile(r"\\sqrt(?!\{)(.)")
_UNREAD = re.compile(
    r"""
      \\frac(?!\{)    # \frac12
    | \\boxed         # \boxed{3}
    """,
    re.VERBOSE,
)
_SLASHED = re.compile(r"(-?\d+)/(-?\d+)")

_REPLACED = (
    (" ", ""),
    ("\\,", ""),
    ("∞", "\\infty"),
    ("+\\infty", "\\infty"),
    ("\\\\", "\\"),
    ("\n", ""),
    ("\\text", ""),
    ("\\mbox", ""),
    ("\\left", ""),
    ("\\right", ""),
    ("^{\\circ}", ""),
    ("^\\circ", ""),
    ("{m}^3", ""),
    ("m^3", ""),
    ("{units}", ""),
    ("units", ""),
    ("{km}", ""),
    ("km", ""),
    ("\\!", ""),
    ("\\\\", "\\"),
    ("tfrac", "frac"),
    ("dfrac", "frac"),
    ("\\$", ""),
    ("$", ""),
    ("\\%", ""),
    ("{.", "{0."),
)
"""What the official scorer rewrites, in its order."""


def extraction_of(response: str) -> str:
    """The answer that the official rules cut out of a response."""
    text = _letter_at_an_end(official_part(response).strip())
    stated = text.split("is ")[-1].rstrip(".")
    if is_float(stated):
        text = stated
    if "oxed{" not in text:
        for flag in _FLAGS:
            if flag in text:
                text = text.split(flag)[-1].strip().split("\n")[0].split(". ")[0]
    elif text.count("oxed{") > 1:
        text = "\\boxed{" + text.split("oxed{")[-1]
    text = _BRACED_LETTER.sub(r"\1", _BRACKETED_LETTER.sub(r"\1", _stripped(text.lower())))
    return text.rstrip(".").lstrip(":").strip()


def _letter_at_an_end(text: str) -> str:
    for letter in "ABCDE":
        begins = (f"{letter}\n", f"({letter})\n", f"({letter}) {letter}\n")
        if text.endswith((f" {letter}.", f" ({letter}).")) or text.startswith(begins):
            return letter
    return text


def _stripped(text: str) -> str:
    """What is boxed, or the whole text, without units and without LaTeX that changes no value."""
    text = text.replace("{}", "")
    boxed = _BOXED.findall(text)
    text = boxed[-1] if boxed else text
    if "}" in text and not 0 <= text.find("{") < text.find("}"):
        text = text.split("}")[0]
    text = text.split("=")[-1].split("\\approx")[-1]
    for old, new in _REPLACED:
        text = text.replace(old, new)
    text = f"0{text}" if text.startswith(".") else text
    text = _BARE_ARGUMENT.sub(r"\\sqrt{\1}", text)
    text = "\\frac{1}{2}" if text == "0.5" else text
    slashed = _SLASHED.fullmatch(text)
    return f"\\frac{{{slashed[1]}}}{{{slashed[2]}}}" if slashed else text


def official(problem: Problem, extraction: str) -> bool:
    """The official verdict on an extraction."""
    extraction = official_part(extraction)
    golds = [problem.gold]
    if problem.choices:
        golds.append(problem.choices[ord(problem.gold) - ord("A")])
    return any(is_equal(extraction, gold) for gold in golds)


def is_equal(first: str, other: str) -> bool:
    """Whether two answers are the same text, tuple or value to two decimals. An empty one equals nothing."""
    first, other = first.lower(), other.lower()
    if not first.strip() or not other.strip():
        return False
    if first.strip() == other.strip() or _evaluated(first) == _evaluated(other):
        return True
    ours, theirs = _value(first), _value(other)
    return ours is not None and theirs is not None and round(ours, 2) == round(theirs, 2)


def _value(text: str) -> Value | None:
    r"""What latex2sympy2 makes of a text: it reads up to a stray brace, and neither \frac12 nor a box."""
    depth = 0
    for position, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            text = text[:position]
            break
    return None if _UNREAD.search(text) else value_of(text, as_latex2sympy=True)


def _evaluated(text: str) -> str:
    """A tuple or list with its members as values to two decimals; any other text as it is."""
    members = text[1:-1].split(",")
    if text[:1] + text[-1:] not in ("()", "[]") or len(members) < 2:
        return text
    values = [member if "infty" in member or member in ("a", "-a") else _rounded(member) for member in members]
    return text if None in values else f"{text[0]}{','.join(value or '' for value in values)}{text[-1]}"


def _rounded(text: str) -> str | None:
    value = _value(text)
    return None if value is None else str(round(value, 2))
