"""Settings of training go to a file and come back; flags have the spellings of the other verbs."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from s1m.cli.parser import build_parser
from s1m.datasets.source import Source
from s1m.files.settings import to_toml
from s1m.train.settings import TrainSettings, train_settings

GIVEN: dict[str, Any] = {"model": "tiny", "out": "out", "data": [{"path": "digits", "rows": 10}, {"path": "a.parquet"}]}


def test_settings_come_back_from_their_file() -> None:
    settings = train_settings({**GIVEN, "freeze": ["vision"], "lora_rank": 8})
    assert settings.data == (Source(path="digits", rows=10), Source(path="a.parquet"))
    assert train_settings(tomllib.loads(to_toml(settings))) == settings


def test_levels_and_ignore_strings_have_the_spellings_of_eval() -> None:
    settings = train_settings({**GIVEN, "eval_num_ignore": "0-2,5", "ignore_strings": "s1"})
    assert settings.eval_num_ignore == (0, 1, 2, 5)
    assert settings.ignore_strings == ("Wait,",)


def test_switches_go_both_ways_and_lists_are_lists() -> None:
    flags = build_parser().parse_args(
        ["train", "my.toml", "--no-lora-merge", "--liger", "--freeze", "vision", "merger", "--check"]
    )
    assert (flags.config, flags.lora_merge, flags.liger, flags.check) == ("my.toml", False, True, True)
    assert flags.freeze == ["vision", "merger"]
    assert not hasattr(flags, "seed")


@pytest.mark.parametrize(("flag", "shown"), [("--eval-num-ignore", "0,2"), ("--lora-merge", "yes"), ("--out", "")])
def test_help_shows_defaults_as_they_are_written(flag: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["train", "--help"])
    text = " ".join(capsys.readouterr().out.split("options:")[1].split())
    entry = text.split(f"{flag} ")[1] if flag != "--lora-merge" else text.split("--no-lora-merge")[1]
    entry = entry.split(" --")[0]
    assert (f"Default: {shown}." in entry) == bool(shown)
    assert TrainSettings.__name__ not in entry
    assert "MISSING" not in entry
