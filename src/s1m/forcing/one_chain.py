"""What most strategies are made of: one chain of thought and the answers asked for along it."""

from __future__ import annotations

from collections.abc import Mapping

from s1m.forcing.flow import Asked, Forcing, after_refusals, ask, can_go_on, settled, think_on
from s1m.forcing.strategy import Part, Task, both
from s1m.types import Answer, Segment

Chain = tuple[Segment, ...]


def one_chain(
    forcing: Forcing, task: Task, ignored: Mapping[int, int], number: int = 0
) -> Part[tuple[Chain, tuple[Answer, ...]]]:
    """Chain ``number`` of a trace and its answers: by level, how many stops are ignored before each.

    An answer is asked for when the segments it rests on have ended, while the chain goes on. Nothing that has been
    thought changes later, and every step has a seed of its own, so what comes first makes no difference to the others.
    """
    chain, given = yield from thought_on(forcing, task, ignored, number, ())
    levels = {level: after_refusals(chain, times) for level, times in ignored.items()}
    return chain, settled(chain, levels, given, task)


def thought_on(
    forcing: Forcing, task: Task, ignored: Mapping[int, int], number: int, chain: Chain
) -> Part[tuple[Chain, dict[int, Answer]]]:
    """The whole of a chain that has begun, and what the model says at the levels that are asked on the way."""
    begun, last, is_over = len(chain), max(ignored.values()), False
    reached: dict[int, Asked] = {}
    while not reached:
        chain = yield from think_on(forcing, chain, task.seed, number, ahead=last - len(chain))
        is_over = len(chain) > last or not can_go_on(forcing, chain)
        reached = {
            level: after_refusals(chain, times)
            for level, times in ignored.items()
            if begun <= times and (is_over or times < len(chain))
        }
    asking = ask(forcing, chain, reached, task, number)
    if is_over:
        return chain, (yield from asking)
    given, (chain, later) = yield from both(asking, thought_on(forcing, task, ignored, number, chain))
    return chain, {**given, **later}
