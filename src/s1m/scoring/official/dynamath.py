"""Judge short answers as DynaMath's own scorer does (DynaMath/DynaMath): it reads the JSON that is asked for."""

from __future__ import annotations

import json
import math
import re

from s1m.scoring.equality.value import value_of
from s1m.scoring.text.bounds import official_part
from s1m.types import Problem

TOLERANCE = 0.001
"""Of the official scorer, for numbers; golds are given to three digits."""

MOST_OFF = 0.1
"""Of the strict verdict: the tolerance would swallow numbers that are as small as it is."""


def short_answer(response: str) -> str | None:
    """The "short answer" of the JSON in a response, as the official scorer reads it; None without such JSON."""
    response = official_part(response)
    start, end = response.find("{"), response.rfind("}")
    try:
        read = json.loads(response[start : end + 1].replace("\\", ""), strict=False) if 0 <= start < end else None
    except (ValueError, RecursionError):
        return None
    return str(read["short answer"]) if isinstance(read, dict) and read.get("short answer") is not None else None


_SHORT_ANSWER = re.compile(
    r"""["']short[ _]?answer["']\s*:\s*(?:
      "((?:[^"\\]|\\.){0,2000})"             # "short answer": "\frac{1}{2}"
    | '((?:[^'\\]|\\.){0,2000})'             # 'short answer': 'B', as Python writes it
    | (-?[\d.]{1,40}(?:[eE][-+]?\d{1,3})?)(?=\s*[,}])   # "short answer": 2.5
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\([\\\"'/])")


def said_short(response: str) -> str | None:
    r"""The last short answer in a response, with the backslashes of its LaTeX: what the strict verdict reads.

    JSON would turn the ``\f`` of ``"\frac{1}{2}"`` into a form feed, and refuse ``"\sqrt"``. None without one.
    """
    parsed = [next(filter(None, match.groups()), "") for match in _SHORT_ANSWER.finditer(response)]
    return _ESCAPED.sub(r"\1", parsed[-1]) if parsed and parsed[-1].strip() else None


def is_right(problem: Problem, said: str) -> bool:
    """The official verdict on a short answer."""
    said = official_part(said)
    if problem.metadata["answer_type"] == "float":
        return is_near(said.strip().split(" ")[0], problem.gold)
    if problem.metadata["answer_type"] == "multiple choice":
        letters = set(re.findall(r"\b[A-E]\b", said))
        return said.strip() == problem.gold or letters == {problem.gold}
    return problem.gold.lower() in said.lower()


def is_near(first: str, gold: str) -> bool:
    """Whether two numbers are within the tolerance; the same text where one of them has no value."""
    ours, theirs = value_of(first), value_of(gold)
    if ours is None or theirs is None:
        return first.strip() == gold.strip()
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=TOLERANCE + 1e-12)


def is_near_strictly(first: str, gold: str) -> bool:
    """As ``is_near``, but never off by more than a tenth: 0.0002 is not 0.001."""
    ours, theirs = value_of(first), value_of(gold)
    return is_near(first, gold) and (
        not ours or not theirs or abs(float(ours) - float(theirs)) <= abs(float(theirs)) * MOST_OFF
    )
