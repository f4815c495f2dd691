"""Drawing tokens: the distribution that was asked for, and nothing outside it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from s1m.engines.embedded.sampling import Draw, pick
from s1m.types import Sampling

PROBABILITIES = torch.tensor([0.1, 0.5, 0.15, 0.25])


def draws(count: int, **sampling: Any) -> list[Draw]:
    settings = Sampling(**({"temperature": 1.0} | sampling))
    return [Draw(sampling=settings, uniform=(i + 0.5) / count, banned=(), seen=()) for i in range(count)]


def shares(count: int = 2000, **sampling: Any) -> dict[int, float]:
    logits = PROBABILITIES.log().repeat(count, 1)
    counted = Counter(pick(logits, draws(count, **sampling))[0].tolist())
    return {token: round(number / count, 3) for token, number in sorted(counted.items())}


def test_the_whole_distribution_at_temperature_1() -> None:
    assert shares() == {0: 0.1, 1: 0.5, 2: 0.15, 3: 0.25}


def test_temperature_sharpens() -> None:
    squared = PROBABILITIES.double() ** 2
    expected = (squared / squared.sum()).tolist()
    assert shares(temperature=0.5) == pytest.approx(dict(enumerate(expected)), abs=1e-3)


def test_greedy_takes_the_likeliest() -> None:
    assert shares(temperature=0) == {1: 1.0}


def test_the_nucleus_is_the_smallest_set_that_reaches_top_p() -> None:
    assert shares(top_p=0.5) == {1: 1.0}
    assert shares(top_p=0.51) == pytest.approx({1: 2 / 3, 3: 1 / 3}, abs=1e-3)
    assert set(shares(top_p=0.95)) == {0, 1, 2, 3}
    assert set(shares(top_p=0.89)) == {1, 2, 3}


def test_the_ends_of_the_unit_interval_stay_inside() -> None:
    logits = PROBABILITIES.log().repeat(2, 1)
    settings = Sampling(temperature=1.0, top_p=0.6)
    edge = [Draw(sampling=settings, uniform=u, banned=(), seen=()) for u in (0.0, 1 - 2**-53)]
    assert set(pick(logits, edge)[0].tolist()) <= {1, 3}


def test_banned_tokens_are_never_drawn() -> None:
    logits = PROBABILITIES.log().repeat(2, 1)
    settings = Sampling(temperature=1.0), Sampling(temperature=0)
    picked = pick(logits, [Draw(sampling=s, uniform=0.3, banned=(1, 3), seen=()) for s in settings])[0]
    assert set(picked.tolist()) <= {0, 2}


def test_a_tokens_probability_is_the_models_own_however_it_is_drawn() -> None:
    logits = (7 * PROBABILITIES).log().repeat(4, 1)
    hot = Sampling(temperature=3.0, top_p=0.8, repetition_penalty=1.3)
    each = [Draw(sampling=hot, uniform=u, banned=(0,), seen=(1,)) for u in (0.0, 0.4, 0.8)]
    tokens, logprobs = pick(logits, [*each, Draw(sampling=Sampling(temperature=0), uniform=0.5, banned=(), seen=())])
    assert len(set(tokens.tolist())) > 1
    assert logprobs.exp().tolist() == pytest.approx([PROBABILITIES[token].item() for token in tokens])


def test_nothing_is_drawn_but_what_is_allowed_and_probabilities_are_among_it() -> None:
    logits = PROBABILITIES.log().repeat(2, 1)
    settings = Sampling(temperature=1.0), Sampling(temperature=0)
    narrow = [Draw(sampling=s, uniform=0.1, banned=(), seen=(), allowed=(0, 2)) for s in settings]
    tokens, logprobs = pick(logits, narrow)
    assert tokens.tolist() == [2, 2]
    assert logprobs.exp().tolist() == pytest.approx([0.6, 0.6])


def test_the_repetition_penalty_is_ctrls() -> None:
    logits = torch.tensor([[2.0, 1.9, -1.0]])
    penalised = Sampling(temperature=0, repetition_penalty=1.2)
    assert pick(logits.clone(), [Draw(sampling=penalised, uniform=0.5, banned=(), seen=(0, 0, 2))])[0].tolist() == [1]


def test_rows_with_different_settings_do_not_disturb_each_other() -> None:
    logits = PROBABILITIES.log().repeat(3, 1)
    mixed = [
        Draw(sampling=Sampling(temperature=0), uniform=0.99, banned=(), seen=()),
        Draw(sampling=Sampling(temperature=1.0), uniform=0.99, banned=(), seen=()),
        Draw(sampling=Sampling(temperature=1.0, top_p=0.4), uniform=0.99, banned=(), seen=()),
    ]
    assert pick(logits, mixed)[0].tolist() == [1, 0, 1]


def test_top_k_keeps_the_likeliest_and_their_equals() -> None:
    assert shares(top_k=1) == {1: 1.0}
    assert shares(top_k=2) == pytest.approx({1: 2 / 3, 3: 1 / 3}, abs=1e-3)
    assert shares(top_k=4) == shares(top_k=99) == shares()
    equal = torch.tensor([[1.0, 1.0, 0.0]])
    two = [Draw(sampling=Sampling(temperature=1.0, top_k=1), uniform=u, banned=(), seen=()) for u in (0.2, 0.8)]
    assert pick(equal.repeat(2, 1), two)[0].tolist() == [0, 1]


def test_min_p_keeps_what_is_likely_enough_beside_the_likeliest() -> None:
    assert set(shares(min_p=0.25)) == {1, 2, 3}
    assert shares(min_p=0.49) == pytest.approx({1: 2 / 3, 3: 1 / 3}, abs=1e-3)
    assert shares(min_p=1.0) == {1: 1.0}
    assert set(shares(min_p=0.25, temperature=2.0)) == {0, 1, 2, 3}  # measured after the temperature


def test_top_p_is_a_part_of_what_top_k_leaves() -> None:
    assert set(shares(top_p=0.7)) == {1, 3}
    assert shares(top_p=0.66, top_k=2) == {1: 1.0}  # 0.5 of 0.75


def test_presence_lowers_what_the_turn_holds_once() -> None:
    logits = torch.tensor([[2.0, 1.9, -1.0]])
    present = Sampling(temperature=0, presence_penalty=0.2)
    draw = Draw(sampling=present, uniform=0.5, banned=(), seen=(), present=(0, 0))
    assert pick(logits.clone(), [draw])[0].tolist() == [1]
    assert logits.tolist() == [[2.0, pytest.approx(1.9), -1.0]]


def test_options_of_one_row_do_not_change_another() -> None:
    torch.manual_seed(0)
    logits = torch.randn(64, 300)
    plain = [Draw(sampling=Sampling(temperature=0.8, top_p=0.9), uniform=i / 64, banned=(), seen=()) for i in range(63)]
    cut = Draw(sampling=Sampling(temperature=0.8, top_k=3, min_p=0.1), uniform=0.9, banned=(), seen=())
    assert pick(logits.clone(), [*plain, cut])[0].tolist()[:63] == pick(logits[:63].clone(), plain)[0].tolist()
