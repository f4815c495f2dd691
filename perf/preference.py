"""Does a model that is trained on preferences loop less and close more? `python perf/preference.py`, half an hour.

The model is the bundled toy edited by `misbehaving.py`: about 30 % of its chains loop or end their turn without
</think>. It runs on problems of the training split; `s1m data pairs` makes pairs of the records, once of all reasons
and once of looped and unclosed chains alone; `s1m train --objective dpo` trains on both, and for comparison
`--objective sft` on the chosen side of all pairs, for as many passes. All models then run on problems of the test
split with the same seeds. Differences are paired by problem.

Folders that are there are kept, so that an interrupted measurement goes on: `python perf/preference.py FOLDER`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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
TRAINED = {"SFT": ("sft", "pairs"), "DPO": ("dpo", "pairs"), "DPO, endings alone": ("dpo", "endings")}
"""The objective of each model that is trained, and the folder of its pairs."""
REASONS = {"pairs": (), "endings": ("--reasons", "looped", "unclosed")}
RECIPE = Path(__file__).parent.parent / "configs" / "train" / "preference.toml"
RUN = ("--config", str(CONFIG), "--max-thinking-tokens", "2048")

Summary = dict[str, Any]
"""The counts of a folder of pairs."""
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
    runs = {"before": evaluated(folder / "model", folder / "test")}
    for name, (objective, pairs) in TRAINED.items():
        out = folder / f"{objective}-{pairs}"
        weights = trained_on(folder / "model", folder / pairs, out, objective)
        runs[name] = evaluated(weights, folder / f"test-{out.name}")
    report(runs, {pairs: json.loads((folder / pairs / "summary.json").read_text()) for pairs in REASONS})


def prepared(folder: Path) -> None:
    """Make the model, run it on training problems, make the pairs."""
    model = folder / "model"
    if not model.exists():
        digits = find_benchmark("digits")
        recorded = digits.load(split="train", limit=RECORDED, data=None)
        traces = [outcome.trace for outcome in asyncio.run(outcomes("bundled", recorded, 1))]
        misbehaving(model, EDITS["now and then"], list(zip(recorded, traces, strict=True)))
    evaluated(model, folder / "train", "--split", "train", "--limit", str(TRAINING), "--samples", str(SAMPLES))
    for name, reasons in REASONS.items():
        if not (folder / name).exists():
            given = ("--target", "digits", "--tokenizer", "bundled", *reasons)
            command("data", "pairs", str(folder / "train"), *given, "--out", str(folder / name))


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


def report(runs: dict[str, list[Record]], pairs: dict[str, Summary]) -> None:
    """Print the table, and keep it."""
    rows = []
    for name, measure, shown in measures():
        values = {model: np.array([measure(record) for record in records]) for model, records in runs.items()}
        cells = [shown(float(values[model].mean())) for model in runs]
        changes = [changed(values["before"], values[model], shown) for model in TRAINED]
        rows.append((name, *cells, *changes, changed(values["SFT"], values["DPO"], shown)))
    header = ("of a problem", *runs, *(f"{model} less before" for model in TRAINED), "DPO less SFT")
    notes = [
        f"{len(runs['before'])} problems of the test split, levels 0-7, temperature 1, thinking budget 2,048; the same "
        "seeds for all. Differences with paired 95 % bootstrap intervals over problems.",
        f"Pairs: {described(pairs['pairs'])}; endings alone: {described(pairs['endings'])}. Made of {TRAINING} "
        f"problems of the training split, {SAMPLES} runs each.",
        "All trained by `configs/train/preference.toml`, SFT without the preference. Its learning rate, passes "
        "and `sft_weight` were the best of six on 160 other problems of the training split, by DPO on all pairs.",
        f"Generated tokens by those before: {ratios(runs)}.",
        "A toy model that was edited to misbehave at random: what real models do may be harder to unlearn. Its "
        "readings are wrong at random, too, and pairs of right and wrong answers teach it to be more careful.",
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


def ratios(runs: dict[str, list[Record]]) -> str:
    """Generated tokens of the trained models by those before, each problem resampled in both."""
    texts = []
    old = np.array([record.trace.generated_tokens for record in runs["before"]], dtype=float)
    for name in TRAINED:
        new = np.array([record.trace.generated_tokens for record in runs[name]], dtype=float)
        means = resampled_means(np.stack([new, old], axis=1))
        interval = None if means is None else percentile_interval(means[:, 0] / means[:, 1])
        assert interval is not None
        texts.append(f"{name} {new.mean() / old.mean():.2f} ({interval.low:.2f} to {interval.high:.2f})")
    return "; ".join(texts)


def described(pairs: Summary) -> str:
    """The pairs by reason, in words."""
    counts = ", ".join(f"{part['pairs']} {part['reason']}" for part in pairs["parts"] if part["reason"] != "all")
    return f"{pairs['pairs']} of {pairs['problems']} problems ({counts})"


if __name__ == "__main__":
    main()
