"""Delimiters, end-of-turn marks and answer wrappers: complete, unambiguous, and spelled in one place."""

from __future__ import annotations

import re
from itertools import permutations
from pathlib import Path

import pytest

import s1m
from s1m.families import (
    ANSWER_WRAPPERS,
    DEFAULT,
    END_OF_TURN_MARKS,
    THINKING_DELIMITERS,
    Delimiters,
    after_thinking,
    without_end_of_turn,
)


@pytest.mark.parametrize("delimiters", THINKING_DELIMITERS, ids=lambda each: each.opening)
def test_the_answer_is_what_follows_thinking_in_any_familys_delimiters(delimiters: Delimiters) -> None:
    assert after_thinking(delimiters.around("3 + 4, or B.", "7")).strip() == "7"
    assert after_thinking(delimiters.around("3 + 4", "7").swapcase()).strip() == "7"


def test_text_without_a_closing_delimiter_is_returned_whole() -> None:
    assert after_thinking("<think>\nB, or C") == "<think>\nB, or C"
    assert after_thinking("") == ""


def test_what_follows_the_last_of_several_thoughts_is_the_answer() -> None:
    assert after_thinking("<think>a</think>b<think>c</think>\n\nd") == "\n\nd"


def test_no_delimiter_is_the_beginning_of_another() -> None:
    marks = [mark for each in THINKING_DELIMITERS for mark in (each.opening, each.closing)]
    assert not [pair for pair in permutations(marks, 2) if pair[0].startswith(pair[1])]


@pytest.mark.parametrize("mark", END_OF_TURN_MARKS)
def test_end_of_turn_marks_are_removed_from_the_end_alone(mark: str) -> None:
    assert without_end_of_turn(f"B{mark}") == "B"
    assert without_end_of_turn(f"B{mark}{END_OF_TURN_MARKS[0]}{mark}") == "B"
    assert without_end_of_turn(f"{mark}B") == f"{mark}B"


def test_every_wrapper_has_two_different_ends() -> None:
    assert all(wrapper.opening and wrapper.closing not in ("", wrapper.opening) for wrapper in ANSWER_WRAPPERS)


def test_the_default_delimiters_are_spelled_in_no_other_code() -> None:
    # Docstrings and comments may show them; a string of the code that holds nothing else may not.
    spelled = re.compile(rf"""["'](?:{re.escape(DEFAULT.opening)}|{re.escape(DEFAULT.closing)})(?:\\n)?["']""")
    root = Path(s1m.__file__).parent
    spelling = {path.relative_to(root).as_posix() for path in root.rglob("*.py") if spelled.search(path.read_text())}
    # The tokens of an untrained tokenizer are a vocabulary, given in full; the plugin in vLLM imports no families.
    assert spelling <= {"families/thinking.py", "train/model/untrained.py", "vllm_plugin/wishes.py"}
