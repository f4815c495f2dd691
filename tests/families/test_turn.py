"""Thinking is opened once and never after a closed thought, whatever the generation prompt ends with."""

from __future__ import annotations

import pytest

from s1m.errors import EngineUnavailable
from s1m.families.turn import begun, ends_thinking, thinking_is_off
from s1m.types import Piece

HEADER = "<|im_start|>assistant\n"
OPEN = Piece(text="<think>\n")
WRITTEN = Piece(text="I add", token_ids=(1, 2))
STOP = ("</think>",)


@pytest.mark.parametrize("ending", ["<think>", "<think>\n", "<think>\n\n", "<|im_end|><think> "])
@pytest.mark.parametrize("opening", ["<think>", "<think>\n"])
def test_an_opening_that_the_template_wrote_is_not_written_again(ending: str, opening: str) -> None:
    assert begun(HEADER + ending, (Piece(text=opening), WRITTEN)) == (WRITTEN,)
    assert not ends_thinking(HEADER + ending, (Piece(text=opening),), STOP)


def test_an_opening_is_written_where_the_template_leaves_it_to_the_model() -> None:
    assert begun(HEADER, (OPEN, WRITTEN)) == (OPEN, WRITTEN)
    assert begun(HEADER, ()) == ()
    assert begun(HEADER + "<think>\n", (WRITTEN,)) == (WRITTEN,)


def test_images_shown_with_the_opening_are_kept() -> None:
    shown = Piece(text="<think>\n", images=True)
    assert begun("<think>", (shown,)) == (Piece(text="", images=True),)


@pytest.mark.parametrize(
    ("ending", "opening", "stop"),
    [
        ("<think>\n\n</think>\n\n", "<think>\n", ()),
        ("<think></think>\n", "<think>", STOP),
        ("</think>", "<think>\n", STOP),
        ("<|channel>thought\n<channel|>", "<|channel>thought\n", ("<channel|>",)),
        ("<|channel>thought\n<channel|>", "<think>\n", STOP),
        ("<mull>\n\n</mull>", "<mull>\n", ()),
        ("<think>\n\n</think>", "", STOP),
    ],
)
def test_a_thought_that_the_template_closed_is_seen(ending: str, opening: str, stop: tuple[str, ...]) -> None:
    assert ends_thinking(HEADER + ending, (Piece(text=opening),) if opening else (), stop)


@pytest.mark.parametrize(
    ("ending", "opening", "stop"),
    [
        ("", "<think>\n", STOP),
        ("<think>\n\n</think>\n\n", "", ()),  # a plain request: nothing is forced
        ("<think>\n\n</think>\n\n", "Reasoning: ", ("Answer:",)),  # delimiters of the user's own, in plain text
        ("<think>\n", "<think>\n", STOP),
    ],
)
def test_other_prompts_are_not_closed_thoughts(ending: str, opening: str, stop: tuple[str, ...]) -> None:
    assert not ends_thinking(HEADER + ending, (Piece(text=opening),) if opening else (), stop)


def test_a_prompt_opened_by_another_family_names_the_flags_to_give() -> None:
    with pytest.raises(EngineUnavailable, match=r"--thinking-open '\[THINK\]' --thinking-close '\[/THINK\]'"):
        begun(HEADER + "[THINK]", (OPEN,))


def test_the_refusal_names_the_option_that_the_template_takes() -> None:
    assert thinking_is_off({"thinking": True}).endswith("add --template-kwargs thinking=true")
    assert "no known option" in thinking_is_off({})
