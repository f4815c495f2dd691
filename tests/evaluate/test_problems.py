"""The problems that a run is asked for are there, or the run does not begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1m.benchmarks.custom import Custom
from s1m.errors import DataError
from s1m.evaluate.benchmark import load_problems
from s1m.evaluate.settings.parts import ProblemSettings


def test_data_without_a_problem_is_an_error_and_no_run_that_waits_to_be_resumed(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text("\n")
    settings = ProblemSettings(benchmark="custom", split="all", data=str(tmp_path / "mine.jsonl"))
    with pytest.raises(DataError, match=r"mine\.jsonl holds no problems; give --data"):
        load_problems(settings, Custom())
