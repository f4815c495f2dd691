"""Pairs about digits: a trace of the careless reader against one that is wrong, looped or unclosed."""

from __future__ import annotations

from pathlib import Path

from s1m.data.preference.candidates import Candidate, Ending
from s1m.data.preference.match import Match
from s1m.data.preference.rows import PairRow, features
from s1m.data.preference.settings import Reason
from s1m.data.shards import write_tables
from s1m.datasets.source import Source
from s1m.types import Problem
from tests.datasets.sets import examples_of

LOOP = "I read again.\n" * 6


def candidate(text: str, ending: Ending) -> Candidate:
    return Candidate(text=text, ending=ending, right=ending == "closed", level=0, tokens=len(text), chain=(0, 0, 0))


def rejected_of(response: str, number: int) -> tuple[str, Ending, Reason]:
    """A response that is worse: in turn looped, ended without the delimiter, answered wrong."""
    thinking = response.partition("</think>")[0]
    endings: tuple[tuple[str, Ending, Reason], ...] = (
        (f"{thinking.rstrip()} {LOOP}", "looped", "looped"),
        (thinking.rstrip(), "unclosed", "unclosed"),
        (f"{response}9", "closed", "wrong"),
    )
    return endings[number % 3]


def pairs_in(folder: Path, rows: int, *, images: bool = True) -> Source:
    """A folder of pairs, as ``s1m data pairs`` writes it."""
    made = []
    for number, example in enumerate(examples_of(Source(path="digits", rows=rows))):
        response = example.turns[-1].text
        text, ending, reason = rejected_of(response, number)
        shown = example.images if images else ()
        problem = Problem(id=str(number), question=example.turns[0].text, images=shown, gold="")
        match = Match(chosen=candidate(response, "closed"), rejected=candidate(text, ending), reason=reason)
        made.append(PairRow(problem=problem, question=problem.question, system_prompt="", match=match).sized())
    write_tables(made, folder, features)
    return Source(path=str(folder))
