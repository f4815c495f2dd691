"""Which problem a response is to, where another harness gave it an id or only a running number.

A running number may count another copy of the benchmark, or another order: each that comes with a gold answer or with
the prompt is compared with the problem's own, and a file in which most differ is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from s1m.analysis.responses.readers.response import Response
from s1m.errors import DataError
from s1m.scoring.readers.choices import LETTERS
from s1m.types import Problem

LEAST_LINE = 12
"""Characters of a line by which a question is known again: shorter ones, as a choice "(A) 5", are in many prompts."""


class Problems:
    """The problems of a split, by id and by place.

    A number is the place of a problem or its id: what the harness means comes first, and ``check_numbers`` sets
    ``is_other`` where the answers beside the responses agree with the other reading.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._ordered: Sequence[Problem] = tuple(problems)
        self._by_id: Mapping[str, Problem] = {problem.id: problem for problem in self._ordered}
        self._asked = Counter(line for problem in self._ordered for line in _lines(problem.question))
        self.is_other = False

    def find(self, response: Response) -> Problem | None:
        """The problem that a response is to; None where there is none."""
        first, second = self.readings(response)
        return (second or first) if self.is_other else (first or second)

    def of(self, response: Response, path: Path, benchmark: str) -> Problem:
        """The problem that a response in a file is to. Raises ``DataError`` where there is none."""
        problem = self.find(response)
        if problem is None:
            raise DataError(
                f"{path} has a response to {response.id!r}, which is not a problem of {benchmark}; check --split and "
                "--data"
            )
        return problem

    def readings(self, response: Response) -> tuple[Problem | None, Problem | None]:
        """What the harness means by the id, and the other reading of it; None where there is no such problem."""
        at = response.position
        by_id = self._by_id.get(response.id)
        if at is None:
            return by_id, None
        by_place = self._ordered[at] if at < len(self._ordered) else None
        return (by_place, by_id) if response.is_numbered else (by_id, by_place)

    def agrees(self, response: Response, problem: Problem | None) -> bool | None:
        """Whether what the file says beside a response is the problem's; None where it says nothing to compare.

        A question that several problems ask says nothing, so the gold answer decides there.
        """
        if problem is None or (response.gold is None and response.prompt is None):
            return None
        # Harnesses word the instructions around a question differently, so any line that is its own will do.
        own = [line for line in _lines(problem.question) if self._asked[line] == 1]
        if response.prompt is not None and any(line in _plain(response.prompt) for line in own):
            return True
        if response.gold is None:
            return False if own else None
        return bool(_spellings(response.gold, problem) & _spellings(problem.gold, problem))


def check_numbers(path: Path, responses: Iterable[Response], problems: Problems, benchmark: str) -> None:
    """Settle how the numbers of a file are read.

    Raises ``DataError`` where most of them lead to a problem with another question and gold answer either way.
    """
    counts = Counter[tuple[int, bool]]()
    example = ""
    for response in responses:
        if not response.is_numbered and response.position is None:
            continue
        both = problems.readings(response)
        for reading, problem in enumerate(both):
            verdict = problems.agrees(response, problem)
            if verdict is not None:
                counts[reading, verdict] += 1
            if problem and verdict is False and not example:
                example = f"{response.id} has the gold answer {response.gold!r}, {problem.id} {problem.gold!r}"
    problems.is_other = counts[1, True] > counts[0, True]
    reading = int(problems.is_other)
    differing, agreeing = counts[reading, False], counts[reading, True]
    if differing > agreeing:
        raise DataError(
            f"{path} numbers its problems, and {differing} of {differing + agreeing} numbers lead to another problem "
            f"of {benchmark} ({example}); check --split and --data, or give a column id with the benchmark's own ids"
        )


def _spellings(gold: str, problem: Problem) -> set[str]:
    """A gold answer as text, as number, and as the choice that its letter names."""
    text = _plain(gold)
    spellings = {text}
    with suppress(ValueError):
        spellings.add(f"{float(text):g}")
    letters = LETTERS[: len(problem.choices)].lower()
    if len(text) == 1 and text in letters:
        spellings.add(_plain(problem.choices[letters.index(text)]))
    return spellings


def _lines(question: str) -> set[str]:
    """A question as a whole, and its lines that are long enough to be known again."""
    lines = {_plain(line) for line in question.splitlines()}
    return {line for line in lines if len(line) >= LEAST_LINE} | {_plain(question)}


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
