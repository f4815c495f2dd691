"""Counting tokens: equal to the tokenizer on every text, an estimate without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from s1m.datasets.tokens import TokenCounter
from s1m.engines.embedded.checkpoint import place_of
from s1m.errors import UsageError

BUNDLED = Tokenizer.from_file(f"{place_of('bundled')}/tokenizer.json")
COUNTER = TokenCounter("bundled")
PIECES = ("Wait,", " ", "  ", "\n", "\t", " I", "'s", "3714", "+", "<|im_end|>", "<think>", "é", "\u00a0", "中", ".")


def tokens(tokenizer: Tokenizer, text: str) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False).ids)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=60))
def test_a_text_has_as_many_tokens_as_the_tokenizer_gives_it(text: str) -> None:
    assert COUNTER(text) == tokens(BUNDLED, text)


def test_words_are_looked_up_and_not_cut_again() -> None:
    spec = json.loads(BUNDLED.to_str())
    assert spec["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]  # of the kind that the fast way is for
    text = "I read 3714, so far 3714, sum 0+3=3. " * 50
    assert COUNTER.count([text, text, ""]) == [tokens(BUNDLED, text)] * 2 + [0]


def test_a_tokenizer_of_another_kind_is_asked_itself(tmp_path: Path) -> None:
    other = Tokenizer(models.WordLevel(unk_token="?"))
    other.pre_tokenizer = pre_tokenizers.Whitespace()
    other.train_from_iterator(["one two three"], trainers.WordLevelTrainer(special_tokens=["?"]))
    other.save(str(tmp_path / "tokenizer.json"))
    assert TokenCounter(str(tmp_path)).count(["one  two three", "two"]) == [3, 1]
    assert TokenCounter(str(tmp_path)).by == f"counted by {tmp_path.name}"


def test_without_a_tokenizer_tokens_are_estimated_and_said_to_be() -> None:
    assert TokenCounter().count(["", "abcd", "abcde"]) == [0, 1, 2]
    assert TokenCounter().by == "estimated: characters / 4"


def test_a_folder_without_a_tokenizer_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UsageError, match="cannot be loaded") as caught:
        TokenCounter(str(tmp_path)).check()
    assert "\n" not in str(caught.value)
