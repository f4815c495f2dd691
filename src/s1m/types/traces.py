"""What a problem produced: segments of thinking, answers, and the trace of both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Literal

StopClass = Literal["closed", "eos", "capped", "looped"]
"""Why a segment of thinking ended: the model wrote the delimiter, ended its turn without it, ran out of budget, or
repeated itself and was cut."""

Finish = Literal["stop", "eos", "length"]
"""Why an engine stopped: a stop string of the step, the model's own end of turn, or ``max_tokens``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CutLoop:
    """What was cut from a segment because it repeated itself: ``text`` stood at character ``at`` of the text kept."""

    at: int
    text: str
    """As it was written, its beginning where it is long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One uninterrupted stretch of thinking: what was injected before it, what the model wrote, why it stopped.

    ``tokens`` counts every generated token, also those of the ``cut_characters`` that repeated and were cut away.
    ``flaws`` names what else was wrong with it. See ``s1m.forcing.endings``.
    """

    injected: str
    text: str
    tokens: int
    stop: StopClass
    cut_characters: int = 0
    flaws: tuple[str, ...] = ()
    said: str = ""
    """The answer that the model gave within its thinking before it ended its turn, cut away from ``text``."""
    token_ids: tuple[int, ...] | None = None
    loops: tuple[CutLoop, ...] = ()
    """What repeated, of the ``cut_characters``: to learn from, not to go on with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The answer committed at a level of the strategy's axis: ignored stops, votes, token caps.

    It follows the first ``segments`` segments of chain ``chain``; ``stop`` is how that thinking ended.
    ``same_as`` names the lower level whose answer this is, when the chain ended too early to reach this one.
    ``tries`` is how often it was asked for until it committed to something; ``tokens`` counts all of them. Where no try
    did, it is what the model said within its thinking, if that commits, or else what it answered at the level before.
    ``chosen_from`` are the indices of the samples among which it was chosen, itself one of them.
    """

    level: int
    chain: int
    segments: int
    stop: StopClass
    text: str
    tokens: int
    finish: Finish
    same_as: int | None = None
    logprob: float | None = None
    tries: int = 1
    chosen_from: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """Everything one problem produced: its chains of thought and an answer at every level, in rising order.

    ``samples`` are all answers that were asked for, where a strategy chooses among several; the ``level`` of a sample
    is the number of stops that were ignored before it.
    """

    chains: tuple[tuple[Segment, ...], ...]
    answers: tuple[Answer, ...]
    samples: tuple[Answer, ...] = ()

    def paid_for(self, answer: Answer) -> tuple[Answer, ...]:
        """The answers that had to be generated for this one, itself included."""
        return tuple(self.samples[index] for index in answer.chosen_from) or (answer,)

    def reached(self, answer: Answer) -> dict[int, int]:
        """By chain, how many of its segments had to be generated for ``answer``."""
        reached: dict[int, int] = {}
        for paid in self.paid_for(answer):
            reached[paid.chain] = max(paid.segments, reached.get(paid.chain, 0))
        return reached

    def place_of(self, answer: Answer) -> int | None:
        """The index of the sample that ``answer`` is; None for one that was not chosen among samples."""
        position = (answer.chain, answer.segments)
        same = (
            index
            for index in answer.chosen_from
            if position == (self.samples[index].chain, self.samples[index].segments)
        )
        return next(same, None)

    def thinking_tokens(self, answer: Answer) -> int:
        """Tokens of thinking that had to be generated for ``answer``, each counted once."""
        reached = self.reached(answer).items()
        return sum(segment.tokens for chain, end in reached for segment in self.chains[chain][:end])

    def answer_tokens(self, answer: Answer) -> int:
        """Tokens of all answers that ``answer`` was chosen from."""
        return sum(paid.tokens for paid in self.paid_for(answer))

    @property
    def generated_tokens(self) -> int:
        """Tokens generated in all, each counted once however many levels share it."""
        thinking = sum(segment.tokens for chain in self.chains for segment in chain)
        asked = self.samples or tuple(answer for answer in self.answers if not answer.chosen_from)
        return thinking + sum(answer.tokens for answer in asked if answer.same_as is None)

    def without_token_ids(self) -> Trace:
        """The same trace as it is recorded: texts and counts, without the engine's ids."""
        chains = tuple(tuple(replace(segment, token_ids=None) for segment in chain) for chain in self.chains)
        return replace(self, chains=chains)

    def _repr_html_(self) -> str:
        """The trace as a notebook shows it."""
        # By name: pages are drawn in a room above this one, and only notebooks ask.
        html: str = import_module("s1m.analysis.display.trace").notebook_html(self)
        return html
