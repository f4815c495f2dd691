"""A maximum of thinking and nothing else: one chain, cut at every cap, an answer at each."""

from __future__ import annotations

from dataclasses import dataclass

from s1m.forcing.flow import Asked, Forcing, answer, derive_seed, think_once
from s1m.forcing.strategy import Flow, Task
from s1m.types import Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Cap:
    """The model thinks until it ends by itself or meets the cap; a smaller cap's thinking begins a larger one's."""

    axis = "most thinking tokens"
    forcing: Forcing
    levels: tuple[int, ...]

    @property
    def most_chains(self) -> int:
        """Chains of a problem."""
        return 1

    @property
    def most_answers(self) -> int:
        """Answers of a problem."""
        return len(self.levels)

    def flow(self, task: Task) -> Flow:
        """The conversation about one problem."""
        chain: tuple[Segment, ...] = ()
        places: dict[int, Asked] = {}
        spent = 0
        for level in self.levels:
            if level > spent and (not chain or chain[-1].stop == "capped"):
                seed = derive_seed(task.seed, "think", len(chain))
                segment = yield from think_once(self.forcing, chain, "", level - spent, seed)
                chain = (*chain, segment)
                spent += segment.tokens
            places[level] = Asked(segments=len(chain), stop=chain[-1].stop)
        answers = yield from answer(self.forcing, chain, places, task)
        return Trace(chains=(chain,), answers=answers)
