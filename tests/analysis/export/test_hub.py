"""s1m export --to hub: a dataset that load_dataset opens, results that the Hub's client reads, pushed if asked."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from s1m.cli import main
from s1m.evaluate.store import load_run

RUN = Path(__file__).parents[2] / "data_runs" / "sequential"
RECORDS = load_run(RUN).records
LEVELS = 4


def of_mathvision(folder: Path, benchmark: str = "mathvision") -> Path:
    """The run as if its benchmark was one of the Hub's."""
    run = folder / "run"
    run.mkdir()
    settings = (RUN / "settings.toml").read_text().replace('benchmark = "digits"', f'benchmark = "{benchmark}"')
    assert benchmark in settings
    (run / "settings.toml").write_text(settings)
    (run / "records.jsonl").write_bytes((RUN / "records.jsonl").read_bytes())
    return run


def exported(run: Path, out: Path, *flags: str) -> Path:
    assert main(["export", str(run), "--to", "hub", "--out", str(out), *flags]) == 0
    return out


def test_the_dataset_is_opened_by_load_dataset(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    out = exported(RUN, tmp_path / "out")
    rows = datasets.load_dataset(str(out / "dataset"), split="test", cache_dir=str(tmp_path / "cache"))
    assert rows.num_rows == len(RECORDS) * LEVELS
    assert rows[0]["id"] == RECORDS[0].id
    assert [row["strict"] for row in rows] == [each.correct for record in RECORDS for each in record.verdicts]
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(out / "dataset" / "README.md")
    assert card.data.configs[0]["data_files"] == [{"split": "test", "path": "data/test-*.parquet"}]
    assert "| 3 | 66.7 % | strict | 6 | 6 |" in card.text
    assert "licence: CC BY 4.0" in card.text


def test_results_are_what_the_client_of_the_hub_reads(tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    yaml = pytest.importorskip("yaml")
    out = exported(of_mathvision(tmp_path), tmp_path / "out", "--level", "2")
    document = yaml.safe_load((out / "model" / ".eval_results" / "mathvision.yaml").read_text())
    (entry,) = hub.parse_eval_result_entries(document)
    right = sum(record.verdicts[2].correct for record in RECORDS)
    assert (entry.dataset_id, entry.task_id, entry.value) == (
        "MathLLMs/MathVision",
        "mathvision",
        pytest.approx(100 * right / len(RECORDS), abs=0.01),
    )
    assert "split test, 6 of 3,040 problems; " in entry.notes
    assert entry.notes.endswith("level 2")
    assert hub.eval_result_entries_to_yaml([entry]) == document
    index = yaml.safe_load((out / "model" / "model-index.yaml").read_text())["model-index"]
    name, (result,) = hub.repocard_data.model_index_to_eval_results(index)
    assert (name, result.dataset_type, result.metric_type) == ("bundled", "MathLLMs/MathVision", "accuracy")
    assert result.metric_value == entry.value


def test_a_benchmark_that_is_not_at_the_hub_has_no_results_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = exported(RUN, tmp_path / "out")
    assert not (out / "model" / ".eval_results").exists()
    said = capsys.readouterr().err
    assert "digits is not a dataset of the Hub: it gets no .eval_results" in said
    assert "task_id" not in said
    exported(of_mathvision(tmp_path, "mathverse"), tmp_path / "other")
    assert "task_id: default" in (tmp_path / "other" / "model" / ".eval_results" / "mathverse.yaml").read_text()
    assert "task_id is default: check it in the eval.yaml" in capsys.readouterr().err


@contextmanager
def hub_that_takes(commits: list[dict[str, Any]], status: int) -> Iterator[str]:
    """The address of a Hub that takes commits as they are, or refuses everything with a status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({"id": "me/set", "sha": "c0ffee", "siblings": [], "tags": [], "private": True})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path.endswith("/api/repos/create"):
                commits.append({"created": json.loads(body)})
                self._reply({"url": f"http://{self.headers['Host']}/datasets/me/set", "name": "me/set"})
            elif "/preupload/" in self.path:
                files = [
                    {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for file in json.loads(body)["files"]
                ]
                self._reply({"files": files})
            elif "/commit/" in self.path:
                entries = [json.loads(line) for line in body.splitlines()]
                content = {
                    entry["value"]["path"]: base64.b64decode(entry["value"]["content"])
                    for entry in entries
                    if entry["key"] == "file"
                }
                commits.append({"path": self.path, "files": content})
                address = f"{self.headers['Host']}/me/model/discussions/1"
                self._reply(
                    {
                        "commitUrl": f"http://{self.headers['Host']}/datasets/me/set/commit/c0ffee",
                        "commitOid": "c0ffee",
                        "pullRequestUrl": f"http://{address}" if "create_pr=1" in self.path else None,
                        "hookOutput": "",
                    }
                )
            else:
                self._reply({})

        def _reply(self, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def pushed(run: Path, out: Path, address: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the Hub's address is read when its client is imported."""
    return subprocess.run(
        [
            sys.executable, "-m", "s1m.cli", "export", str(run), "--to", "hub", "--out", str(out),
            "--repo-id", "me/set", "--model-repo-id", "me/model",
        ],
        env={**os.environ, "HF_ENDPOINT": address, "HF_TOKEN": "hf_none", "HF_HOME": str(out.parent / "home")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip


def test_what_is_pushed_where_repositories_are_named(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    commits: list[dict[str, Any]] = []
    out = tmp_path / "out"
    with hub_that_takes(commits, 200) as address:
        done = pushed(of_mathvision(tmp_path), out, address)
    assert done.returncode == 0, done.stderr
    assert "pushed the answers to dataset me/set" in done.stderr
    assert "/me/model/discussions/1" in done.stderr
    created, answers, results = commits
    assert created["created"]["type"] == "dataset"
    assert "private" in (created["created"].get("visibility"), *(name for name in created["created"] if name))
    assert answers["path"].startswith("/api/datasets/me/set/commit/main")
    assert {*answers["files"]} == {"README.md", "data/test-00000-of-00001.parquet"}
    for name, content in answers["files"].items():
        assert content == (out / "dataset" / name).read_bytes()
    assert results["path"].startswith("/api/models/me/model/commit/")
    assert "create_pr=1" in results["path"]
    assert {*results["files"]} == {".eval_results/mathvision.yaml"}


def test_a_hub_that_refuses_costs_no_file(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    with hub_that_takes([], 403) as address:
        done = pushed(of_mathvision(tmp_path), tmp_path / "out", address)
    assert done.returncode == 1
    assert "cannot push to the Hub (" in done.stderr
    assert f"the files are in {tmp_path / 'out'}: hf upload pushes them too" in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out" / "dataset" / "README.md").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--to", "hub", "--repo-id", "nobody"], "--repo-id nobody: it has no owner; write it as USER/NAME"),
        (["--to", "hub", "--repo-id", "a/b/c"], "--repo-id a/b/c: Repo id must"),
        (["--to", "hub", "--out", str(RUN / "hub")], "would stand in the run folder"),
        (["--to", "hub", "--level", "9"], "has no level 9; it has: 0, 1, 2, 3"),
        (["--to", "csv", "--repo-id", "me/set"], "--repo-id and --model-repo-id push to the Hub: add --to hub"),
    ],
)
def test_what_cannot_be_is_one_line(
    flags: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("huggingface_hub")
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(RUN), *flags]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("mine")
    assert main(["export", str(RUN), "--to", "hub", "--out", str(tmp_path)]) == 2
    assert "exists and is not an empty folder; choose another --out" in capsys.readouterr().err
