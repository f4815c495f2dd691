"""Synthetic runs for the tests of the analysis: small, seeded, with given content."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from s1m.evaluate.store import Run
from s1m.forcing import Forcing
from s1m.forcing.strategies.vote import Vote
from s1m.types import Answer, Record, Segment, StopClass, Trace, Verdict

SETTINGS: Mapping[str, Any] = {
    "benchmark": "digits",
    "model": "models/tiny",
    "engine": "embedded",
    "sweep": "nested",
    "num_ignore": [0, 1, 2, 3],
    "max_thinking_tokens": 4096,
    "temperature": 0.6,
}


def picture(width: int = 56, height: int = 28) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height), 200).save(buffer, format="PNG")
    return buffer.getvalue()


class MadeRun(Run):
    """A run that lives in memory: every problem has the same small picture."""

    def thumbnail(self, record: Record) -> bytes | None:
        return picture()


def made_record(
    number: int,
    *,
    correct: Sequence[bool],
    thinking: Sequence[int],
    stops: Sequence[StopClass] | None = None,
    predictions: Sequence[str | None] | None = None,
    levels: Sequence[int] | None = None,
    started: float = 0.0,
    seconds: float = 1.0,
    text: str = "I see 4 and 7.",
    answer_tokens: int = 3,
) -> Record:
    """A nested record whose segment at level k has ``thinking[k]`` tokens and ends with ``stops[k]``."""
    stops = stops or ["closed"] * len(thinking)
    chain = tuple(
        Segment(injected="Wait," if k else "", text=text, tokens=tokens, stop=stop)
        for k, (tokens, stop) in enumerate(zip(thinking, stops, strict=True))
    )
    reached = len(chain)
    answers = tuple(
        Answer(
            level=level,
            chain=0,
            segments=min(position + 1, reached),
            stop=stops[min(position, reached - 1)],
            text="11",
            tokens=answer_tokens,
            finish="eos",
            same_as=(levels or range(len(correct)))[reached - 1] if position >= reached else None,
        )
        for position, level in enumerate(levels or range(len(correct)))
    )
    said = predictions or ["11" if right else "12" for right in correct]
    return Record(
        key=f"{number:016x}",
        id=f"digits-test-{number:05d}",
        question="What is the sum of the digits?",
        gold="11",
        metadata={"kind": "sum", "layout": "1x2"},
        trace=Trace(chains=(chain,), answers=answers),
        verdicts=tuple(
            Verdict(prediction=prediction, correct=right, rule="last integer")
            for prediction, right in zip(said, correct, strict=True)
        ),
        started=started,
        seconds=seconds,
    )


def voted_record(
    number: int,
    said: Sequence[str | None],
    *,
    thinking: int = 10,
    levels: tuple[int, ...] = (1, 2, 4),
    stops: Sequence[StopClass] | None = None,
) -> Record:
    """Chains of ``thinking`` tokens whose answers say this in turn; 11 is right. One token an answer."""
    stops = stops or ["closed"] * len(said)
    forcing = Forcing(num_ignore=(0,), ignore_strings=("Wait,",), max_thinking_tokens=100, max_answer_tokens=5)
    samples = tuple(
        Answer(level=0, chain=chain, segments=1, stop=stop, text=text or "", tokens=1, finish="eos")
        for chain, (text, stop) in enumerate(zip(said, stops, strict=True))
    )
    chains = tuple((Segment(injected="", text="I see.", tokens=thinking, stop=stop),) for stop in stops)
    trace = Trace(chains=chains, answers=(), samples=samples)
    answers = Vote(forcing=forcing, levels=levels).choose(said, trace)
    verdicts = tuple(Verdict(prediction=text, correct=text == "11", rule="last integer") for text in said)
    return replace(
        made_record(number, correct=[True], thinking=[1]),
        trace=replace(trace, answers=answers),
        verdicts=tuple(verdicts[answer.chain] for answer in answers),
        sample_verdicts=verdicts,
    )


def made_run(
    records: Sequence[Record], *, folder: str = "runs/demo", failed: int = 0, settings: Mapping[str, Any] | None = None
) -> Run:
    return MadeRun(
        folder=Path(folder), settings={**SETTINGS, **(settings or {})}, records=tuple(records), failed=failed
    )


def sampled_run(problems: int, *, levels: int = 4, seed: int = 0, folder: str = "runs/demo") -> Run:
    """A run whose model reads better the longer it looks, sometimes ends without closing, and sometimes loops."""
    rng = random.Random(seed)
    records = []
    for number in range(problems):
        difficulty = rng.random()
        thinking: list[int] = []
        stops: list[StopClass] = []
        for _ in range(levels):
            thinking.append(rng.randint(20, 60))
            stops.append(rng.choices(("closed", "eos", "looped"), (0.93, 0.04, 0.03))[0])
            if stops[-1] == "looped":
                break
        correct: list[bool] = []
        for level in range(levels):
            skill = 0.45 + 0.5 * (1 - 0.6 ** min(level, len(thinking) - 1))
            correct.append(skill + rng.gauss(0, 0.1) > difficulty if level < len(thinking) else correct[-1])
        records.append(
            made_record(number, correct=correct, thinking=thinking, stops=stops, started=float(number), seconds=1.5)
        )
    return made_run(records, folder=folder)
