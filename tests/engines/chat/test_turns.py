"""How turns are sent to servers whose chat template opens thinking, against prompts that a real llama.cpp reported."""

from __future__ import annotations

import pytest

from s1m.engines.chat.turns import CONTINUED, Opened, sent_turn
from s1m.errors import EngineUnavailable

QWEN = Opened(opening="<think>\n", closing="\n</think>\n\n", repeated=True)
GLM = Opened(opening="<think>", closing="</think>\n", prompt_opens=False, repeated=True)
HEADLESS = Opened(opening="<think>\n")


def test_turn_is_sent_whole_where_nothing_else_opens_thinking() -> None:
    sent = sent_turn("<think>\nI add", None)
    assert (sent.message["content"], sent.fields, sent.start) == ("<think>\nI add", CONTINUED, "<think>\nI add")


@pytest.mark.parametrize(
    ("opened", "turn", "message", "form", "start"),
    [
        (HEADLESS, "<think>\n", None, None, ""),
        (HEADLESS, "<think>\nI add", ("I add", None), True, "I add"),
        (HEADLESS, "<think>I</think>\nSo", ("I</think>\nSo", None), True, "I</think>\nSo"),
        (HEADLESS, "I add", ("I add", None), True, "I add"),
        (QWEN, "<think>\n", None, None, "<think>\n"),
        (QWEN, "<think>\nI\n", ("", "I\n"), "reasoning_content", "<think>\nI\n"),
        (QWEN, "<think>\nI\n</think>\nSo ", ("So ", "I"), "content", "<think>\nI\n</think>\n\nSo "),
        (QWEN, "<think>\nI</think>", ("", "I"), "content", "<think>\nI\n</think>\n\n"),
        (GLM, "<think>\n", ("", "\n"), "reasoning_content", "<think>\n"),
        (GLM, "<think>\nI</think>\nSo", ("So", "\nI"), "content", "<think>\nI</think>\nSo"),
    ],
)
def test_turn_is_sent_without_what_the_template_writes(
    opened: Opened, turn: str, message: tuple[str, str | None] | None, form: str | bool | None, start: str
) -> None:
    sent = sent_turn(turn, opened)
    assert sent.start == start
    assert sent.fields.get("continue_final_message") == form
    given = (sent.message["content"], sent.message.get("reasoning_content")) if sent.message else None
    assert given == message


def test_empty_thought_that_the_server_cannot_begin_is_refused() -> None:
    opened = Opened(opening="<think>\n", closing="\n</think>\n\n", prompt_opens=False, repeated=True)
    with pytest.raises(EngineUnavailable, match="use --engine llamacpp"):
        sent_turn("<think>\n", opened)


def test_run_with_delimiters_of_another_family_is_refused_with_those_of_the_template() -> None:
    with pytest.raises(EngineUnavailable, match=r"--thinking-open '<think>' --thinking-close '</think>'"):
        sent_turn("[THINK]I add", QWEN)
