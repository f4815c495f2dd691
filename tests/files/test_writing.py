"""Nothing is overwritten by accident, and nothing half-written stays."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from s1m.analysis.responses.score import score_file
from s1m.analysis.run.results import draw_report
from s1m.cli import main
from s1m.errors import DataError, UsageError
from s1m.evaluate.store import RunStore
from s1m.files.run_folder import claim, held, writing_folder
from s1m.files.writing import PAGE, VERDICTS, check_apart, check_output, replace_file, writing
from tests.evaluate.test_store import record, settings


def interrupted(_done: int) -> None:
    raise KeyboardInterrupt


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "page.html"
    replace_file(path, "old")
    with pytest.raises(KeyboardInterrupt), writing(path) as file:
        interrupted(file.write(b"half"))
    assert path.read_text() == "old"
    replace_file(path, "new \ud800")
    assert path.read_text() == "new ?"
    assert [entry.name for entry in path.parent.iterdir()] == ["page.html"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    replace_file(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_full_disk_is_one_line() -> None:
    with pytest.raises(DataError, match="cannot write /dev/full: No space left on device"):
        replace_file(Path("/dev/full"), "x" * 100)


@pytest.mark.parametrize("name", ["a" * 300, "x\0y", "file/page.html"])
def test_impossible_outputs_are_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot write"):
        replace_file(tmp_path / name, "page")


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    with writing_folder(folder) as partial:
        (partial / "weights").write_text("old")
    with pytest.raises(KeyboardInterrupt), writing_folder(folder) as partial:
        interrupted((partial / "weights").write_text("half"))
    assert (folder / "weights").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]
    with writing_folder(folder), pytest.raises(UsageError, match="in use"), writing_folder(folder):
        pass


def test_outputs_that_would_destroy_something_are_refused(tmp_path: Path) -> None:
    rows, notes, run = tmp_path / "rows.jsonl", tmp_path / "notes.txt", tmp_path / "run"
    rows.write_text('{"id": "1"}\n')
    notes.write_text("mine")
    claim(run, 'benchmark = "digits"\n', loose=frozenset(), work="run")
    (tmp_path / "link").symlink_to(rows)
    for path, kind in (
        (rows, VERDICTS),
        (tmp_path / "link", VERDICTS),
        (tmp_path / "run" / ".." / "rows.jsonl", VERDICTS),
    ):
        with pytest.raises(UsageError, match="is an input, which the file of verdicts would overwrite"):
            check_output(path, kind, inputs=(rows,))
    for path in (notes, rows):
        with pytest.raises(UsageError, match="exists and is not a page; remove it"):
            check_output(path, PAGE)
    with pytest.raises(UsageError, match="is a folder"):
        check_output(run, PAGE)
    for name in ("records.jsonl", "settings.toml", "summary.json", ".lock"):
        with pytest.raises(UsageError, match="is a file of a run"):
            check_output(run / name, PAGE)
    with pytest.raises(UsageError, match="cannot write"):
        check_output(tmp_path / ("a" * 5000), PAGE)


def test_own_outputs_are_replaced(tmp_path: Path) -> None:
    for name, content, kind in (
        ("page.html", "<!DOCTYPE html>\n<html>", PAGE),
        (
            "verdicts.jsonl",
            '{"id":"1","extraction":null,"prediction":null,"official":null,"strict":true,"rule":"x"}\n',
            VERDICTS,
        ),
        ("empty.html", "", PAGE),
    ):
        (tmp_path / name).write_text(content)
        check_output(tmp_path / name, kind)
    check_output(tmp_path / "new" / "page.html", PAGE)


def test_a_folder_that_is_read_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for out in (tmp_path / "in", tmp_path / "in" / "data", tmp_path / "in" / ".." / "in"):
        with pytest.raises(UsageError, match="is an input, or lies in one"):
            check_apart(out, [tmp_path / "in"])
    check_apart(tmp_path / "out", [tmp_path / "in", tmp_path / "absent"])


def score(responses: Path, out: str = "") -> int:
    return score_file("digits", responses, split="", data="", out=out, as_json=False)


def test_score_never_empties_its_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "responses.jsonl"
    path.write_text(json.dumps({"id": "test-0", "response": "7"}) + "\n")
    before = path.read_bytes()
    for out in (path, tmp_path / "." / "responses.jsonl"):
        with pytest.raises(UsageError, match="is an input"):
            score(path, str(out))
    os.link(path, tmp_path / "again.jsonl")
    with pytest.raises(UsageError, match="is an input"):
        score(path, str(tmp_path / "again.jsonl"))
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["", "\n\n", '{"id": "1", "response": null}\n', '{"id": "1"}\n'])
def test_score_refuses_a_file_without_a_response(tmp_path: Path, content: str) -> None:
    path = tmp_path / "responses.jsonl"
    path.write_text(content)
    with pytest.raises(UsageError, match="has no responses to score"):
        score(path, str(tmp_path / "out.jsonl"))
    assert not (tmp_path / "out.jsonl").exists()


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        store = RunStore(settings(folder, num_ignore=(0,)))
        store.add(record("k1"))
        store.close()
    return folders


def test_report_destroys_no_run(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in runs[0].iterdir()}
    for name in ("records.jsonl", "settings.toml", "summary.json"):
        with pytest.raises(UsageError, match=r"is a file of a run"):
            draw_report(runs[:1], str(runs[0] / name), as_json=False)
    assert {path: path.read_bytes() for path in runs[0].iterdir()} == before


def test_report_of_several_runs_is_written_to_the_current_folder(
    runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (runs[0] / "report.html").write_text("<!doctype html>mine")
    assert main(["report", *map(str, runs)]) == 0
    assert (runs[0] / "report.html").read_text() == "<!doctype html>mine"
    assert (tmp_path / "compare.html").read_bytes().startswith(b"<!")
    assert main(["report", *map(str, runs)]) == 0


def test_a_run_deleted_while_it_goes_on_is_noticed(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path / "run"))
    store.add(record("k1"))
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(DataError, match=r"records\.jsonl was deleted while it was written"):
        store.add(record("k2"))
    store.close()


def test_a_folder_is_locked_without_fcntl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import SimpleNamespace

    locked: list[int] = []
    monkeypatch.setitem(sys.modules, "fcntl", None)
    windows = SimpleNamespace(LK_NBLCK=2, locking=lambda descriptor, mode, size: locked.append(mode))
    monkeypatch.setitem(sys.modules, "msvcrt", windows)
    with held(tmp_path):
        assert locked == [2]
