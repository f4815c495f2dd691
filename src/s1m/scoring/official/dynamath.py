"""Judge short answers as DynaMath's own scorer does (DynaMath/DynaMath): it reads the JSON that is asked for."""

from __future__ import annotations

import json
import math
import re

from s1m.scoring.equality.value import value_of
from s1m.types import Problem

TOLERANCE = 0.001
"""Of the official scorer, for numbers; golds are given to three digits."""


def short_answer(response: str) -> str | None:
    """The "short answer" of the JSON in a response; None without such JSON."""
    start, end = response.find("{"), response.rfind("}")
    try:
        read = json.loads(response[start : end + 1].replace("\\", ""), strict=False) if 0 <= start < end else None
    except (ValueError, RecursionError):
        return None
    return str(read["short answer"]) if isinstance(read, dict) and read.get("short answer") is not None else None


def is_right(problem: Problem, said: str) -> bool:
    """The official verdict on a short answer."""
    if problem.metadata["answer_type"] == "float":
        return is_near(said.strip().split(" ")[0], problem.gold)
    if problem.metadata["answer_type"] == "multiple choice":
        letters = set(re.findall(r"\b[A-E]\b", said))
        return said.strip() == problem.gold or letters == {problem.gold}
    return problem.gold.lower() in said.lower()


def is_near(one: str, gold: str) -> bool:
    """Whether two numbers are within the tolerance; the same text where one of them has no value."""
    ours, theirs = value_of(one), value_of(gold)
    if ours is None or theirs is None:
        return one.strip() == gold.strip()
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=TOLERANCE + 1e-12)
