"""Packing loses nothing: every example once an epoch, full rows, and a loss as if each had been alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from s1m.datasets.example import IMAGE
from s1m.errors import DataError
from s1m.train.batches.encode import IGNORED
from s1m.train.batches.plan import best_fit, plan_epoch, plan_rising
from s1m.train.model.attention import PACKED
from tests.datasets.sets import picture
from tests.train.models import CONVERSATIONS, KINDS, batch_of, example, folder_of, loaded_for

CAPACITY = 8192


def realistic(count: int, seed: int = 0) -> list[int]:
    """Lengths as S1-M's: median 470, mean about 870, cut at the capacity."""
    rng = random.Random(seed)
    return [min(CAPACITY, max(40, round(rng.lognormvariate(6.15, 1.11)))) for _ in range(count)]


def tokens(batch: Sequence[int], lengths: Sequence[int]) -> int:
    return sum(lengths[example] for example in batch)


@given(st.lists(st.integers(1, 100), max_size=200), st.integers(0, 9))
def test_no_row_is_too_long_and_every_example_is_there_once(lengths: list[int], seed: int) -> None:
    rising = sorted(range(len(lengths)), key=lengths.__getitem__)
    for rows in (
        best_fit(rising[::-1], lengths, 100),
        plan_epoch(lengths, "packed", 100, rng=random.Random(seed)),
        plan_rising(lengths, "packed", 100),
    ):
        assert sorted(number for row in rows for number in row) == list(range(len(lengths)))
        assert all(row and tokens(row, lengths) <= 100 for row in rows)


@pytest.mark.parametrize("size", [1, 8, 7])
def test_groups_are_of_like_length_and_of_a_size(size: int) -> None:
    lengths = realistic(3000)
    for rows in (
        plan_epoch(lengths, "grouped", size, rng=random.Random(0)),
        plan_rising(lengths, "grouped", size),
    ):
        assert sorted(number for row in rows for number in row) == list(range(len(lengths)))
        assert max(map(len, rows)) == size
        padded = sum(len(row) * max(lengths[number] for number in row) for row in rows)
        assert sum(lengths) / padded > 0.9


