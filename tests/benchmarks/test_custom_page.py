"""The page's way from a spreadsheet to a report works as it is written there."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from s1m.benchmarks import find_benchmark
from s1m.benchmarks.custom import Custom
from s1m.cli import main
from s1m.evaluate.store import load_run

PAGE = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8").partition("## Your own")[2]
BLOCKS = dict(re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    for number, problem in enumerate(find_benchmark("digits").load(split="test", limit=2, data=None), start=1):
        (tmp_path / "pictures" / f"{number}.png").write_bytes(problem.images[0])
    return tmp_path


def test_a_spreadsheet_becomes_a_report_in_one_command(folder: Path) -> None:
    (folder / "questions.csv").write_text(BLOCKS["text"])
    command = BLOCKS[""].split()
    assert main([*command[1:], "--num-ignore", "0", "--max-thinking-tokens", "64"]) == 0
    records = sorted(load_run(folder / "runs" / "custom").records, key=lambda record: record.id)
    assert [record.id for record in records] == ["1", "2", "3", "4"]
    kinds = [record.metadata["answer_type"] for record in records]
    assert kinds == ["integer", "choice", "yes_no", "integer"]
    assert records[0].metadata["topic"] == "sums"
    rows = [*csv.DictReader(BLOCKS["text"].splitlines())]
    assert [record.gold for record in records] == [row["answer"] for row in rows]
    assert "custom" in (folder / "runs" / "custom" / "report.html").read_text(encoding="utf-8")


def test_the_lines_of_the_page_are_questions(folder: Path) -> None:
    (folder / "mine.jsonl").write_text(BLOCKS["json"])
    first, second = Custom().load(split="all", limit=None, data="mine.jsonl")
    assert (first.id, first.gold, second.gold) == ("1", "14", "B")
