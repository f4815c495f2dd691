"""s1m export: files that the programs which they are for open, and that s1m score gives the run's own verdicts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from s1m.cli import main
from s1m.evaluate.store import load_run

RUN = Path(__file__).parents[2] / "data_runs" / "sequential"
RECORDS = load_run(RUN).records
LEVELS = [0, 1, 2, 3]


def exported(folder: Path, to: str, name: str, *flags: str) -> Path:
    path = folder / name
    assert main(["export", str(RUN), "--to", to, "--out", str(path), *flags]) == 0
    return path


def accuracy(path: Path, capsys: pytest.CaptureFixture[str]) -> float:
    capsys.readouterr()
    assert main(["score", "digits", str(path), "--json"]) == 0
    scored: float = json.loads(capsys.readouterr().out)["strict"]["accuracy"]
    return scored


def recorded(place: int) -> float:
    return sum(record.verdicts[place].correct for record in RECORDS) / len(RECORDS)


def test_csv_has_one_row_an_answer(tmp_path: Path) -> None:
    with exported(tmp_path, "csv", "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(RECORDS) * len(LEVELS)
    for row, (record, place) in zip(rows, ((each, place) for each in RECORDS for place in LEVELS), strict=True):
        assert (row["id"], row["gold"], row["level"]) == (record.id, record.gold, str(place))
        assert row["response"] == record.trace.answers[place].text
        assert (row["strict"], row["official"]) == (str(record.verdicts[place].correct).lower(), "")
        assert json.loads(row["metadata"]) == record.metadata
        assert int(row["thinking_tokens"]) == record.trace.thinking_tokens(record.trace.answers[place])
        assert row["thinking"].count("Wait,") == record.trace.answers[place].segments - 1


def test_parquet_is_read_by_pyarrow_and_datasets(tmp_path: Path) -> None:
    table = pytest.importorskip("pyarrow.parquet").read_table(exported(tmp_path, "parquet", "a.parquet"))
    rows = table.to_pylist()
    assert [row["strict"] for row in rows] == [verdict.correct for record in RECORDS for verdict in record.verdicts]
    assert {row["official"] for row in rows} == {None}
    datasets = pytest.importorskip("datasets")
    loaded = datasets.Dataset.from_parquet(str(tmp_path / "a.parquet"), cache_dir=str(tmp_path / "cache"))
    assert loaded.num_rows == len(rows)
    assert loaded[5] == rows[5]


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize(("to", "name"), [("csv", "a.csv"), ("lmms-eval", "a.jsonl"), ("inspect", "a.eval")])
def test_what_is_exported_scores_as_it_was_recorded(
    to: str, name: str, level: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if to == "inspect":
        pytest.importorskip("inspect_ai")
    assert accuracy(exported(tmp_path, to, name, "--level", str(level)), capsys) == recorded(level)


def test_lmms_eval_samples_are_of_the_last_level(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in exported(tmp_path, "lmms-eval", "a.jsonl").read_text().splitlines()]
    assert [line["doc_id"] for line in lines] == list(range(len(RECORDS)))
    first, record = lines[0], RECORDS[0]
    assert first["filtered_resps"] == [record.trace.answers[-1].text]
    assert first["resps"][0][0].startswith("<think>")
    assert first["resps"][0][0].endswith(f"</think>{record.trace.answers[-1].text}")
    assert (first["target"], first["strict"], first["official"]) == (record.gold, recorded_of(record), None)


def recorded_of(record: Any) -> float:
    return float(record.verdicts[-1].correct)


@pytest.mark.parametrize("name", ["a.eval", "a.json"])
def test_the_log_is_read_by_inspect_ai(name: str, tmp_path: Path) -> None:
    logs = pytest.importorskip("inspect_ai.log")
    log = logs.read_eval_log(str(exported(tmp_path, "inspect", name)))
    assert (log.status, log.eval.task, log.results.scores[0].metrics["accuracy"].value) == (
        "success",
        "digits",
        pytest.approx(recorded(-1)),
    )
    (first,) = (sample for sample in log.samples if sample.id == RECORDS[0].id)
    assert first.output.completion == RECORDS[0].trace.answers[-1].text
    assert first.output.message.content[0].reasoning.count("Wait,") == 3
    assert first.scores["strict"].value == ("C" if RECORDS[0].verdicts[-1].correct else "I")
    if name == "a.eval":  # what inspect view lists; it reads .json only with a name of inspect's own
        (listed,) = logs.list_eval_logs(str(tmp_path))
        assert listed.name.endswith(name)


def test_several_samples_are_texts_of_one_line(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "settings.toml").write_bytes((RUN / "settings.toml").read_bytes())
    lines = [json.loads(line) for line in (RUN / "records.jsonl").read_text().splitlines()[:2]]
    doubled = [{**line, "key": f"{line['key']}{sample}", "sample": sample} for line in lines for sample in (0, 1)]
    (run / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in doubled))
    assert main(["export", str(run), "--to", "lmms-eval", "--out", str(tmp_path / "a.jsonl")]) == 0
    written = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [len(line["filtered_resps"]) for line in written] == [2, 2]


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported(tmp_path, "csv", "a.csv")
    before = path.read_bytes()
    assert main(["export", str(RUN), "--to", "csv", "--level", "0", "--out", str(path)]) == 2
    assert "exists; remove it or choose another --out" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--to", "csv", "--level", "9"], "has no level 9; it has: 0, 1, 2, 3"),
        (["--to", "inspect", "--out", "log.txt"], "inspect view opens .eval and .json, not log.txt"),
        (["--to", "csv", "--out", "."], "is a folder"),
        (["--to", "csv", "--out", str(RUN / "a.csv")], "would stand in the run folder"),
    ],
)
def test_what_cannot_be_is_one_line(
    flags: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(RUN), *flags]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
