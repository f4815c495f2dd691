"""Trainings of a few steps, in this process or as others would start them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from s1m.datasets.source import Source
from s1m.files.settings import to_toml
from s1m.train.run import train
from s1m.train.settings import TrainSettings

ROWS = 8
SHARDED = Path(__file__).with_name("sharded.py")


def short(out: Path, rows: int = ROWS, **changes: Any) -> TrainSettings:
    """Six steps over the same eight traces, the bundled model, float32, a line of the log for every step."""
    few: dict[str, Any] = {
        "model": "bundled",
        "data": (Source(path="digits", rows=rows),),
        "max_tokens": 1024,
        "pack_tokens": 8192,
        "epochs": 6,
        "learning_rate": 1e-3,
        "precision": "fp32",
        "gradient_checkpointing": False,
        "workers": 0,
        "log_every": 1,
        "save_every": 100,
    }
    return TrainSettings(out=str(out), **few | changes)


def losses(out: Path) -> list[float]:
    """The loss of every step, as the log has them."""
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    lines = [line for line in lines if "loss" in line]
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1)), "a step is missing or there twice"
    return [line["loss"] for line in lines]


def trained(settings: TrainSettings) -> list[float]:
    """Train to the end in this process; the losses."""
    assert train(settings) == 0
    return losses(Path(settings.out))


def command(settings: TrainSettings) -> list[str]:
    """The arguments of ``s1m`` for these settings, which are written beside their folder."""
    path = Path(settings.out).with_suffix(".toml")
    path.write_text(to_toml(settings))
    return ["train", str(path)]


def start(settings: TrainSettings, **variables: str) -> subprocess.Popen[str]:
    """Start ``s1m train`` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "s1m.cli", *command(settings)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def spread(settings: TrainSettings, *program: str, **variables: str) -> str:
    """Train in two processes; what they said. ``program`` is started in place of ``s1m``."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, *(program or ("-m", "s1m.cli")), *command(settings)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr
