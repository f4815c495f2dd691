"""A run keeps what it was done with, and says when it is resumed with something else."""

from __future__ import annotations

import asyncio
import io
import json
import re
import shutil
from pathlib import Path

import pytest

from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import summary_json
from s1m.benchmarks import find_benchmark
from s1m.engines.embedded.checkpoint import place_of
from s1m.evaluate.benchmark import keep_provenance
from s1m.evaluate.provenance import changes, fingerprint, is_new, provenance_of
from s1m.evaluate.store import RunStore, load_run
from s1m.files.printing import Printer
from s1m.files.settings import read_toml
from tests.engines.asking import always
from tests.engines.chat_server import ChatServer, completion
from tests.evaluate.test_store import record, settings

DIGITS = find_benchmark("digits")
PROBLEMS = DIGITS.load(split="test", limit=2, data=None)


def kept(folder: Path) -> str:
    """What is said when a run in this folder is started."""
    store = RunStore(settings(folder, model="bundled"))
    said = io.StringIO()
    try:
        asyncio.run(
            keep_provenance(settings(folder, model="bundled").engine, DIGITS, PROBLEMS, store, Printer(file=said))
        )
        store.add(record("k1"))
    finally:
        store.close()
    return said.getvalue()


def test_a_run_keeps_what_it_was_done_with(tmp_path: Path) -> None:
    assert kept(tmp_path) == ""
    run = load_run(tmp_path)
    (entry,) = run.provenance
    assert {"date", "s1m", "python", "scorer", "data", "device", "weights", "libraries"} <= entry.keys()
    assert "provenance" not in run.settings
    assert "provenance" not in read_toml(tmp_path / "settings.toml")  # so that it serves as --config
    assert json.loads(json.dumps(summary_json(summarize(run))))["provenance"] == [dict(entry)]


def test_resuming_with_the_same_adds_nothing(tmp_path: Path) -> None:
    kept(tmp_path)
    before = (tmp_path / "settings.toml").read_bytes()
    assert kept(tmp_path) == ""
    assert (tmp_path / "settings.toml").read_bytes() == before


@pytest.mark.parametrize("what", ["weights", "scorer", "data", "s1m"])
def test_resuming_with_others_says_so_and_keeps_both(tmp_path: Path, what: str) -> None:
    kept(tmp_path)
    path = tmp_path / "settings.toml"
    asked, mark, done_with = path.read_text().partition("[[provenance]]")
    path.write_text(asked + mark + re.sub(rf"^{what} = .*$", f'{what} = "other"', done_with, flags=re.M))
    said = kept(tmp_path)
    assert f"warning: {what} changed since" in said.replace("\n", " ")
    assert [entry[what] == "other" for entry in load_run(tmp_path).provenance] == [True, False]


def test_folders_older_than_provenance_are_read_and_resumed(tmp_path: Path) -> None:
    kept(tmp_path)
    path = tmp_path / "settings.toml"
    path.write_text(path.read_text().partition("\n[[provenance]]")[0])
    assert load_run(tmp_path).provenance == ()
    assert kept(tmp_path) == ""
    assert len(load_run(tmp_path).provenance) == 1


def test_weights_that_were_trained_have_another_fingerprint(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(place_of("bundled"), folder)
    assert fingerprint(folder) == fingerprint(Path(place_of("bundled")))
    (weights,) = folder.glob("*.safetensors")
    content = bytearray(weights.read_bytes())
    content[-100:] = bytes(100)
    weights.write_bytes(content)
    assert fingerprint(folder) != fingerprint(Path(place_of("bundled")))


def test_a_server_is_kept_with_or_without_a_version() -> None:
    with ChatServer(always(completion("hm", tokens=2))) as server:
        entry = asyncio.run(provenance_of(DIGITS, PROBLEMS, model="m", base_urls=[server.url]))
        assert entry["server"][0].startswith(server.url.removesuffix("/v1"))
    gone = asyncio.run(provenance_of(DIGITS, PROBLEMS, model="m", base_urls=["http://127.0.0.1:1/v1"]))
    assert gone["server"] == ["http://127.0.0.1:1/v1"]
    assert is_new(entry, [gone])
    assert [change.partition(" ")[0] for change in changes(entry, [gone])] == ["server"]
