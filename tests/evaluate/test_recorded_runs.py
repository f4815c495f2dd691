"""Run folders written by an earlier layout of the code are read, replayed and resumed by this one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from s1m.cli import main

pytestmark = pytest.mark.usefixtures("unrendered_figures")

RECORDED = Path(__file__).parent.parent / "data_runs"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Copies of the recorded folders, to be written into."""
    shutil.copytree(RECORDED, tmp_path, dirs_exist_ok=True)
    return tmp_path


def records(run: Path) -> list[dict[str, Any]]:
    """Every record of a run without its clock, by key."""
    lines = (json.loads(line) for line in (run / "records.jsonl").read_text(encoding="utf-8").splitlines())
    later = {"sample", "usage", "cost"}  # what records of earlier versions do not have
    kept = ({key: value for key, value in record.items() if key not in later} for record in lines)
    clockless = ({**record, "started": 0, "seconds": 0} for record in kept)
    return sorted(clockless, key=lambda record: str(record["key"]))


@pytest.mark.parametrize("name", ["sequential", "hybrid"])
def test_report_finds_the_recorded_values(runs: Path, name: str) -> None:
    recorded = json.loads((runs / name / "summary.json").read_text(encoding="utf-8"))
    assert main(["report", str(runs / name)]) == 0
    read = json.loads((runs / name / "summary.json").read_text(encoding="utf-8"))
    del recorded["axis"]  # in words, which may change
    assert {key: read[key] for key in recorded} == recorded
    assert (runs / name / "report.html").stat().st_size > 10_000


def test_compare_reads_both(runs: Path) -> None:
    page = runs / "page.html"
    assert main(["compare", str(runs / "sequential"), str(runs / "hybrid"), "--out", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "sequential" in text
    assert "hybrid" in text


def test_replay_reads_every_recorded_chain(runs: Path) -> None:
    assert (
        main(["replay", str(runs / "hybrid"), "--strategy", "vote", "--levels", "1-3", "--out", str(runs / "vote")])
        == 0
    )
    assert [len(record["trace"]["chains"]) for record in records(runs / "vote")] == [3, 3, 3, 3]


def test_a_torn_recorded_run_resumes_to_the_same_records(runs: Path) -> None:
    run = runs / "sequential"
    whole = records(run)
    lines = (run / "records.jsonl").read_bytes().splitlines(keepends=True)
    (run / "records.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:50])
    assert main(["eval", "digits", "--limit", "6", "--num-ignore", "0-3", "--out", str(run)]) == 0
    assert records(run) == whole


def test_recorded_runs_name_no_folder_of_the_machine_that_made_them() -> None:
    for file in RECORDED.rglob("*.*"):
        assert '"/' not in file.read_text(encoding="utf-8"), file
