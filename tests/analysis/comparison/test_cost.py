"""What answers cost, against numbers computed by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from s1m.analysis.comparison.cost import Costing, costs_of, flops, generated
from s1m.analysis.comparison.model_shape import ModelShape, shape_from_config, shape_from_flags, shape_of_run
from s1m.errors import UsageError
from tests.analysis.made_runs import made_record, made_run, voted_record

SMALL = ModelShape(parameters=10, layers=2, hidden=3)

QWEN2_7B = {
    "hidden_size": 3584,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "intermediate_size": 18944,
    "vocab_size": 152064,
}


def test_two_tokens_after_four_attend_to_five_and_six() -> None:
    assert SMALL.flops(4, 2) == 2 * 10 * 2 + 4 * 2 * 3 * (5 + 6)
    assert SMALL.flops(0, 0) == 0


def test_the_shape_of_a_7b_model_is_what_its_matrices_hold() -> None:
    shape = shape_from_config(QWEN2_7B)
    layer = 2 * 3584 * 3584 + 2 * 3584 * 512 + 3 * 3584 * 18944
    assert shape == ModelShape(parameters=28 * layer + 3584 * 152064, layers=28, hidden=3584)
    assert shape.parameters == pytest.approx(7.07e9, rel=1e-3)
    assert shape_from_config({"text_config": QWEN2_7B}) == shape


def test_the_shape_is_read_in_the_models_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"text_config": QWEN2_7B}))
    assert shape_of_run({"model": str(tmp_path)}, "mine") == shape_from_config(QWEN2_7B)
    bundled = shape_of_run({"model": "bundled"}, "demo")
    assert (bundled.layers, bundled.hidden) == (4, 128)
    assert bundled.parameters == 4 * (2 * 128 * 128 + 2 * 128 * 64 + 3 * 128 * 384) + 128 * 512


@pytest.mark.parametrize("content", [None, "[]", "{", '{"hidden_size": 8}'])
def test_a_shape_that_cannot_be_read_names_the_flags(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UsageError, match=r"mine: the shape of .* give --parameters, --layers and --hidden"):
        shape_of_run({"model": str(tmp_path)}, "mine")


def test_the_flags_of_a_shape_are_given_together() -> None:
    assert shape_from_flags(None, None, None) is None
    assert shape_from_flags(10, 2, 3) == SMALL
    for flags in ((10, None, 3), (0, 2, 3), (10, 2, -3)):
        with pytest.raises(UsageError, match="all of --parameters, --layers and --hidden"):
            shape_from_flags(*flags)


def test_a_chain_costs_its_tokens_each_after_all_before_it() -> None:
    trace = made_record(0, correct=[True, True], thinking=[2, 3], answer_tokens=1).trace
    first, second = trace.answers
    assert (generated(trace, first), generated(trace, second)) == (2 + 1, 5 + 1)
    # Prompt 1; thinking sees 2, 3; the answer sees 4.
    assert flops(trace, first, SMALL, 1) == 20 * 4 + 24 * (1 + 2 + 3 + 4)
    # Then 4, 5, 6; its answer sees 7. The first level's answer is not needed for it.
    assert flops(trace, second, SMALL, 1) == 20 * 7 + 24 * (1 + 2 + 3 + 4 + 5 + 6 + 7)


def test_a_vote_costs_every_chain_and_answer_but_reads_the_prompt_once() -> None:
    trace = voted_record(0, ["11", "12"], thinking=2, levels=(1, 2)).trace
    single, both = trace.answers
    assert (generated(trace, single), generated(trace, both)) == (3, 6)
    chain = 20 * 3 + 24 * (2 + 3 + 4)
    assert flops(trace, single, SMALL, 1) == 20 + 24 + chain
    assert flops(trace, both, SMALL, 1) == 20 + 24 + 2 * chain


def test_seconds_are_the_runs_wall_time_in_proportion_to_tokens() -> None:
    records = [
        made_record(0, correct=[True, True], thinking=[2, 3], answer_tokens=1, started=0, seconds=4),
        made_record(1, correct=[True, True], thinking=[6, 5], answer_tokens=1, started=1, seconds=4),
    ]
    # 5 seconds at work for 7 + 13 tokens: a quarter of a second a token.
    assert costs_of(made_run(records), records, Costing(unit="seconds")) == [[0.75, 1.5], [1.75, 3.0]]


@pytest.mark.parametrize("origin", ["imported", "replayed"])
def test_runs_without_an_engine_have_no_seconds(origin: str) -> None:
    records = [made_record(0, correct=[True], thinking=[2])]
    run = replace(made_run(records), settings={"origin": origin})
    with pytest.raises(UsageError, match=f"demo is {origin} and has no times; compare by"):
        costs_of(run, records, Costing(unit="seconds"))
