"""What is equal in theory is equal in fact: losses within 1e-4, however the same examples are laid out or spread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from s1m.datasets.source import Source
from s1m.errors import UsageError
from s1m.train.batches.collate import Collator
from s1m.train.model.encoder import load_encoder
from s1m.train.model.load import load_model, rules_of
from s1m.train.run import train
from tests.datasets.sets import trace, write_lines
from tests.train import sharded
from tests.train.runs import losses, short, spread, trained
from tests.train.sets import examples_of

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


@pytest.mark.parametrize("batch", ["packed", "grouped"])
def test_a_blank_image_in_a_batch_of_text_changes_nothing(batch: str, tmp_path: Path) -> None:
    settings = short(tmp_path / "out", batch=batch)
    settings = replace(settings, data=(Source(path=str(write_lines(tmp_path / "a.jsonl", [trace(), trace("Why?")]))),))
    encoder, model = load_encoder(settings), load_model(settings).model
    results = []
    for blank in (None, encoder.blank()):
        collator = Collator(
            examples_of(settings), encoder, rules_of(model), packed=batch == "packed", pad_id=0, blank=blank
        )
        inputs = collator([{"examples": [0, 1]}])
        assert ("pixel_values" in inputs) == (blank is not None)
        model.zero_grad()
        loss = model(**inputs).loss
        loss.backward()
        results.append((loss.item(), model.lm_head.weight.grad.clone()))
    assert results[0][0] == pytest.approx(results[1][0], abs=1e-6)
    assert results[0][1].allclose(results[1][1], atol=1e-6)
    assert all(parameter.grad is not None for parameter in model.parameters()), "DDP waits for what has no gradient"


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
