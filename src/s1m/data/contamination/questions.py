"""What a benchmark asks, without what it says to every model and without the choices."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from s1m.data.contamination.words import words
from s1m.types import Problem

OFTEN = 5
"""A line in this many questions of a benchmark, and in a fiftieth of them, is a prompt or a hint."""
_CHOICE = re.compile(r"\s*[(\[]?[A-Z][)\].:]\s")


def asked(problems: Sequence[Problem]) -> list[str]:
    """The question of each problem, without lines that many share (prompts, hints) and lettered choices."""
    own = [_lines(problem) for problem in problems]
    seen = Counter(key for lines in own for key in {_key(line) for line in lines})
    limit = max(OFTEN, len(problems) / 50)
    return ["\n".join(line for line in lines if seen[_key(line)] < limit) for lines in own]


def _lines(problem: Problem) -> list[str]:
    lines = problem.question.splitlines()
    while problem.choices and lines and (_CHOICE.match(lines[-1]) or not lines[-1].strip()):
        lines.pop()
    return lines


def _key(line: str) -> str:
    return " ".join(words(line))
