"""Evaluation while training: a slice of a benchmark at every checkpoint, as ``s1m eval`` would run it.

The model is written as it stands, read back by the embedded engine on the first process, and removed; the others wait.
The run stays in ``eval/step-N``, where ``s1m report`` finds it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from s1m.benchmarks import find_benchmark
from s1m.evaluate.benchmark import run_pending
from s1m.evaluate.build import resolve
from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.store import RunStore, load_run
from s1m.files.settings import settings_from
from s1m.train.loop.callbacks import EVALUATED
from s1m.train.loop.processes import broadcast_from_main
from s1m.train.model.encoder import AnyEncoder
from s1m.train.save import save_model
from s1m.train.settings import TrainSettings
from s1m.types import Problem


class Evaluation(TrainerCallback):
    """Evaluates at every checkpoint but one that a signal caused, and logs the accuracy of every level."""

    def __init__(
        self, settings: TrainSettings, trainer: Any, place: str, encoder: AnyEncoder, console: Console
    ) -> None:
        """Loads the benchmark, so that one that cannot be loaded fails now and not at the first checkpoint."""
        self._settings = replace(settings, lora_merge=True)
        self._trainer = trainer
        self._place = place
        self._encoder = encoder
        self._console = console
        self._benchmark = find_benchmark(settings.eval_benchmark)
        self._problems: Sequence[Problem] = ()
        broadcast_from_main(self._load)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Evaluate the model as it has just been saved."""
        if control.should_training_stop and state.global_step < state.max_steps:
            return
        out = Path(self._settings.out) / "eval"
        folder = save_model(self._settings, self._trainer, self._place, self._encoder, out / "model")
        accuracies = broadcast_from_main(lambda: self._evaluate(folder, out / f"step-{state.global_step}"))
        self._trainer.log(accuracies)

    def _load(self) -> None:
        split = self._benchmark.splits[0]
        self._problems = self._benchmark.load(split=split, limit=self._settings.eval_limit, data=None)

    def _evaluate(self, model: Path, out: Path) -> dict[str, float]:
        """The fraction of right answers at each level, by the name it is logged under."""
        shutil.rmtree(out, ignore_errors=True)  # of the same step before the training was resumed
        settings = resolve(eval_settings(self._settings, model, out), self._benchmark)
        store = RunStore(settings)
        try:
            asyncio.run(run_pending(settings, self._benchmark, self._problems, store, self._console))
            records = load_run(out).records
        finally:
            store.close()
            shutil.rmtree(model)
        name = f"{EVALUATED}{settings.problems.benchmark}"
        return {
            f"{name} {level}": sum(record.verdicts[index].correct for record in records) / len(self._problems)
            for index, level in enumerate(settings.strategy.num_ignore)
        }


def eval_settings(settings: TrainSettings, model: Path, out: Path) -> EvalSettings:
    """What ``s1m eval`` would be asked for, with the delimiters that are trained."""
    values = {
        "benchmark": settings.eval_benchmark,
        "model": str(model),
        "limit": settings.eval_limit,
        "num_ignore": settings.eval_num_ignore,
        "thinking_open": settings.thinking_open,
        "thinking_close": settings.thinking_close,
        "out": str(out),
    }
    return settings_from(EvalSettings, values, "the evaluation of a training")
