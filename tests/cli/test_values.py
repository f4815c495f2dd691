"""Numbers and paths that no computer can use: one line and exit code 2, for every flag and every key of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from s1m.cli import main
from s1m.cli.parser import Parser, build_parser
from s1m.data.curate.settings import CurateSettings
from s1m.data.distill.settings import DistillSettings
from s1m.errors import UsageError
from s1m.evaluate.settings import EvalSettings
from s1m.files.settings import Key, keys_of, read_toml, settings_from
from s1m.serve.settings import ServeSettings
from s1m.train.settings import TrainSettings

pytestmark = pytest.mark.usefixtures("unrendered_figures")

HUGE = "9" * 5000
NUMBERS = ("nan", "inf", "-inf", "1e999", HUGE, f"-{HUGE}", "1_0", "\u0664", "", "one")
PATHS = ("x" * 5000, "~no_such_user/x", "a\0b")
KINDS = (EvalSettings, DistillSettings, CurateSettings, TrainSettings, ServeSettings)


def verbs(parser: Parser) -> Iterator[Parser]:
    parser.fill()
    if not parser.verbs:
        yield parser
    for verb in parser.verbs.values():
        yield from verbs(verb)


def one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = int(stop.code or 0)
    error = capsys.readouterr().err
    assert code == 2, arguments
    assert error.count("\n") == 1, error
    assert len(error) < 1000
    return error


def flags_of(metavars: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (verb.prog.removeprefix("s1m "), action.option_strings[0])
        for verb in verbs(build_parser())
        for action in verb._actions
        if action.option_strings and action.metavar in metavars
    ]


@pytest.mark.parametrize(("verb", "flag"), flags_of(("N", "X")), ids="".join)
def test_no_numeric_flag_takes_what_is_not_a_number(verb: str, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = next(each for each in verbs(build_parser()) if each.prog == f"s1m {verb}")
    positional = [action for action in parser._actions if not action.option_strings and action.nargs in (None, "+")]
    needed = [str(next(iter(action.choices))) if action.choices else "x" for action in positional]
    for value in NUMBERS:
        assert flag in one_line([*verb.split(), *needed, f"{flag}={value}"], capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "PATH"],
        ["report", "run", "--out", "PATH"],
        ["compare", "PATH"],
        ["replay", "PATH", "--strategy", "vote", "--out", "out"],
        ["eval", "digits", "--out", "PATH"],
        ["eval", "custom", "--data", "PATH"],
        ["eval", "digits", "--config", "PATH"],
        ["demo", "--out", "PATH"],
        ["score", "digits", "PATH"],
        ["import", "digits", "PATH", "--out", "out"],
        ["train", "PATH"],
        ["data", "stats", "PATH"],
        ["data", "curate", "PATH"],
        ["data", "publish", "PATH", "--out", "out"],
        ["data", "generate", "digits", "--out", "PATH"],
    ],
    ids=" ".join,
)
def test_impossible_paths_are_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for path in PATHS:
        one_line([path if word == "PATH" else word for word in arguments], capsys)


def numeric_keys(kind: type) -> list[Key]:
    return [key for key in keys_of(kind).values() if any(name in str(key.hint) for name in ("int", "float"))]


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_takes_an_impossible_number(kind: type) -> None:
    for key in numeric_keys(kind):
        for value in (float("nan"), float("inf"), float("-inf"), int(HUGE[:4000]), -int(HUGE[:4000]), 2**63):
            with pytest.raises(UsageError, match=rf"x\.toml: {key.name}") as caught:
                settings_from(kind, {key.name: value}, "x.toml")
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 300


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_takes_text_without_end(kind: type) -> None:
    for name in keys_of(kind):
        for value in ("x" * 200_000, ["x" * 200_000], {"x": "\udcff"}):
            with pytest.raises(UsageError, match=rf"x\.toml: {name}") as caught:
                settings_from(kind, {name: value}, "x.toml")
            assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", [f"limit = {HUGE}", "a = " + "[" * 20_000, "limit = 0x" + "f" * 9000, "a.b.c = nan"])
def test_a_file_that_cannot_be_read_is_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        settings_from(EvalSettings, read_toml(tmp_path / "x.toml"), "x.toml")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("benchmark", ["digits", "longvision"])
def test_a_limit_is_never_a_size_to_allocate(benchmark: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", benchmark, "--limit", "1000000", "--num-ignore", "0", "--dry-run"]) == 0
    assert "1,000,000 problems" in capsys.readouterr().out
    assert "--limit is too large: 999,999,999,999" in one_line(["eval", benchmark, "--limit", "9" * 12], capsys)
