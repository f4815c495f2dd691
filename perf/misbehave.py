"""A model that ends its thinking badly: `python perf/misbehave.py`. What is lost, how right it is, what it costs.

The bundled model with the scores of </think> and of the end of turn scaled down: it goes on where it should end,
runs into repetition, or says its answer without ending its thinking. Every problem is run twice with the same seeds:
guarded, and unguarded (loops run to the budget). Beside the accuracy of all problems stands that of those whose
thinking closed at this level: what is left when misbehaving samples are dropped, as S1-M drops them.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

from keep import keep
from timed_run import CONFIG, Quiet

from s1m.benchmarks import find_benchmark
from s1m.config import eval_settings, read_toml
from s1m.engines.embedded.checkpoint import load_checkpoint, place_of
from s1m.evaluate.build import build_engine
from s1m.evaluate.runner import Runner
from s1m.evaluate.store import RunStore, load_run
from s1m.types import Record

PROBLEMS = 64
BUDGET = 4096
EDITS = {"sometimes": (0.45, 0.45, 1.0), "often, greedy": (0.35, 0.3, 0.0)}
"""By what the output weights of the delimiter and of the end of turn are multiplied, and the temperature."""


def edited(folder: Path, close: float, end: float) -> Path:
    """A copy of the bundled checkpoint with these rows of its output matrix scaled."""
    shutil.copytree(place_of("bundled"), folder)
    loaded = load_checkpoint("bundled", "cpu")
    weight = loaded.model.lm_head.weight.data
    weight[loaded.tokenizer.convert_tokens_to_ids("</think>")] *= close
    weight[loaded.tokenizer.eos_token_id] *= end
    loaded.model.save_pretrained(folder)
    return folder


async def run(model: Path, out: Path, temperature: float) -> tuple[Record, ...]:
    """The records of a run."""
    given: dict[str, Any] = {**read_toml(CONFIG), "model": str(model), "out": str(out), "max_thinking_tokens": BUDGET}
    settings, benchmark = (
        eval_settings({**given, "limit": PROBLEMS, "temperature": temperature}),
        find_benchmark("digits"),
    )
    store, engine = RunStore(settings), build_engine(settings)
    problems = benchmark.load(split="test", limit=PROBLEMS, data=None)
    runner = Runner(settings, benchmark, store, Quiet())
    await runner.run(problems, runner.owed(problems), engine)
    await engine.close()
    store.close()
    return load_run(out).records


def accuracy(records: list[Record], level: int) -> str:
    """In percent."""
    return f"{100 * sum(record.verdicts[level].correct for record in records) / max(1, len(records)):.1f}"


def main() -> None:
    """Both edits, guarded and unguarded."""
    rows: list[tuple[object, ...]] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, (close, end, temperature) in EDITS.items():
            model = edited(Path(scratch) / name, close, end)
            guarded = asyncio.run(run(model, Path(scratch) / f"{name}-guarded", temperature))
            with unguarded():
                free = asyncio.run(run(model, Path(scratch) / f"{name}-free", temperature))
            ends = Counter(segment.stop for record in guarded for segment in record.trace.chains[0])
            bad = sum(any(segment.stop != "closed" for segment in record.trace.chains[0]) for record in guarded)
            well = [record for record in guarded if all(s.stop == "closed" for s in record.trace.chains[0])]
            lost = sum(verdict.prediction is None for record in guarded for verdict in record.verdicts)
            for level in (0, 3, 7):
                there = [record for record in guarded if record.trace.answers[level].stop == "closed"]
                rows.append((name, level, accuracy(list(guarded), level), accuracy(there, level), len(there)))
            tokens = [sum(record.trace.generated_tokens for record in records) for records in (guarded, free)]
            notes.append(
                f"{name}: {bad} of {len(guarded)} chains misbehave ({dict(ends)}); {len(well)} never do; {lost} of "
                f"{8 * len(guarded)} answers lost; {tokens[0]:,} tokens guarded, {tokens[1]:,} unguarded: "
                f"{tokens[0] / tokens[1]:.2f}."
            )
    keep(
        "misbehave",
        "A model that ends its thinking badly",
        ("model", "level", "accuracy, all", "accuracy, thinking closed at this level", "of"),
        rows,
        notes,
    )


def unguarded() -> Any:
    """Nothing is a loop."""
    return patch("s1m.forcing.loops.LoopWatch.feed", lambda *_: None)


if __name__ == "__main__":
    main()
