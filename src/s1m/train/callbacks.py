"""What happens beside the training: a log that people can read, and a stop that loses nothing."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from rich.console import Console
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

SHOWN = {
    "loss": "loss {:.4f}",
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

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        logs: Any = None,
        **_: Any,
    ) -> None:
        """Write both, on the first process only."""
        if not state.is_world_process_zero or "loss" not in logs:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": state.global_step, **logs}) + "\n")
        words = ", ".join(text.format(float(logs[name])) for name, text in SHOWN.items() if name in logs)
        self._console.print(f"step {state.global_step}/{state.max_steps}  {words}")


class Stop(TrainerCallback):
    """SIGTERM (as SLURM sends it) or Ctrl-C: finish the step, save a checkpoint, end. A second Ctrl-C ends at once."""

    def __init__(self) -> None:
        self.asked = False

    def watch(self) -> None:
        """Take over the signals, in the main thread; elsewhere nothing is watched."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._ask)
            signal.signal(signal.SIGINT, self._ask)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,  # noqa: ARG002
        control: TrainerControl,
        **_: Any,
    ) -> TrainerControl:
        """Every process stops at the same step as soon as one of them was asked to."""
        if args.world_size > 1:
            flag = torch.tensor(float(self.asked), device=args.device)
            torch.distributed.all_reduce(flag, torch.distributed.ReduceOp.MAX)
            self.asked = bool(flag)
        if self.asked:
            control.should_save = control.should_training_stop = True
        return control
