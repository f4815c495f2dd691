"""The folder of a training: its settings, its newest complete checkpoint, and which training it belongs to.

settings.toml     the settings; resuming with others is refused
log.jsonl         a line for every logged step and every evaluation
rejects.jsonl     examples that are not trained on, with reasons
checkpoint-N/     the newest two
eval/step-N/      the evaluation after that step, a run folder
runs/             for tensorboard, where the settings want it
model/            the finished model
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from s1m.errors import DataError
from s1m.files import run_folder
from s1m.files.decoding import read_json
from s1m.files.settings import to_toml
from s1m.train.settings import TrainSettings

NOT_CONTENT = frozenset(
    {"out", "workers", "log_every", "save_every", "loggers", "eval_benchmark", "eval_limit", "eval_num_ignore"}
    | {"family"}  # what it finds is in thinking_open and thinking_close
)
"""Settings that change no weight, so that a training may be resumed with other values."""

LAST_WRITTEN = "trainer_state.json"
"""The trainer writes it last: a checkpoint that has it is complete."""


def claim(settings: TrainSettings) -> Path:
    """The folder, made and marked. Raises ``UsageError`` when it belongs to another training."""
    return run_folder.claim(Path(settings.out), to_toml(settings), loose=NOT_CONTENT, work="training")


def newest_checkpoint(out: Path) -> Path | None:
    """The newest checkpoint that was written to its end."""
    return max(filter(is_whole, out.glob("checkpoint-*")), key=step_of, default=None)


def is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint was written to its end."""
    with suppress(DataError):
        return bool(read_json(checkpoint / LAST_WRITTEN, dict[str, Any]))
    return False


def step_of(checkpoint: Path) -> int:
    """The step after which a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Raise one ``DataError`` for whatever error of a full disk the libraries raise, and remove the folder."""
    try:
        yield
    except Exception as error:
        reason = _why_not(error)
        if reason is None:
            raise
        shutil.rmtree(folder, ignore_errors=True)
        raise DataError(
            f"cannot write {folder}: {reason}; make room and re-run the command to resume from the newest checkpoint"
        ) from error


def _why_not(error: Exception) -> str | None:
    """Why the disk refused, in the words of each library; None for an error that is not about the disk."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    said = str(error).splitlines()[0] if str(error) else ""
    is_torch = isinstance(error, RuntimeError) and ("inline_container" in said or "PytorchStreamWriter" in said)
    return said if is_torch or type(error).__name__ == "SafetensorError" else None