def test_rows_are_full_and_in_an_order_of_their_own_each_epoch() -> None:
    lengths = realistic(5000)
    first = plan_epoch(lengths, "packed", CAPACITY, rng=random.Random("42-0"))
    assert sum(lengths) / (len(first) * CAPACITY) > 0.95
    assert first == plan_epoch(lengths, "packed", CAPACITY, rng=random.Random("42-0"))
    second = plan_epoch(lengths, "packed", CAPACITY, rng=random.Random("42-1"))
    assert {frozenset(row) for row in first}.isdisjoint({frozenset(row) for row in second if len(row) > 2})
    means = [tokens(row, lengths) / len(row) for row in first]
    halves = [sum(means[: len(means) // 2]), sum(means[len(means) // 2 :])]
    assert min(halves) / max(halves) > 0.8, "rows of long and of short examples are mixed"


def test_rising_order_begins_with_the_shortest() -> None:
    lengths = realistic(2000)
    rows = plan_rising(lengths, "packed", CAPACITY)
    flat = [lengths[number] for row in rows for number in row]
    assert flat == sorted(lengths)
    assert sum(lengths) / (len(rows) * CAPACITY) > 0.7
    assert all(max(lengths[n] for n in a) <= min(lengths[n] for n in b) for a, b in pairwise(rows))


@pytest.fixture(scope="module", params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(request.param, tmp_path_factory.mktemp("models") / "model")


def logits_of(model: Any, batch: dict[str, Any]) -> torch.Tensor:
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    with torch.no_grad():
        logits: torch.Tensor = model(**inputs, use_cache=False).logits
    return logits


def loss_of(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The sum over learned tokens."""
    return torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED, reduction="sum"
    )


def test_the_loss_of_a_packed_row_is_that_of_its_examples_alone(folder: Path) -> None:
    """Alone is the plain way of transformers: PyTorch's attention, no positions given."""
    packed, encoder = loaded_for(folder)
    plain, _ = loaded_for(folder, batch="grouped")
    assert packed.config.text_config._attn_implementation == PACKED
    batch = batch_of(CONVERSATIONS, encoder, packed, packed=True)
    grouped = batch_of(CONVERSATIONS, encoder, plain, packed=False)
    alone = 0.0
    for conversation in CONVERSATIONS:
        encoded = encoder.encode(conversation)
        ids, labels = torch.tensor([encoded.ids]), torch.tensor([encoded.labels])
        inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if encoded.grids is not None:
            inputs |= {"pixel_values": encoded.pixels, "image_grid_thw": encoded.grids}
            inputs["mm_token_type_ids"] = (ids == plain.config.image_token_id).int()
        alone += float(loss_of(logits_of(plain, inputs), labels))
    learned = (batch["labels"] != IGNORED).sum()
    for model, one_batch in ((packed, batch), (plain, grouped)):
        together = loss_of(logits_of(model, one_batch), one_batch["labels"])
        assert float(together / learned) == pytest.approx(float(alone / learned), abs=1e-4)


def test_gradients_of_a_packed_row_are_those_of_padded_rows(folder: Path) -> None:
    """Also when activations are computed again in the backward pass, as they are by default."""
    gradients = []
    for mode, again in (("grouped", False), ("packed", False), ("packed", True)):
        model, encoder = loaded_for(folder, batch=mode)
        model.train()
        if again:
            model.activation_checkpointing_enable()
        batch = batch_of(CONVERSATIONS, encoder, model, packed=mode == "packed")
        labels = batch.pop("labels")
        torch.autograd.backward(loss_of(model(**batch, use_cache=False).logits, labels))
        gradients.append({name: p.grad for name, p in model.named_parameters() if p.grad is not None})
    for other in gradients[1:]:
        assert other.keys() == gradients[0].keys()
        for name, gradient in gradients[0].items():
            scale = gradient.abs().max().clamp(min=1e-6)
            assert torch.allclose(gradient / scale, other[name] / scale, atol=1e-3), name


@pytest.mark.parametrize("place", [0, 1, 2])
def test_no_example_sees_another(place: int, folder: Path) -> None:
    model, encoder = loaded_for(folder)
    row = [example((IMAGE, "What is the sum?"), f"{n} {n + 1}", images=[picture(112, 56, n)]) for n in (11, 122, 233)]
    other = [*row]
    other[place] = example((IMAGE, "What is the sum?"), "9 8", images=[picture(112, 56, 99)])
    lengths = [encoder.length(conversation) for conversation in row]
    before, after = (logits_of(model, batch_of(some, encoder, model, packed=True)) for some in (row, other))
    parts = [
        torch.split(logits, [*lengths[:place], encoder.length(some[place]), *lengths[place + 1 :]], dim=1)
        for logits, some in ((before, row), (after, other))
    ]
    for number, (unchanged, changed) in enumerate(zip(*parts, strict=True)):
        if number == place:
            assert (unchanged[:, -2:] - changed[:, -2:]).abs().max() > 1e-3
        else:
            assert torch.allclose(unchanged, changed, atol=1e-6, rtol=0), number


def test_an_image_cut_off_behind_its_header_is_left_out_with_a_warning(folder: Path) -> None:
    model, encoder = loaded_for(folder)
    broken = example((IMAGE, "?"), "3", images=[picture(300, 300)[:-40]], id="traces.parquet row 7")
    with pytest.warns(UserWarning, match=r"^left out: traces\.parquet row 7: image unreadable"):
        batch = batch_of([CONVERSATIONS[1], broken], encoder, model, packed=True)
    assert batch["input_ids"].shape[1] == encoder.length(CONVERSATIONS[1])
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(DataError, match=r"^no example of a batch can be read any more, such as traces\.parquet row 7"),
    ):
        batch_of([broken], encoder, model, packed=True)
