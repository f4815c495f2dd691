"""A judge over a stream of responses: only the batch under way is held in memory, never the file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from s1m.errors import EngineError
from s1m.judge.judge import Judge
from s1m.judge.judgements import Judgement, Judgements
from s1m.judge.reading import is_asked, judged
from s1m.types import Benchmark, Problem, Verdict

BATCH = 1000
"""Responses that are read before the judge is asked about those among them that no rule could read."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A response to a problem and the verdict on it; ``extraction`` is the recorded one of the official extractor."""

    problem: Problem
    text: str
    extraction: str | None
    verdict: Verdict


class StreamJudge:
    """A judge that keeps what it said in a file. Use as a context manager; ``failures`` are its own."""

    def __init__(self, judge: Judge, path: Path) -> None:
        self.judge = judge
        self.failures: list[EngineError] = []
        self._path = path
        self._loop = asyncio.Runner()

    def __enter__(self) -> Self:
        """Raises ``EngineUnavailable``, or ``UsageError`` when the file has another judge."""
        try:
            self._loop.run(self.judge.ready())
            self._judgements = Judgements(self._path, self.judge.model)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._judgements.close()
        self._close()

    def over(self, benchmark: Benchmark, scored: Iterable[Scored]) -> Iterator[Scored]:
        """The same responses in the same order, with the judge's verdict wherever it was asked and answered."""
        stream = iter(scored)
        while batch := list(islice(stream, BATCH)):
            keys = self._ask(batch)
            for scored_response, key in zip(batch, keys, strict=True):
                if key is None or key not in self._judgements.extractions:
                    yield scored_response
                    continue
                extraction = self._judgements.extractions[key]
                problem, text, verdict = scored_response.problem, scored_response.text, scored_response.verdict
                yield replace(scored_response, verdict=judged(benchmark, problem, text, verdict, extraction))

    def _ask(self, batch: Sequence[Scored]) -> list[str | None]:
        """Ask what is not known yet; the key of every response, None where the judge is not needed."""
        keys: list[str | None] = []
        prompts: dict[str, str] = {}
        for response in batch:
            if not is_asked(response.verdict, response.text):
                keys.append(None)
                continue
            key, prompt = self.judge.question(response.problem, response.text)
            keys.append(key)
            if key not in self._judgements.extractions:
                prompts[key] = prompt
        self.failures += self._loop.run(self.judge.ask(prompts, self._keep))
        return keys

    async def _keep(self, key: str, extraction: str | None) -> None:
        self._judgements.add(Judgement(key=key, model=self.judge.model, extraction=extraction))

    def _close(self) -> None:
        self._loop.run(self.judge.close())
        self._loop.close()
