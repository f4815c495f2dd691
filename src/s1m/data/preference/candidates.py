"""What a record offers for pairs: its closed responses, right or wrong, and its chains up to where they went wrong.

A chain that looped or ended its turn without the delimiter was repaired and continued; what follows the repair can be
chosen, and what stood at that place before it is rejected. Both then share every word up to there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from s1m.data.distill.harvest import is_whole, said
from s1m.datasets.checks import check_response
from s1m.datasets.example import Unusable
from s1m.datasets.tokens import TokenCounter
from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.settings.parts import StrategySettings
from s1m.families import Delimiters
from s1m.types import Answer, Record, Segment, Verdict

Ending = Literal["closed", "looped", "unclosed", "capped"]
"""How a response ends: with an answer after closed thinking; or within the thinking, as ``Reason`` says."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A response of the model to a problem, with what decides whether it is chosen or rejected."""

    text: str
    ending: Ending
    right: bool
    level: int
    """Stops that were ignored before its end."""
    tokens: int
    chain: tuple[int, int, int]
    """The chain it is of: run, sample of the problem, chain of the trace."""

    @property
    def order(self) -> tuple[int, str]:
        """Shorter ones first, whatever the order of runs and records."""
        return self.tokens, self.text


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads the records of one run."""

    settings: EvalSettings
    run: int
    """The run's number among those that are read."""
    counter: TokenCounter
    cue: str
    """What stands between the delimiter that ends the thinking and the answer."""

    @property
    def delimiters(self) -> Delimiters:
        """What thinking stands between."""
        return delimiters_of(self.settings.strategy)

    def candidates(self, record: Record) -> Iterator[Candidate]:
        """All that a record offers; responses that could not be trained on are left out."""
        for answer, verdict in answers_of(record):
            stretch = record.trace.chains[answer.chain][: answer.segments]
            if stretch and is_whole(stretch) and answer.finish != "length":
                text = self._opened(said(stretch)) + self._closing(answer.text)
                if self._is_sound(text):
                    chain = (self.run, record.sample, answer.chain)
                    yield self._made(text, "closed", len(stretch) - 1, chain, right=verdict.correct)
        for number, chain_of in enumerate(record.trace.chains):
            failure = failure_of(chain_of)
            if failure is not None:
                chain = (self.run, record.sample, number)
                yield self._made(self._opened(failure.text), failure.ending, failure.level, chain, right=False)

    def _made(self, text: str, ending: Ending, level: int, chain: tuple[int, int, int], *, right: bool) -> Candidate:
        tokens = self.counter(text)
        return Candidate(text=text, ending=ending, right=right, level=level, tokens=tokens, chain=chain)

    def _opened(self, thinking: str) -> str:
        return self.settings.strategy.thinking_open + thinking

    def _closing(self, answer: str) -> str:
        return f"{self.settings.strategy.thinking_close}{self.cue}{answer.strip()}"

    def _is_sound(self, text: str) -> bool:
        try:
            check_response(text, self.delimiters)
        except Unusable:
            return False
        return True


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A chain up to the end of its first failure, its opening left out."""

    text: str
    ending: Ending
    level: int


def failure_of(chain: Sequence[Segment]) -> Failure | None:
    """Where a chain first went wrong; None for one that did not, or whose loop was not kept (by earlier versions)."""
    for level, segment in enumerate(chain):
        before = said(chain[:level]) + segment.injected
        if segment.loops:
            loop = segment.loops[0]
            return Failure(text=before + segment.text[: loop.at] + loop.text, ending="looped", level=level)
        if segment.stop == "eos":
            return Failure(text=before + segment.text + segment.said, ending="unclosed", level=level)
        if segment.stop == "capped":
            return Failure(text=before + segment.text, ending="capped", level=level)
        if segment.stop == "looped" or "looped" in segment.flaws:
            return None
    return None


def answers_of(record: Record) -> Iterator[tuple[Answer, Verdict]]:
    """The answers that were asked for, each once, with the verdicts on them."""
    trace = record.trace
    if trace.samples:
        pairs = zip(trace.samples, record.sample_verdicts, strict=True)
    else:
        pairs = zip(trace.answers, record.verdicts, strict=True)
    return ((answer, verdict) for answer, verdict in pairs if answer.same_as is None)


def reader_of(settings: EvalSettings, run: int, counter: TokenCounter) -> Reader:
    """What reads the records of a run."""
    # A whole reply has no cue: the model wrote its answer after its own delimiter.
    cue = settings.strategy.answer_cue if settings.build_strategy().continues else "\n"
    return Reader(settings=settings, run=run, counter=counter, cue=cue)


def delimiters_of(strategy: StrategySettings) -> Delimiters:
    """What thinking stands between in a run."""
    return Delimiters(strategy.thinking_open.strip(), strategy.thinking_close)
