"""Measures over a problem's parts, against numbers worked out by hand, and where they are shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from s1m.analysis.run.report import render_report
from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import summary_json
from s1m.analysis.run.table import print_table
from s1m.benchmarks.dynamath import DynaMath
from s1m.benchmarks.measured import Judged
from s1m.benchmarks.wemath import WeMath
from s1m.cli import main
from tests.analysis.made_runs import made_record, made_run
from tests.benchmarks.data import write
from tests.benchmarks.sample_rows import ROWS


def steps(problem: str, right: str) -> list[Judged]:
    """A We-Math problem from marks such as "TF T": the steps, then the whole; "-" is missing."""
    marks = right.replace(" ", "")
    count = len(marks) - 1
    keys = [f"{count}steps_{step}" for step in (*range(1, count + 1), "multi")]
    return [
        ({"problem": problem, "key": key}, mark == "T") for key, mark in zip(keys, marks, strict=True) if mark != "-"
    ]


TWO = {"a": "TT T", "b": "TF T", "c": "FF T", "d": "TT F", "e": "TF F"}
THREE = {"f": "TTT T", "g": "FFF T", "h": "TTF F", "i": "TTT F"}
WEMATH = [part for problem, right in (TWO | THREE).items() for part in steps(problem, right)]


def test_wemath_by_hand() -> None:
    measured = WeMath().measures(WEMATH[::-1] + steps("j", "TT -") + steps("k", "-FT T"))
    assert (measured.groups, measured.incomplete) == (9, 2)
    assert measured.shares == {
        "S1": pytest.approx(14 / 22),  # a 2, b 1, d 2, e 1 of ten; f 3, h 2, i 3 of twelve
        "S2": 3 / 5,  # a, b, c
        "S3": 2 / 4,  # f, g
        "IK": pytest.approx(2 / 9),  # e, h
        "IG": pytest.approx(2 / 9),  # d, i
        "CM strict": pytest.approx(2 / 9),  # a, f
        "RM strict": pytest.approx(3 / 9),  # b, c, g
        "RM rate strict": 3 / 5,
        "score strict": pytest.approx((9 - 0.5 * 2 - 3 - 2) / 9),
        "CM loose": pytest.approx(3 / 9),  # a, b, f
        "RM loose": pytest.approx(2 / 9),  # c, g
        "RM rate loose": 2 / 5,
        "score loose": pytest.approx((9 - 0.5 * 2 - 2 - 2) / 9),
    }


def test_wemath_without_a_right_or_a_complete_problem() -> None:
    wrong = WeMath().measures(steps("e", "FF F"))
    assert (wrong.shares["RM rate strict"], wrong.shares["S3"], wrong.shares["score strict"]) == (None, None, 0.0)
    assert WeMath().measures(steps("j", "TT -")).shares == {}
    assert WeMath().measures([]).groups == 0


def variants(question: str, right: int, of: int = 10) -> list[Judged]:
    return [({"question": question, "variant": str(number)}, number <= right) for number in range(1, of + 1)]


def test_dynamath_by_hand() -> None:
    judged = variants("1", 10) + variants("2", 9) + variants("3", 0) + variants("4", 10) + variants("5", 9, of=9)
    measured = DynaMath().measures(judged)
    assert (measured.groups, measured.incomplete) == (4, 1)
    assert measured.shares == {
        "average": 29 / 40,
        "worst case": 2 / 4,
        "robustness": pytest.approx((2 / 4) / (29 / 40)),
    }
    assert DynaMath().measures(variants("3", 0)).shares == {"average": 0.0, "worst case": 0.0, "robustness": None}
    assert DynaMath().measures(variants("1", 1, of=1)).shares == {}


def test_score_shows_both_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = ROWS["wemath"][2][0]
    parts = [("2steps_1", key) for key in ("2steps_1", "2steps_2", "2steps_multi")] + [("2steps_2", "2steps_1")]
    write(tmp_path / ROWS["wemath"][1], [row | {"ID": problem, "key": key} for problem, key in parts])
    # The official scorer reads the first letter after "Answer", which no strict reader accepts.
    answers = ["<Answer>: B", "<Answer>: B", "Answer: Because I cannot tell", "<Answer>: B"]
    lines = [
        {"id": " ".join(part), "response": answer} for part, answer in zip(parts, answers, strict=True)
    ]  # fmt: skip
    responses = tmp_path / "responses.jsonl"
    responses.write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = ["score", "wemath", str(responses), "--data", str(tmp_path)]
    assert main([*command, "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)["measures"]
    assert (measured["strict"]["groups"], measured["strict"]["incomplete"]) == (1, 1)
    assert (measured["strict"]["shares"]["IG"], measured["official"]["shares"]["IG"]) == (1.0, 0.0)
    assert measured["official"]["shares"]["CM strict"] == 1.0
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert ["score", "strict", "50.0", "%", "100.0", "%"] in [line.split() for line in shown.splitlines()]
    assert "complete groups of problems: 1; incomplete and left out: 1." in shown


def test_a_run_shows_first_and_last_level() -> None:
    records = [
        replace(made_record(number, correct=[right, True], thinking=[5, 5]), metadata=metadata)
        for number, (metadata, right) in enumerate(WEMATH)
    ]
    run = made_run(records, settings={"benchmark": "wemath"})
    summary = summarize(run)
    measures = summary_json(summary)["measures"]
    assert isinstance(measures, dict)
    assert (measures["groups"], measures["incomplete"]) == (9, 0)
    assert {"name": "CM strict", "first": 0.222222, "last": 1.0} in measures["values"]
    console = Console(record=True, width=300)
    print_table(summary, console)
    assert "score strict 33.3 % → 100.0 %" in console.export_text()
    page = render_report([run])
    assert "Measures of wemath" in page
    assert '<th scope="row">RM rate loose</th><td>40.0 %</td><td>0.0 %</td>' in page
    assert "Measures of" not in render_report([made_run(records)])
