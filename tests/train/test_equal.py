"""What is equal in theory is equal in fact: losses within 1e-4, however the same examples are laid out or spread."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1m.errors import UsageError
from s1m.train.run import train
from tests.train import sharded
from tests.train.runs import losses, short, spread, trained

CLOSE = 1e-4


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """One packed row a step."""
    return trained(short(tmp_path_factory.mktemp("packed") / "out"))


def test_packed_learns_something(packed: list[float]) -> None:
    assert len(packed) == 6
    assert packed[-1] < packed[0] - 0.01


def test_a_batch_of_eight_is_one_packed_row(packed: list[float], tmp_path: Path) -> None:
    assert trained(short(tmp_path / "out", batch="grouped", batch_size=8)) == pytest.approx(packed, abs=CLOSE)


def test_eight_times_one_is_one_packed_row(packed: list[float], tmp_path: Path) -> None:
    one_by_one = short(tmp_path / "out", batch="grouped", batch_size=1, accumulation=8)
    assert trained(one_by_one) == pytest.approx(packed, abs=CLOSE)


def test_computing_activations_again_changes_nothing(packed: list[float], tmp_path: Path) -> None:
    assert trained(short(tmp_path / "out", gradient_checkpointing=True)) == pytest.approx(packed, abs=CLOSE)


def test_two_processes_are_one(packed: list[float], tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = spread(short(out, batch="grouped", batch_size=4), ACCELERATE_USE_CPU="true")
    assert losses(out) == pytest.approx(packed, abs=CLOSE)
    assert "2 processes, DDP over gloo" in said
    assert said.count("step 6/6") == 1
    assert said.count("examples") == 1, "the survey is made and shown by one process"


def test_a_model_in_shards_is_one(packed: list[float], tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = spread(short(out, batch="grouped", batch_size=4), str(sharded.__file__), **sharded.VARIABLES)
    assert losses(out) == pytest.approx(packed, abs=CLOSE)
    assert "2 processes, FSDP2 over gloo" in said
    assert (out / "model" / "model.safetensors").stat().st_size > 2_000_000


def test_processes_that_would_each_train_alone_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="2 processes were started, but each would train alone"):
        train(short(tmp_path / "out"))


def test_sharding_that_would_silently_not_happen_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(UsageError, match="FSDP was asked for, but one process would run"):
        train(short(tmp_path / "out"))
