"""The folder of a training: its settings, its newest whole checkpoint, and whose it is.

settings.toml     what was asked for; going on with anything else is refused
log.jsonl         a line for every logged step
checkpoint-N/     the newest two
model/            the finished model
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from s1m.config import to_toml
from s1m.errors import DataError, UsageError
from s1m.train.settings import TrainSettings

NOT_CONTENT = frozenset(
    {"out", "workers", "log_every", "save_every", "loggers", "eval_benchmark", "eval_limit", "eval_num_ignore"}
)
"""Settings that change no weight, so that a training may go on with others."""

LAST_WRITTEN = "trainer_state.json"
"""The trainer writes it when everything else of a checkpoint is there."""


def claim(settings: TrainSettings) -> Path:
    """The folder, made and marked. Raises ``UsageError`` when it belongs to another training."""
    out = Path(settings.out)
    path = out / "settings.toml"
    text = to_toml(settings)
    wanted = tomllib.loads(text)
    try:
        if path.exists():
            standing = tomllib.loads(path.read_text(encoding="utf-8"))
            differing = sorted(
                name for name in {*standing, *wanted} - NOT_CONTENT if standing.get(name) != wanted.get(name)
            )
            if differing:
                raise UsageError(f"{out} is of a training with other {', '.join(differing)}; choose another --out")
        out.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path} is no TOML: {error}; remove it or choose another --out") from None
    return out


def newest_checkpoint(out: Path) -> Path | None:
    """The newest checkpoint that was written to its end."""
    whole = [path.parent for path in out.glob(f"checkpoint-*/{LAST_WRITTEN}")]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)
