"""Training on a GPU: packed against padded, a 32k-token example, and what must be equal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from gpu_checkpoints import Shape
from gpu_engine import Row, memory
from packing import ours, plain
from training_data import LONGEST, lengths, write_traces
from transformers import TrainerCallback

from s1m.benchmarks.digits import Digits
from s1m.datasets.source import Source
from s1m.engines.embedded import EmbeddedEngine
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.train.loop.trainer import without_default_log
from s1m.train.model.encoder import load_encoder
from s1m.train.run import train
from s1m.train.settings import TrainSettings
from s1m.types import Sampling

DENSE_BF16 = 989e12
"""Operations a second of an H100's or H200's tensor cores in bfloat16, by NVIDIA's data sheet."""


@dataclass(frozen=True, kw_only=True)
class Steps:
    """How much is trained."""

    traces: int
    longest: int
    """Tokens of a response; S1-M's spread is cut there."""
    pack_tokens: int
    long_tokens: int

    def lengths(self, seed: int) -> list[int]:
        """Tokens of the responses."""
        return [min(length, self.longest) for length in lengths(self.traces, random.Random(seed))]


MANY_STEPS = Steps(traces=40, longest=LONGEST, pack_tokens=8192, long_tokens=32_768)
FEW_STEPS = Steps(traces=24, longest=400, pack_tokens=1024, long_tokens=2048)


class Stopwatch(TrainerCallback):
    """When each step ended."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Note the time, when the GPU has done the step."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.ends.append(time.perf_counter())


class Counted:
    """A collator that counts the tokens of its batches, padding left out."""

    def __init__(self, collator: Any) -> None:
        self.collator = collator
        self.tokens: list[int] = []

    def __call__(self, rows: Any) -> Any:
        """The collator's batch."""
        batch = self.collator(rows)
        mask = batch.get("attention_mask")
        self.tokens.append(batch["input_ids"].numel() if mask is None else int(mask.sum()))
        return batch


def settings_of(folder: str, data: Path, out: Path, **changes: Any) -> TrainSettings:
    """Those of one epoch over the traces."""
    values: dict[str, Any] = {
        "model": folder, "data": (Source(path=str(data)),), "out": str(out), "epochs": 1.0, "max_tokens": 8192,
        "pack_tokens": 8192, "batch_size": 8, "learning_rate": 1e-6, "workers": 0, "forcing_targets": False,
        "log_every": 1000, "save_every": 10_000,
    }  # fmt: skip
    return TrainSettings(**values | changes)


@contextlib.contextmanager
def traces(folder: str, wanted: list[int]) -> Iterator[tuple[Path, Path]]:
    """A file of traces of these lengths and a folder to train in."""
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        tokenizer = load_encoder(settings_of(folder, place, place)).tokenizer
        yield write_traces(place, wanted, tokenizer, rng), place


def timed_epoch(trainer: Any) -> tuple[float, float]:
    """Tokens a second after the first step, and seconds a step."""
    watch, counted = Stopwatch(), Counted(trainer.data_collator)
    trainer.add_callback(watch)
    trainer.data_collator = counted
    without_default_log(trainer)
    trainer.train()
    seconds = watch.ends[-1] - watch.ends[0]
    steps = len(watch.ends)
    return sum(counted.tokens[1:steps]) / seconds, seconds / (steps - 1)


def operations_a_token(shape: Shape, lora: bool, wanted: list[int]) -> float:
    """Floating-point operations of forward and backward; activations computed again are not counted.

    Two a parameter forward, two backward for what flows on and two for the weights where these are trained, and causal
    attention: 4 x time x width forward over half the square, twice that backward.
    """
    squares = sum(length**2 for length in wanted) / sum(wanted)
    attention = 3 * 4 * shape.layers * shape.hidden * squares / 2
    return (4 if lora else 6) * shape.matrix_parameters + attention


def measure_training(
    shape: Shape, folder: str, steps: Steps, note: Callable[[Row], None], *, lora_rank: int | None
) -> None:
    """Rows of the table: TRL padded, grouped, packed, packed with liger's kernels, one long example."""
    name = f"{shape.name}, {'all weights' if lora_rank is None else f'LoRA of rank {lora_rank}'}"
    wanted = steps.lengths(seed=0)
    room = {"max_tokens": steps.pack_tokens, "pack_tokens": steps.pack_tokens}
    base = 0.0
    with traces(folder, wanted) as (data, place):
        arms: tuple[tuple[str, Callable[[TrainSettings], Any], dict[str, Any]], ...] = (
            ("TRL, padded, shuffled", plain, {"batch": "grouped"}),
            ("padded, grouped by length", ours, {"batch": "grouped"}),
            ("packed", ours, {"batch": "packed"}),
            ("packed, liger", ours, {"batch": "packed", "liger": True}),
        )
        for number, (arm, build, changes) in enumerate(arms if lora_rank is None else [*arms[:1], *arms[2:]]):
            settings = settings_of(folder, data, place / f"{number}", lora_rank=lora_rank, **room, **changes)
            with arm_of(name, arm, note):
                speed, seconds = timed_epoch(build(settings))
                base = base or speed
                used = speed * operations_a_token(shape, lora_rank is not None, wanted) / DENSE_BF16
                note(
                    (
                        name,
                        arm,
                        f"{speed:,.0f}",
                        f"{speed / base:.2f}x",
                        f"{used:.0%}",
                        memory(),
                        f"{seconds:.2f} s a step",
                    )
                )
    if lora_rank is None:
        return
    with traces(folder, [steps.long_tokens - 512] * 3) as (data, place), arm_of(name, "one long example", note):
        room = {"max_tokens": steps.long_tokens, "pack_tokens": steps.long_tokens}
        settings = settings_of(folder, data, place / "long", lora_rank=lora_rank, batch="packed", **room)
        speed, seconds = timed_epoch(ours(settings))
        used = speed * operations_a_token(shape, True, [steps.long_tokens]) / DENSE_BF16
        note((name, f"packed, an example of {steps.long_tokens:,} tokens a step", f"{speed:,.0f}", "", f"{used:.0%}",
              memory(), f"{seconds:.2f} s a step"))  # fmt: skip


