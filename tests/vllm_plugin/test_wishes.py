"""What requests may ask of the plugin: read once, refused in one line."""

from __future__ import annotations

from typing import Any

import pytest

from s1m.vllm_plugin.wishes import NO_LIMIT, read_wishes, spelled


@pytest.mark.parametrize("extra", [None, {}, {"kv_transfer_params": {}}, {"thinking_close": "</think>"}])
def test_a_request_that_does_not_ask_is_left_alone(extra: dict[str, Any] | None) -> None:
    assert read_wishes(extra) is None


def test_flat_values_of_any_openai_client_are_read() -> None:
    wishes = read_wishes({"num_ignore": 2.0, "ignore_strings": ["Wait,", "Hm,"], "max_thinking_tokens": 512})
    assert wishes is not None
    assert (wishes.num_ignore, wishes.max_thinking_tokens, wishes.min_thinking_tokens) == (2, 512, 0)
    assert (wishes.take_back_turn_end, wishes.watch_loops) == (True, True)
    assert spelled(wishes, lambda text: [len(text)]) == (((5,), (3,)), 8)


def test_ids_come_as_lists_or_as_json() -> None:
    for given in ([[14524, 11], [7]], "[[14524, 11], [7]]"):
        wishes = read_wishes({"num_ignore": 1, "ignore_ids": given, "thinking_close_id": 444})
        assert wishes is not None
        assert wishes.max_thinking_tokens == NO_LIMIT
        assert spelled(wishes, None) == (((14524, 11), (7,)), 444)


@pytest.mark.parametrize(("given", "seeds"), [(7, (7,)), (7.0, (7,)), ([7, 8], (7, 8)), (None, ())])
def test_seeds_are_one_or_one_a_segment(given: Any, seeds: tuple[int, ...]) -> None:
    wishes = read_wishes({"num_ignore": 1, "drawn_before": 5} | ({} if given is None else {"forcing_seed": given}))
    assert wishes is not None
    assert (wishes.seeds, wishes.drawn_before) == (seeds, 5)


@pytest.mark.parametrize(
    "extra",
    [
        {"num_ignore": -1},
        {"num_ignore": 1.5},
        {"num_ignore": True},
        {"num_ignore": 100},
        {"num_ignore": "2"},
        {"max_thinking_tokens": 0},
        {"min_thinking_tokens": 9, "max_thinking_tokens": 8},
        {"num_ignore": 1, "ignore_strings": []},
        {"num_ignore": 1, "ignore_strings": ["Wait,", ""]},
        {"num_ignore": 1, "ignore_strings": 7},
        {"num_ignore": 1, "ignore_ids": "[[1, 2"},
        {"num_ignore": 1, "ignore_ids": [[]]},
        {"num_ignore": 1, "ignore_ids": [[-1]]},
        {"num_ignore": 1, "ignore_ids": 5},
        {"num_ignore": 1, "thinking_close": ""},
        {"num_ignore": 1, "thinking_close_id": "444"},
        {"num_ignore": 1, "watch_loops": 2},
        {"num_ignore": 1, "forcing_seed": [1, -1]},
        {"num_ignore": 1, "drawn_before": -1},
        {"num_ignore": 1, "report_digits": [1, 2, 3]},
        {"num_ignore": 1, "report_digits": [1] * 10},
    ],
)
def test_impossible_arguments_are_named(extra: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="|".join(extra)) as refused:
        read_wishes(extra)
    assert "\n" not in str(refused.value)


def test_a_delimiter_of_several_tokens_is_not_taken() -> None:
    wishes = read_wishes({"num_ignore": 1})
    assert wishes is not None
    with pytest.raises(ValueError, match="2 tokens of this model"):
        spelled(wishes, lambda _: [1, 2])
    with pytest.raises(ValueError, match="no tokenizer"):
        spelled(wishes, None)
