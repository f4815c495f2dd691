"""Whole replies taken apart: thinking, answer, and the tokens of each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.families import DEFAULT
from s1m.families.replies import answer_tokens, count_thinking, parts_of

OPEN, CLOSE = DEFAULT.opening_line, DEFAULT.closing


@pytest.mark.parametrize(
    ("reply", "thinking", "answer", "closed"),
    [
        ("<think>\nI add.</think>7", "\nI add.", "7", True),
        ("I add.</think>7", "I add.", "7", True),  # the prompt has opened thinking
        ("<think>a</think>b<think>c</think>7", "a</think>b<think>c", "7", True),
        ("<think>a</think>b<think>c", "a</think>b<think>c", "", False),
        ("<think></think>I add.</think>7", "", "I add.</think>7", True),  # ended by a budget of the server
        ("<think>I add", "I add", "", False),
        ("7", "", "7", False),
        ("", "", "", False),
        ("<think></think>7", "", "7", True),
        ("<thought>I add.</thought>7", "I add.", "7", True),  # another family's
        ("[THINK]I add", "I add", "", False),
        ("Is <thought> a tag?", "", "Is <thought> a tag?", False),  # within the text it is a word
    ],
)
def test_a_reply_is_its_thinking_and_its_answer(reply: str, thinking: str, answer: str, closed: bool) -> None:
    parts = parts_of(reply, OPEN, CLOSE)
    assert (parts.thinking, parts.answer, parts.closed) == (thinking, answer, closed)
    assert reply[parts.start : parts.end] == thinking


@pytest.mark.parametrize(
    ("tokens", "thinking", "answer"),
    [
        (["<think>", "\n", "I", " add", "</think>", "7", "8"], 3, 2),
        (["<", "think", ">", "I", " add", "</", "think", ">", "7"], 2, 1),
        (["I", " add", "</think>", "7"], 2, 1),
        (["<think>", "I", " add"], 2, 0),
        (["7"], 0, 1),
        ([], 0, 0),
    ],
)
def test_tokens_of_the_delimiters_are_neither(tokens: list[str], thinking: int, answer: int) -> None:
    assert count_thinking(tokens, OPEN, CLOSE) == thinking
    assert answer_tokens(tokens, OPEN, CLOSE) == answer


@given(st.lists(st.sampled_from(["<think>", "</think>", "a", " b", "<thought>", "", "\n"]), max_size=12))
def test_no_token_is_counted_twice_and_no_text_is_invented(tokens: list[str]) -> None:
    reply = "".join(tokens)
    parts = parts_of(reply, OPEN, CLOSE)
    assert parts.thinking in reply
    assert parts.answer in reply
    assert count_thinking(tokens, OPEN, CLOSE) + answer_tokens(tokens, OPEN, CLOSE) <= len(tokens)
