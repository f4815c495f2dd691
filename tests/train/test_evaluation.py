"""At every checkpoint the model is evaluated as it stands, and loggers get what the log gets."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from s1m.errors import UsageError
from s1m.evaluate.store import load_run
from s1m.train.run import train
from tests.train.runs import losses, short

pytestmark = pytest.mark.usefixtures("unrendered_figures")


def test_accuracies_go_to_the_log_and_to_tensorboard(tmp_path: Path) -> None:
    out = tmp_path / "out"
    wanted = short(
        out, max_steps=2, save_every=1, eval_benchmark="digits", eval_limit=4, eval_num_ignore=(0, 1),
        loggers=("tensorboard",),
    )  # fmt: skip
    assert train(wanted) == 0
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    evaluated = [line for line in lines if "eval/digits 0" in line]
    assert [line["step"] for line in evaluated] == [1, 2]
    for line in evaluated:
        run = load_run(out / "eval" / f"step-{line['step']}")
        assert len(run.records) == 4
        for place in (0, 1):
            right = sum(record.verdicts[place].correct for record in run.records)
            assert line[f"eval/digits {place}"] == right / 4
    assert not (out / "eval" / "model").exists()
    assert len(losses(out)) == 2
    assert logged(out / "runs") >= {"train/loss", "train/eval/digits 0", "train/eval/digits 1"}


def logged(folder: Path) -> set[str]:
    """The names of what tensorboard has."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (run,) = [path for path in folder.iterdir() if path.is_dir()]
    events = EventAccumulator(str(run))
    events.Reload()
    return set(events.Tags()["scalars"])


def test_an_unknown_benchmark_is_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no benchmark 'digit'; did you mean digits\?"):
        train(short(tmp_path / "out", eval_benchmark="digit"))
    assert not (tmp_path / "out" / "log.jsonl").exists()


@pytest.mark.skipif(importlib.util.find_spec("trackio") is not None, reason="trackio is installed here")
def test_a_logger_that_is_not_installed_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="loggers: trackio is not installed: pip install trackio"):
        train(short(tmp_path / "out", loggers=("trackio",)))
