"""What most strategies are made of: one chain of thought and the answers asked for along it."""

from __future__ import annotations

from collections.abc import Mapping

from s1m.forcing.flow import Forcing, after_refusals, answer, think
from s1m.forcing.strategy import Part, Task
from s1m.types import Answer, Segment


def one_chain(
    forcing: Forcing, task: Task, ignored: Mapping[int, int], number: int = 0
) -> Part[tuple[tuple[Segment, ...], tuple[Answer, ...]]]:
    """Chain ``number`` of a trace and its answers: by level, how many stops are ignored before each."""
    chain = yield from think(forcing, max(ignored.values()), task.seed, number)
    asked = {level: after_refusals(chain, times) for level, times in ignored.items()}
    answers = yield from answer(forcing, chain, asked, task, chain_index=number)
    return chain, answers
