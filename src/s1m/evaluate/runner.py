"""Run what is pending: the only place that knows a benchmark, an algorithm, an engine and a store at once.

Plan (content keys), skip what is recorded, keep as many problems in flight as the settings say, record each as it
lands. A problem that fails stays pending and stops no other; an engine that can serve none stops the run.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Protocol

import msgspec

from s1m.errors import DataError, EngineError, EngineUnavailable
from s1m.evaluate.metering import MeteredEngine
from s1m.evaluate.policy_use import kind_key, kind_of
from s1m.evaluate.prices import find_price
from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.store import RunStore
from s1m.files.images import ImageError, within_pixels
from s1m.files.tasks import gathered
from s1m.forcing import Task, drive
from s1m.forcing.flow import derive_seed
from s1m.scoring.readers.choices import LETTERS
from s1m.types import Benchmark, Engine, Problem, Record, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A sample of a problem that has no record yet; ``index`` is the problem's place in the benchmark."""

    key: str
    index: int
    sample: int = 0


class Progress(Protocol):
    """What is called while a run goes on."""

    def landed(self, record: Record) -> None:
        """A problem was recorded."""
        ...

    def failed(self, problem: Problem, error: Exception) -> None:
        """A problem failed and stays pending."""
        ...


def key_of(problem: Problem, digest: str) -> str:
    """The content hash that names a problem under settings with this digest: 16 hexadecimal digits."""
    images = [hashlib.sha256(image).hexdigest() for image in problem.images]
    content: list[object] = [digest, problem.id, problem.question, problem.gold, list(problem.choices), images]
    if problem.turns:  # left out where there are none, as in every run of earlier versions
        content += [
            [turn.role, turn.text, *(hashlib.sha256(image).hexdigest() for image in turn.images)]
            for turn in problem.turns
        ]
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:16]


def key_of_sample(key: str, sample: int) -> str:
    """The content hash that names a sample of the problem with this key; that of the first is the problem's own."""
    return hashlib.sha256(f"{key} {sample}".encode()).hexdigest()[:16] if sample else key


def with_small_images(problem: Problem, max_image_pixels: int) -> Problem:
    """The problem with every larger image scaled down to at most ``max_image_pixels``, as PNG, its shape kept.

    Raises ``EngineError`` for an image that cannot be read.
    """
    try:
        return replace(problem, images=tuple(within_pixels(image, max_image_pixels) for image in problem.images))
    except ImageError as error:
        raise EngineError(f"problem {problem.id}: one of its images {error}") from error


class Runner:
    """One run of a benchmark."""

    def __init__(
        self, settings: EvalSettings, benchmark: Benchmark, store: RunStore, progress: Progress, digest: str = ""
    ) -> None:
        self._settings = settings
        self._benchmark = benchmark
        self._store = store
        self._progress = progress
        self._strategy = settings.build_strategy()
        self._sampling = settings.sampling.for_engine()
        self._digest = digest or settings.digest()
        path = settings.budget.prices
        self._price = find_price(Path(path).expanduser(), settings.engine.model) if path else None

    def pending(self, problems: Sequence[Problem]) -> list[Pending]:
        """The samples without a record: the first of every problem, then the second. Raises ``DataError`` for others.

        Only keys and indices are remembered: a sequence that reads its problems when they are asked for stays on disk.
        """
        keys = [key_of(problem, self._digest) for problem in problems]
        planned = {
            (own := key_of_sample(key, sample)): Pending(key=own, index=index, sample=sample)
            for sample in range(self._settings.samples)
            for index, key in enumerate(keys)
        }
        unknown = self._store.keys - planned.keys()
        if unknown:
            raise DataError(
                f"{self._store.folder} has {len(unknown)} records of problems that are not in this run: "
                "the benchmark or its data have changed since, or --samples is lower; choose another --out"
            )
        return [each for key, each in planned.items() if key not in self._store.keys]

    async def run(self, problems: Sequence[Problem], pending: Sequence[Pending], engine: Engine) -> int:
        """Do the pending samples; the number that failed. ``EngineUnavailable`` ends the run."""
        # One generator for all workers, so that a problem is read from disk when a worker is free for it.
        queue = ((each, problems[each.index]) for each in pending)
        workers = min(self._settings.engine.most_in_flight, len(pending))
        return sum(await gathered(self._work(queue, engine) for _ in range(workers)))

    async def _work(self, queue: Iterator[tuple[Pending, Problem]], engine: Engine) -> int:
        failed = 0
        for pending, problem in queue:
            key = pending.key
            try:
                record = await self._solve(pending, problem, engine)
            except EngineUnavailable:
                raise
            except EngineError as error:
                failed += 1
                self._store.fail(key, problem, error)
                self._progress.failed(problem, error)
            else:
                self._store.add(record)
                self._progress.landed(record)
                # After the record: a picture that takes long must not delay what a crash would lose.
                await asyncio.to_thread(self._store.keep_thumbnail, key, problem)
        return failed

    async def _as_asked(self, problem: Problem) -> Problem:
        """The problem as the settings have it asked."""
        chosen = self._settings.problems
        if chosen.reasoning_prompt:
            problem = replace(problem, question=f"{problem.question}\n{chosen.reasoning_prompt}")
        if chosen.max_image_pixels is not None:
            problem = await asyncio.to_thread(with_small_images, problem, chosen.max_image_pixels)
        return problem

    def _task(self, problem: Problem, sample: int, score: Callable[[str], Verdict]) -> Task:
        place = (sample,) if sample else ()  # the first sample is that of a run with one
        return Task(
            seed=derive_seed(self._settings.sampling.seed, problem.id, *place),
            read=lambda text: score(text).prediction,
            choices=tuple(LETTERS[: len(problem.choices)]),
        )

    def _score(self, problem: Problem, text: str) -> Verdict:
        """The verdict on an answer. A scorer that fails costs this one problem and not the run."""
        try:
            return self._benchmark.score(problem, text)
        except Exception as error:
            raise EngineError(
                f"the scorer of {self._benchmark.name} failed ({type(error).__name__}: {error}); please report it"
            ) from error

    async def _solve(self, pending: Pending, problem: Problem, engine: Engine) -> Record:
        started = time.time()
        score = cache(partial(self._score, problem))  # strategies read what is then judged
        strategy = self._strategy.for_kind(kind_of(problem.metadata, kind_key(self._benchmark)))
        flow = strategy.flow(self._task(problem, pending.sample, score))
        metered = MeteredEngine(engine)
        trace = await drive(flow, await self._as_asked(problem), metered, self._sampling)
        return Record(
            key=pending.key,
            id=problem.id,
            question=problem.question,
            gold=problem.gold,
            metadata=problem.metadata,
            trace=trace.without_token_ids(),
            verdicts=tuple(score(answer.text) for answer in trace.answers),
            sample_verdicts=tuple(score(sample.text) for sample in trace.samples),
            started=started,
            seconds=time.time() - started,
            usage=metered.usage if self._price or metered.usage.prompt_tokens is not None else None,
            cost=self._price.cost_of(metered.usage) if self._price else None,
            first_token=metered.first_token,
            sample=pending.sample,
        )