@contextlib.contextmanager
def arm_of(name: str, arm: str, note: Callable[[Row], None]) -> Iterator[None]:
    """Measure from an empty GPU; an arm that does not fit or lacks a package is a row that says so."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        yield
    except (torch.cuda.OutOfMemoryError, ImportError, ValueError, RuntimeError) as error:
        note((name, arm, "-", "", "", memory(), f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"))


def mean_loss(trainer: Any) -> float:
    """Mean loss over all learned tokens of an epoch, as training computes it but without a gradient."""
    total, learned = 0.0, 0
    for batch in trainer.get_train_dataloader():
        learned += int((batch["labels"][:, 1:] != -100).sum())
        with torch.no_grad(), trainer.accelerator.autocast():
            total += float(trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=torch.tensor(1.0)))
    return total / learned


def measure_equalities(folder: str, steps: Steps, note: Callable[[Row], None]) -> None:
    """Rows of the table: packed and unpacked loss, resumed and uninterrupted training, GPU and CPU."""
    measure_digits(note)
    wanted = steps.lengths(seed=1)[:24]
    with traces(folder, wanted) as (data, place):
        means = {}
        for name, changes in {
            "packed": {"batch": "packed"},
            "padded in eights": {"batch": "grouped"},
            "padded in threes": {"batch": "grouped", "batch_size": 3},
        }.items():
            means[name] = mean_loss(ours(settings_of(folder, data, place / name, **changes)))
        packed, eights, threes = means.values()
        note(("mean loss of an epoch, packed and padded", f"{packed:.6f}", f"{eights:.6f}", f"{packed - eights:+.1e}",
              f"{eights - threes:+.1e} (padded in eights and in threes)"))  # fmt: skip
        few = {"batch": "packed", "pack_tokens": 8192, "epochs": 6, "max_steps": 6, "save_every": 3, "log_every": 1}
        whole = settings_of(folder, data, place / "whole", learning_rate=1e-4, **{**few, "max_steps": 6})
        first = losses(whole)
        (place / "whole" / "checkpoint-6" / "trainer_state.json").unlink()  # as if it had been killed while it saved
        resumed = losses(whole)
        again = losses(replace(whole, out=str(place / "again")))
        difference, noise = first[-1] - resumed[-1], f"{first[-1] - again[-1]:+.1e} (the same training twice)"
        what = "loss of step 6, uninterrupted and resumed after 3"
        note((what, f"{first[-1]:.6f}", f"{resumed[-1]:.6f}", f"{difference:+.1e}", noise))


def measure_digits(note: Callable[[Row], None]) -> None:
    """A row of the table: greedy sweeps of the bundled model, whose weights are float32, on GPU and CPU."""
    asked = Digits().load(split="test", limit=32, data=None)
    forced = Forcing(num_ignore=(0, 1, 2, 3), ignore_strings=("Wait,",), max_thinking_tokens=512, max_answer_tokens=16)

    async def answers(device: str) -> list[tuple[str, ...]]:
        engine = EmbeddedEngine(device=device)
        flows = [nested_sweep(forced, seed) for seed in range(len(asked))]
        greedy = Sampling(temperature=0.0)
        traces = await asyncio.gather(*(drive(f, p, engine, greedy) for f, p in zip(flows, asked, strict=True)))
        await engine.close()
        return [(*(s.text for s in trace.chains[0]), *(a.text for a in trace.answers)) for trace in traces]

    here, there = (asyncio.run(answers(device)) for device in ("cuda" if torch.cuda.is_available() else "cpu", "cpu"))
    equal = sum(left == right for left, right in zip(here, there, strict=True))
    note(("greedy sweeps of the bundled toy model, GPU and CPU", f"{len(here)}", f"{len(there)}",
          f"{equal} of {len(here)} are equal in every text", ""))  # fmt: skip


def losses(settings: TrainSettings) -> list[float]:
    """Train to the end; the loss of every step."""
    if code := train(settings):
        raise SystemExit(code)
    gc.collect()
    lines = (Path(settings.out) / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [line["loss"] for line in map(json.loads, lines) if "loss" in line]
