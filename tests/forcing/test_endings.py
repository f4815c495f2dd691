"""Endings that are not as they should be, by the name under which they are repaired."""

from __future__ import annotations

import pytest

from s1m.forcing.choose import majority, settled
from s1m.forcing.endings import find_answered, find_ending, flaws_of


@pytest.mark.parametrize(
    "spelled", ["</ think>", "< /think>", "</THINK>", "&lt;/think&gt;", "[/think]", "</think >", "</\nthink>"]
)
def test_a_delimiter_as_ordinary_text_ends_the_thinking(spelled: str) -> None:
    ending = find_ending(f"I have it: 42. {spelled} So", "</think>")
    assert ending is not None
    assert (ending.start, ending.stop, ending.flaws) == (15, "closed", ("misspelt",))


@pytest.mark.parametrize("text", ["I think > 3", "a / think about it", "</thinking>", "<think>", "so / think >"])
def test_other_text_does_not(text: str) -> None:
    assert find_ending(text, "</think>") is None


def test_a_delimiter_without_brackets_is_left_alone() -> None:
    assert find_ending("the end is near", "END") is None


@pytest.mark.parametrize(
    ("text", "flaws"),
    [
        ("all is well", ()),
        ("<think>\nagain", ("reopened",)),
        ("  ", ("empty",)),
        ("", ("empty",)),
    ],
)
def test_flaws(text: str, flaws: tuple[str, ...]) -> None:
    assert flaws_of(text, "<think>\n") == flaws


@pytest.mark.parametrize("line", [r"So \boxed{42}.", "The final answer is 42.", " answer: 2", "<answer>B</answer>\n"])
def test_an_answer_in_the_last_line_is_cut(line: str) -> None:
    ending = find_answered(f"The answer is not far.\n{line}")
    assert ending is not None
    assert (ending.start, ending.stop, ending.flaws) == (23, "eos", ("answered",))


def test_an_answer_somewhere_else_is_not() -> None:
    assert find_answered("The answer is 42.\nLet me see") is None


def test_a_majority_is_of_what_answers_commit_to() -> None:
    assert majority(["7", "4", "4", None, None, None], [1.0] * 6) == 1
    assert majority(["7", "4", "4", "7"], [1.0] * 4) == 0
    assert majority([None, None], [1.0, 1.0]) == 0
    assert majority(["7", "4"], [1.0, 2.0]) == 1


def test_answers_settle_when_enough_in_a_row_agree() -> None:
    assert settled(["1", "2", "2", "3"], 2) == 2
    assert settled(["1", "2", "1", "2"], 2) is None
    assert settled([None, None, "1"], 2) is None
    assert settled(["1"], 1) == 0
    assert settled(["1", "1", "1"], 2, [-9.0, -0.1, -0.1], sure=0.5) == 2
