"""A training takes its delimiters from the model it starts from, unless they are given; a resumed one keeps its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s1m.errors import UsageError
from s1m.train.family import with_family
from s1m.train.folder import claim
from s1m.train.settings import TrainSettings, train_settings
from tests.thinking_checkpoints import KINDS

CHANNELS = ("<|channel>thought", "<channel|>")


def model(folder: Path, name: str = "channels") -> str:
    folder.mkdir(exist_ok=True)
    (folder / "chat_template.jinja").write_text(KINDS[name].template, encoding="utf-8")
    return str(folder)


def settings(out: Path, **values: Any) -> TrainSettings:
    return train_settings({"data": [{"path": "digits"}], "out": str(out), **values})


def pair(result: TrainSettings) -> tuple[str, str]:
    return result.thinking_open, result.thinking_close


def test_delimiters_are_those_of_the_models_template(tmp_path: Path) -> None:
    result, said = with_family(settings(tmp_path / "out", model=model(tmp_path / "m")))
    assert pair(result) == CHANNELS
    assert said.startswith('thinking stands between "<|channel>thought" and "<channel|>", from chat_template.jinja')
    for name in ("bundled", "tiny", str(tmp_path / "none"), model(tmp_path / "m", "opens a line")):
        assert with_family(same := settings(tmp_path / "out", model=name)) == (same, "")


def test_what_is_given_wins(tmp_path: Path) -> None:
    name = model(tmp_path / "m")
    given, said = with_family(settings(tmp_path / "out", model=name, thinking_close="</think>"))
    assert (pair(given), said) == (("<think>", "</think>"), "")
    named, _ = with_family(settings(tmp_path / "out", model=name, family="kimi-vl"))
    assert pair(named) == ("◁think▷", "◁/think▷")
    with pytest.raises(UsageError, match="there is no family 'kimi'; did you mean kimi-vl"):
        settings(tmp_path / "out", model=name, family="kimi")


def test_a_training_that_is_resumed_keeps_its_delimiters(tmp_path: Path) -> None:
    asked = settings(tmp_path / "out", model=model(tmp_path / "m"))
    claim(asked)  # begun by a version that read no template
    resumed, said = with_family(asked)
    assert (resumed, said) == (asked, "")
    claim(resumed)
