"""What happens before the first step: a check trains nothing, and whoever waits sees why."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from s1m.files import progress
from s1m.files.progress import counted
from s1m.train.model.encoder import load_encoder
from s1m.train.model.eyes import train_vision
from s1m.train.model.load import make_tiny
from s1m.train.model.untrained import build_untrained
from s1m.train.run import check
from tests.train.runs import short, trained
from tests.train.sets import examples_of


@pytest.mark.parametrize("model", ["tiny", "tiny-untrained"])
def test_a_check_of_a_tiny_model_builds_and_trains_nothing(model: str, tmp_path: Path) -> None:
    settings = replace(short(tmp_path / "out"), model=model)
    assert check(settings) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {"settings.toml", "rejects.jsonl"}


def test_a_check_measures_with_the_tokenizer_of_the_training(tmp_path: Path) -> None:
    settings = replace(short(tmp_path / "out"), model="tiny-untrained")
    checked = load_encoder(settings)
    make_tiny(settings, Console(quiet=True))
    trained_with = load_encoder(replace(settings, model=str(tmp_path / "out" / "tiny-untrained")))
    for example in examples_of(settings):
        assert checked.encode(example).ids == trained_with.encode(example).ids


def test_training_the_vision_tower_shows_its_loss(tmp_path: Path) -> None:
    build_untrained(tmp_path / "model")
    shown = io.StringIO()
    train_vision(tmp_path / "model", 0, Console(file=shown, width=200), steps=2)
    assert shown.getvalue().splitlines()[0].endswith("to name digits: 2 steps")
    assert "vision step 1/2  loss 2." in shown.getvalue()


def test_the_first_step_has_a_line_whatever_log_every_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    losses = trained(short(tmp_path / "out", max_steps=2, log_every=50))
    assert len(losses) == 1
    lines = (tmp_path / "out" / "log.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["step"] == 1
    assert "step 1/2  loss" in capsys.readouterr().err


def test_long_work_without_a_terminal_writes_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    shown = io.StringIO()
    with counted(Console(file=shown, width=200), "looking at rows", 2000) as advance:
        advance(1500)
        advance(1500)
    assert shown.getvalue().splitlines() == ["looking at rows: 1,500 of 2,000", "looking at rows: 2,000 of 2,000"]
