"""A run as a table, and its figure."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

import s1m
from s1m.errors import UsageError
from s1m.evaluate.store import Run
from tests.analysis.live.records import record


def run_of(*numbers: int) -> Run:
    return Run(folder=Path("run"), settings={}, records=tuple(map(record, numbers)), failed=0)


def test_a_table_has_one_row_an_answer() -> None:
    pytest.importorskip("pandas")
    table = run_of(0, 1, 2).to_pandas()
    assert len(table) == 6
    assert list(table["level"]) == [0, 1] * 3
    assert list(table.groupby("level")["correct"].mean()) == [0.0, 1.0]
    assert {"id", "sample", "gold", "prediction", "thinking_tokens", "stop"} <= set(table.columns)


def test_without_pandas_it_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return plain(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="pip install pandas"):
        run_of(0).to_pandas()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a run folder"):
        s1m.load_run(str(tmp_path))
