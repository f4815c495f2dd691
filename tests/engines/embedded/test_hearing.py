"""What a listener hears of tokens: the text of all of them, in whatever portions they come."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from s1m.engines.embedded.checkpoint import load_checkpoint
from s1m.engines.embedded.hearing import UNFINISHED, Hearing
from s1m.engines.stops import without_partial_stop

PARTS = ("a", "é", "漢", "😀", " ", "\n", "Wait", "</", "think", ">", "</think>", "<|im_end|>", "\u200d", UNFINISHED)
WORDS = ("", " ", "a", " b", "c ", " de", "\n")


def stripped(tokens: Sequence[int]) -> str:
    """As tokenizers decode that begin a text with a blank of their own: the first blank is left out."""
    return "".join(WORDS[token] for token in tokens).removeprefix(" ")


def heard(
    decode: Callable[[Sequence[int]], str], tokens: Sequence[int], stops: tuple[str, ...], draw: random.Random
) -> str:
    """Everything that is heard in portions of random sizes, checked against a text that is decoded anew each time."""
    hearing, said, expected = Hearing(decode, stops), "", ""
    for end in range(1, len(tokens) + 1):
        if draw.random() < 0.5:
            continue
        said += hearing.new(tokens[:end])
        whole = decode(tokens[:end])
        if not whole.endswith(UNFINISHED):
            expected = max(expected, without_partial_stop(whole, stops), key=len)
        assert said == expected
    return said


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load_checkpoint("bundled", None).tokenizer


@pytest.mark.parametrize("stops", [(), ("</think>",), ("look again", "</think>")])
def test_portions_join_to_the_whole_text(tokenizer: Any, stops: tuple[str, ...]) -> None:
    def decode(ids: Sequence[int]) -> str:
        return str(tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    draw = random.Random(5)
    for _ in range(60):
        text = "".join(draw.choices(PARTS, k=30))
        assert heard(decode, tokenizer(text, add_special_tokens=False)["input_ids"], stops, draw)
        heard(decode, [draw.randrange(len(tokenizer)) for _ in range(40)], stops, draw)  # characters that stay broken


def test_a_first_blank_that_a_tokenizer_leaves_out_is_left_out_once() -> None:
    draw = random.Random(6)
    for _ in range(300):
        heard(stripped, draw.choices(range(len(WORDS)), k=12), (), draw)


def test_a_stretch_costs_no_more_the_longer_the_text_is() -> None:
    decoded: list[int] = []

    def decode(tokens: Sequence[int]) -> str:
        decoded.append(len(tokens))
        return "a" * len(tokens)

    hearing = Hearing(decode, ())
    for end in range(10, 2000, 10):
        assert hearing.new([0] * end) == "a" * 10
    assert max(decoded) == 20
    assert decoded[0:2] == [10, 20]  # the first text is decoded once
