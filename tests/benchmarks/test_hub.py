"""Data comes from the Hub once, only the files of the split, and from the cache when there is no network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.data import picture, write
from tests.benchmarks.hub import hub

pytestmark = pytest.mark.usefixtures("unrendered_figures")

ROW = {"question": "What is it?", "options": ["a leaf", "a root"], "answer": "1", "image": picture()}


def dry_run(endpoint: str, home: Path) -> subprocess.CompletedProcess[str]:
    """``s1m eval ai2d --dry-run`` in a process of its own: the Hub's address is read when its library is imported."""
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0"}
    command = [sys.executable, "-m", "s1m.cli", "eval", "ai2d", "--dry-run"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_split_is_downloaded_once(tmp_path: Path) -> None:
    asked: list[str] = []
    write(tmp_path / "set" / "data" / "test-00000-of-00001.parquet", [ROW, ROW])
    write(tmp_path / "set" / "data" / "train-00000-of-00001.parquet", [ROW])
    with hub(tmp_path / "set", asked) as endpoint:
        done = dry_run(endpoint, tmp_path / "home")
        again = dry_run(endpoint, tmp_path / "home")
    alone = dry_run(endpoint, tmp_path / "home")
    assert asked == ["data/test-00000-of-00001.parquet"]
    for run in (done, again, alone):
        assert run.returncode == 0, run.stderr
        assert "2 problems" in run.stdout


def test_no_network_and_no_cache_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    done = dry_run("http://127.0.0.1:9", tmp_path / "home")
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1
    assert "hf download --repo-type dataset lmms-lab/ai2d" in done.stderr
