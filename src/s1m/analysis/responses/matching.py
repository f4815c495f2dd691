"""Which problem a response is to, where another harness gave it an id or only a running number.

A running number may count another copy of the benchmark, or another order: each that comes with a gold answer or with
the prompt is compared with the problem's own, and a file in which most differ is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from s1m.analysis.responses.readers.response import Response
from s1m.errors import DataError
from s1m.scoring.readers.choices import LETTERS
from s1m.types import Problem


class Problems:
    """The problems of a split, by id and by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._ordered: Sequence[Problem] = tuple(problems)
        self._by_id: Mapping[str, Problem] = {problem.id: problem for problem in self._ordered}

    def find(self, response: Response) -> Problem | None:
        """The problem that a response is to; None where there is none.

        A running number is a place, unless only the problem of that id agrees with the file; any other id is the
        other way round.
        """
        at = response.position
        by_place = self._ordered[at] if at is not None and at < len(self._ordered) else None
        by_id = self._by_id.get(response.id)
        first, second = (by_place, by_id) if response.is_numbered else (by_id, by_place)
        if first and second and agrees(response, second) and not agrees(response, first):
            return second
        return first or second


def check_numbers(path: Path, responses: Iterable[Response], problems: Problems, benchmark: str) -> None:
    """Raise ``DataError`` where most running numbers lead to a problem with another question and gold answer."""
    compared = differing = 0
    example = ""
    for response in responses:
        is_number = response.is_numbered or response.position is not None
        problem = problems.find(response) if is_number else None
        verdict = agrees(response, problem) if problem else None
        compared += verdict is not None
        if problem and verdict is False:
            differing += 1
            example = example or f"{response.id} has the gold answer {response.gold!r}, {problem.id} {problem.gold!r}"
    if differing * 2 > compared:
        raise DataError(
            f"{path} numbers its problems, and {differing} of {compared} numbers lead to another problem of "
            f"{benchmark} ({example}); check --split and --data, or give a column id with the benchmark's own ids"
        )


def agrees(response: Response, problem: Problem) -> bool | None:
    """Whether the gold answer or the prompt beside a response is the problem's; None where neither is there."""
    if response.gold is None and response.prompt is None:
        return None
    if response.prompt is not None and _plain(problem.question) in _plain(response.prompt):
        return True
    return response.gold is not None and bool(_spellings(response.gold, problem) & _spellings(problem.gold, problem))


def _spellings(gold: str, problem: Problem) -> set[str]:
    """A gold answer as text, as number, and as the choice that its letter or its place names."""
    text = _plain(gold)
    found = {text}
    with suppress(ValueError):
        found.add(f"{float(text):g}")
    letters = LETTERS[: len(problem.choices)].lower()
    if len(text) == 1 and text in letters:
        found.add(_plain(problem.choices[letters.index(text)]))
    return found


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
