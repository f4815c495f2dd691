from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from s1m.analysis.display.formats import duration, p_value, points, setting_text
from s1m.analysis.run.sentences import headline, model_name
from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.table import print_table
from s1m.evaluate.store import Run
from tests.analysis.made_runs import made_record, made_run, sampled_run, voted_record


def printed(run: Run, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_table(summarize(run), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_fits_a_terminal_of_80_columns() -> None:
    lines = printed(sampled_run(50)).splitlines()
    assert lines[0].strip() == "digits · tiny · 50 problems"
    assert lines[1].strip() == "sequential, nested sweep; level: ignored stops (num_ignore)"
    assert lines[2].split() == ["level", "accuracy", "95", "%", "gain", "paired", "95", "%", *lines[2].split()[8:]]
    assert [line.split()[0] for line in lines[3:7]] == ["0", "1", "2", "3"]
    assert "of independent runs" in " ".join(" ".join(lines).split())


def test_the_table_shows_what_was_lost_and_what_failed() -> None:
    lost = made_record(0, correct=[False], thinking=[9], stops=["eos"], predictions=[None])
    text = printed(made_run([lost], failed=2))
    row = text.splitlines()[3].split()
    assert row[-1] == "1"
    assert row[-3:-1] == ["100.0", "%"]
    assert "2 problems failed and are pending; re-run the command to resume." in text


@pytest.mark.parametrize(
    ("failed", "line"),
    [
        (0, "digits · tiny · 0 problems: No problem of this run is finished yet; re-run its command to resume."),
        (1, "digits · tiny · 0 problems: 1 problem failed and is pending; re-run the command to resume."),
    ],
)
def test_a_run_without_records_is_one_line(failed: int, line: str) -> None:
    assert printed(made_run([], failed=failed)) == line + "\n"


def test_markup_in_names_is_printed_as_it_is() -> None:
    run = made_run(sampled_run(3).records, settings={"benchmark": "[red]digits[/red]", "model": "[bold]m"})
    assert "[red]digits[/red] · [bold]m" in printed(run)


def test_an_independent_sweep_claims_no_saving() -> None:
    assert "independent runs" not in printed(made_run(sampled_run(3).records, settings={"sweep": "independent"}))


def test_a_vote_is_described_by_its_own_axis() -> None:
    run = made_run([voted_record(i, ["12", "11", "11", "11"]) for i in range(9)], settings={"strategy": "vote"})
    text = printed(run)
    assert "vote; level: chains that vote" in text
    assert "independent runs" not in text
    said = headline(summarize(run))
    assert said.startswith("Level 4 instead of 1 (chains that vote) raises accuracy from 0.0 % to 100.0 %")


@pytest.mark.parametrize(
    ("correct", "says"),
    [
        ([[False, True]] * 20, "Ignoring 1 stop raises accuracy from 0.0 % to 100.0 % (+100.0 points"),
        ([[False, True]] + [[True, True]] * 20, "No clear change: accuracy goes from 95.2 % to 100.0 %"),
        ([[True, False]] * 20, "No level beats the first: 100.0 % of 20 problems right."),
    ],
)
def test_the_headline_claims_only_what_the_interval_supports(correct: Sequence[Sequence[bool]], says: str) -> None:
    records = [made_record(i, correct=row, thinking=[5, 5]) for i, row in enumerate(correct)]
    assert headline(summarize(made_run(records))).startswith(says)


@pytest.mark.parametrize(
    ("model", "engine", "name"),
    [
        ("Qwen/Qwen2-VL-7B", "http", "Qwen2-VL-7B"),
        ("models/tiny/", "embedded", "tiny"),
        ("", "embedded", "bundled model"),
        ("", "http", "the server's model"),
    ],
)
def test_models_have_a_short_name(model: str, engine: str, name: str) -> None:
    assert model_name(summarize(made_run([], settings={"model": model, "engine": engine}))) == name


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (duration(4.21), "4.2 s"),
        (duration(59.7), "1 min 0 s"),
        (duration(59.2), "59 s"),
        (duration(725), "12 min 5 s"),
        (duration(12_000), "3 h 20 min"),
        (points(-0.0231), "\N{MINUS SIGN}2.3"),
        (points(-0.0001), "0.0"),
        (points(None), "\N{EN DASH}"),
        (p_value(0.0412), "0.041"),
        (p_value(1e-9), "< 0.001"),
        (p_value(None), "\N{EN DASH}"),
    ],
)
def test_numbers_have_one_format(said: str, expected: str) -> None:
    assert said == expected


@pytest.mark.parametrize(("value", "text"), [([0, 1], "0, 1"), (True, "yes"), (0.6, "0.6"), ("x", "x")])
def test_settings_have_one_format(value: Any, text: str) -> None:
    assert setting_text(value) == text
