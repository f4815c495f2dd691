"""A maximum of thinking and nothing else: one chain, cut at every cap, an answer at each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from s1m.forcing.base import BaseStrategy
from s1m.forcing.flow import Asked, answer, derive_seed, think_once
from s1m.forcing.strategy import Flow, Task
from s1m.types import Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Cap(BaseStrategy):
    """The model thinks until it ends by itself or reaches the cap; a smaller cap's thinking begins a larger one's.

    Cap 0 is the baseline without thinking: the answer is asked for right after an empty thinking.
    """

    name: ClassVar[str] = "cap"
    axis: ClassVar[str] = "most thinking tokens"
    level_is_budget: ClassVar[bool] = True
    least_level: ClassVar[int] = 0

    @property
    def most_chains(self) -> int:
        return 1

    @property
    def most_answers(self) -> int:
        return len(self.levels)

    @property
    def most_chain_tokens(self) -> int:
        return self.levels[-1]

    def flow(self, task: Task) -> Flow:
        chain: tuple[Segment, ...] = ()
        asked: dict[int, Asked] = {}
        spent = 0
        for level in self.levels:
            if level > spent and (not chain or chain[-1].stop == "capped"):
                seed = derive_seed(task.seed, "think", len(chain))
                segment = yield from think_once(self.forcing, chain, "", level - spent, seed)
                chain = (*chain, segment)
                spent += segment.tokens
            asked[level] = Asked(segments=len(chain), stop=chain[-1].stop if chain else "closed")
        answers = yield from answer(self.forcing, chain, asked, task)
        return Trace(chains=(chain,), answers=answers)
