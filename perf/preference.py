"""Does a model that is trained on preferences loop less and close more? `python perf/preference.py`, half an hour.

The model is the bundled toy edited by `misbehaving.py`: about 30 % of its chains loop or end their turn without
</think>. It runs on problems of the training split; `s1m data pairs` makes pairs of the records, `s1m train
--objective dpo` trains on them, and for comparison `--objective sft` on their chosen side alone, for as many passes.
All three models then run on problems of the test split with the same seeds. Differences are paired by problem.

Folders that are there are kept, so that an interrupted measurement goes on: `python perf/preference.py FOLDER`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from keep import keep
from misbehave import EDITS, RECORDED, behaved, outcomes
from misbehaving import misbehaving
from numpy.typing import NDArray
from timed_run import CONFIG

from s1m.analysis.statistics.intervals import percentile_interval, resampled_means
from s1m.benchmarks import find_benchmark
from s1m.cli import main as s1m
from s1m.evaluate.store import load_run
from s1m.types import Record, Segment

TRAINING, SAMPLES = 192, 2
"""Problems of the training split that pairs are made of, and runs of each."""
HELD_OUT = 256
"""Problems of the test split."""
LEVELS = 8
RECIPE = Path(__file__).parent.parent / "configs" / "train" / "preference.toml"
RUN = ("--config", str(CONFIG), "--max-thinking-tokens", "2048")

Measure = Callable[[Record], float]
"""A number of a record that is averaged over problems."""


def main() -> None:
    """Make the model, the pairs and the trained models; measure all of them."""
    if len(sys.argv) > 1:
        measured(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        measured(Path(scratch))


def measured(folder: Path) -> None:
    """The whole measurement, in a folder of its own."""
    prepared(folder)
    model, pairs = folder / "model", folder / "pairs"
    trained = {"before": model}
    for objective in ("sft", "dpo"):
        trained[objective] = trained_on(model, pairs, folder / objective, objective)
    runs = {name: evaluated(weights, folder / f"test-{name}") for name, weights in trained.items()}
    report(runs, json.loads((pairs / "summary.json").read_text()))


def prepared(folder: Path) -> None:
    """Make the model, run it on training problems, make the pairs."""
    model, pairs = folder / "model", folder / "pairs"
    if not model.exists():
        digits = find_benchmark("digits")
        recorded = digits.load(split="train", limit=RECORDED, data=None)
        traces = [outcome.trace for outcome in asyncio.run(outcomes("bundled", recorded, 1))]
        misbehaving(model, EDITS["now and then"], list(zip(recorded, traces, strict=True)))
    evaluated(model, folder / "train", "--split", "train", "--limit", str(TRAINING), "--samples", str(SAMPLES))
    if not pairs.exists():
        given = ("--target", "digits", "--tokenizer", "bundled")
        command("data", "pairs", str(folder / "train"), *given, "--out", str(pairs))


def evaluated(model: Path, out: Path, *more: str) -> list[Record]:
    """The records of a run, in the order of their problems."""
    limit = () if more else ("--limit", str(HELD_OUT))
    command("eval", "digits", *RUN, "--model", str(model), *limit, *more, "--out", str(out))
    return sorted(load_run(out).records, key=lambda record: (record.id, record.sample))


def trained_on(model: Path, pairs: Path, out: Path, objective: str) -> Path:
    """A model trained on the pairs, or on their chosen side."""
    text = RECIPE.read_text().replace('path = "data/pairs/data"', f'path = "{pairs / "data"}"')
    if objective == "sft":
        text = "\n".join(line for line in text.splitlines() if not line.startswith(("objective", "beta", "sft_weight")))
    recipe = out.with_suffix(".toml")
    recipe.write_text(text)
    command("train", str(recipe), "--model", str(model), "--out", str(out))
    return out / "model"


def command(*arguments: str) -> None:
    """A command of s1m, which must succeed."""
    if code := s1m(list(arguments)):
        raise SystemExit(code)


def report(runs: dict[str, list[Record]], pairs: dict[str, object]) -> None:
    """Print the table, and keep it."""
    before = runs["before"]
    rows = []
    for name, measure, shown in measures():
        values = {model: np.array([measure(record) for record in records]) for model, records in runs.items()}
        cells = [shown(float(values[model].mean())) for model in runs]
        changes = [changed(values["before"], values[model], shown) for model in ("sft", "dpo")]
        rows.append((name, *cells, *changes, changed(values["sft"], values["dpo"], shown)))
    header = ("of a problem", "before", "SFT", "DPO", "SFT less before", "DPO less before", "DPO less SFT")
    notes = [
        f"{len(before)} problems of the test split, levels 0-7, temperature 1, thinking budget 2,048; the same "
        "seeds for all three. Differences with paired 95 % bootstrap intervals over problems.",
        f"Pairs: {described(pairs)}; made of {TRAINING} problems of the training split, {SAMPLES} runs each.",
        "A toy model that was edited to misbehave at random; what real models do may be harder to unlearn.",
        "Both trained by `configs/train/preference.toml`, SFT without the preference. Generated tokens by those "
        f"before: {ratio(runs)}.",
    ]
    keep("preference", "Preference training against loops and unclosed thinking", header, rows, notes)


def measures() -> list[tuple[str, Measure, Callable[[float], str]]]:
    """What is compared, and how it is shown."""
    bad: list[tuple[str, Measure, Callable[[float], str]]] = [
        ("chain loops or does not close", lambda record: not all(map(behaved, chain(record))), percent),
        ("loops", lambda record: any("looped" in (part.stop, *part.flaws) for part in chain(record)), percent),
        ("ends its turn without </think>", lambda record: any(part.stop == "eos" for part in chain(record)), percent),
    ]
    right = [(f"right at level {level}", at_level(level), percent) for level in range(LEVELS)]
    every: Measure = lambda record: float(np.mean([verdict.correct for verdict in record.verdicts]))  # noqa: E731
    tokens: Measure = lambda record: record.trace.generated_tokens  # noqa: E731
    return [*bad, *right, ("right, mean of levels", every, percent), ("generated tokens", tokens, lambda x: f"{x:.1f}")]


def chain(record: Record) -> Sequence[Segment]:
    """The chain of a record."""
    return record.trace.chains[0]


def at_level(level: int) -> Measure:
    """Whether the answer at a level is right."""
    return lambda record: record.verdicts[level].correct


def percent(value: float) -> str:
    """A fraction in per cent."""
    return f"{100 * value:.1f}"


def changed(old: NDArray[np.float64], new: NDArray[np.float64], shown: Callable[[float], str]) -> str:
    """The mean difference of two models with its interval."""
    difference = (new.astype(float) - old.astype(float))[:, None]
    means = resampled_means(difference)
    interval = None if means is None else percentile_interval(means[:, 0])
    assert interval is not None
    return (
        f"{signed(shown, float(difference.mean()))} ({signed(shown, interval.low)} to {signed(shown, interval.high)})"
    )


def signed(shown: Callable[[float], str], value: float) -> str:
    """A difference with its sign."""
    text = shown(value)
    return text if text.startswith("-") else f"+{text}"


def ratio(runs: dict[str, list[Record]]) -> str:
    """Generated tokens of the trained models by those before."""
    total = {name: sum(record.trace.generated_tokens for record in records) for name, records in runs.items()}
    return ", ".join(f"{name} {total[name] / total['before']:.2f}" for name in ("sft", "dpo"))


def described(pairs: dict[str, object]) -> str:
    """The pairs by reason, in words."""
    parts: list[dict[str, object]] = pairs["parts"]  # type: ignore[assignment]
    counts = ", ".join(f"{part['pairs']} {part['reason']}" for part in parts if part["reason"] != "all")
    return f"{pairs['pairs']} of {pairs['problems']} problems ({counts})"


if __name__ == "__main__":
    main()
