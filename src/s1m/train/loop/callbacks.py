"""Callbacks of the trainer: a readable log, and a stop on a signal that loses nothing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from rich.console import Console
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from s1m.files.json_lines import append, encode_lines, open_for_append, read_lines
from s1m.files.writing import replace_file

EVALUATED = "eval/"
"""Prefix of the names under which the accuracies of an evaluation are logged."""

SHOWN = {
    "loss": "loss {:.4f}",
    "rewards/accuracies": "preferred {:.1%}",
    "rewards/margins": "margin {:.2f}",
    "mean_token_accuracy": "right {:.1%}",
    "learning_rate": "rate {:.2e}",
    "grad_norm": "gradient {:.2f}",
    "tokens_per_second": "{:,.0f} tokens/s",
    "memory_gb": "{:.1f} GB",
}


class Log(TrainerCallback):
    """A line on the console and a line of JSON in ``log.jsonl`` for everything that is logged."""

    def __init__(self, console: Console, path: Path) -> None:
        self._console = console
        self._path = path

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Remove the steps after the checkpoint that training resumes from: they are done, and logged, again."""
        if state.is_world_process_zero and self._path.exists():
            kept = [line for line in read_lines(self._path, dict[str, Any]) if line["step"] <= state.global_step]
            replace_file(self._path, encode_lines(kept))

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **_: Any
    ) -> None:
        """Write both, on the first process only."""
        if not state.is_world_process_zero or "train_runtime" in logs:
            return
        with open_for_append(self._path) as file:
            append(file, {"step": state.global_step, **logs})
        words = ", ".join(text.format(float(logs[name])) for name, text in SHOWN.items() if name in logs)
        accuracies = ", ".join(f"{name} {value:.1%}" for name, value in logs.items() if name.startswith(EVALUATED))
        self._console.print(f"step {state.global_step}/{state.max_steps}  {words}{accuracies}")


class Stop(TrainerCallback):
    """SIGTERM (as SLURM sends it) or Ctrl-C: finish the step, save a checkpoint, end. A second Ctrl-C ends at once."""

    def __init__(self) -> None:
        self.asked = 0
        """The signal that arrived, 0 without one."""

    @property
    def exit_code(self) -> int:
        """Exit code after a signal, as shells have it: 143 for SIGTERM, 130 for Ctrl-C."""
        return 128 + self.asked

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Handle the signals while training, in the main thread; Python allows it in no other."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = number

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """Every process stops at the same step as soon as one of them got a signal."""
        if args.world_size > 1:
            asked = torch.tensor(self.asked, device=args.device)
            torch.distributed.all_reduce(asked, torch.distributed.ReduceOp.MAX)
            self.asked = int(asked)
        if self.asked:
            control.should_save = control.should_training_stop = True
        return control
