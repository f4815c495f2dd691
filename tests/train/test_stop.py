"""A training that is stopped, or that the disk stops, goes on as if nothing had happened."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from s1m.errors import UsageError
from s1m.files.run_folder import held
from s1m.train.folder import claim, newest_checkpoint
from s1m.train.run import train
from tests.train.runs import command, losses, short, start, trained

CLOSE = 1e-4
STEPS = 12
MANY = {"rows": 16, "max_tokens": 200, "pack_tokens": 600, "epochs": 20, "max_steps": STEPS}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    return trained(short(tmp_path_factory.mktemp("undisturbed") / "out", **MANY))


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_and_the_same_command_goes_on(
    how: signal.Signals, code: int, tmp_path: Path, undisturbed: list[float]
) -> None:
    settings = short(tmp_path / "out", **MANY)
    out, process = Path(settings.out), start(settings)
    while process.poll() is None and not (out / "log.jsonl").exists():
        time.sleep(0.01)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    done = len(losses(out))
    assert 0 < done < STEPS
    assert f"stopped after step {done}; re-run the command to resume" in said
    assert newest_checkpoint(out) == out / f"checkpoint-{done}"
    assert trained(settings) == pytest.approx(undisturbed, abs=CLOSE)


def test_a_checkpoint_in_the_middle_a_torn_one_and_steps_that_were_lost(
    tmp_path: Path, undisturbed: list[float]
) -> None:
    settings = short(tmp_path / "out", **MANY, save_every=8)
    out = Path(settings.out)
    assert trained(settings) == pytest.approx(undisturbed, abs=CLOSE)
    (out / "checkpoint-12" / "trainer_state.json").write_text('{"global_step": 3')  # as after a crash while it saved
    assert newest_checkpoint(out) == out / "checkpoint-8"
    assert trained(settings) == pytest.approx(undisturbed, abs=CLOSE)
    (out / "checkpoint-12" / "trainer_state.json").unlink()
    assert newest_checkpoint(out) == out / "checkpoint-8"


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    """No file may grow beyond a megabyte, as though the disk were full; the weights are five."""
    settings = short(tmp_path / "out", max_steps=1, epochs=1)
    limited = subprocess.run(
        [sys.executable, "-m", "s1m.cli", *command(settings)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20)),
    )
    assert limited.returncode == 1, limited.stderr
    last = limited.stderr.splitlines()[-1]
    assert last.startswith("s1m: cannot write"), limited.stderr
    assert "make room and re-run the command" in last
    assert "Traceback" not in limited.stderr
    assert not list(Path(settings.out).glob("checkpoint-*"))
    assert trained(settings)


def test_two_trainings_at_once_in_one_folder_are_refused(tmp_path: Path) -> None:
    settings = short(tmp_path / "out")
    with held(claim(settings)), pytest.raises(UsageError, match="is in use by another process"):
        train(settings)


def test_another_training_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "settings.toml").write_text(json.dumps(0.5).join(["learning_rate = ", "\n"]))
    with pytest.raises(UsageError, match=r"holds a training with other .*learning_rate .*; choose another --out"):
        train(short(out))
