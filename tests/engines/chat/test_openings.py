"""Which form of a turn is right is read from prompts; these are what llama.cpp reported for templates that think."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from s1m.engines.chat import ChatEngine
from s1m.engines.chat.openings import find_opened
from s1m.engines.chat.reply import Probed
from s1m.engines.chat.turns import Opened
from s1m.types import RequestOptions
from tests.engines.asking import GREEDY, ask, problem, says, servers, step
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer, chat_model, is_probe, models

HEADER = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def writes(
    opening: str, closing: str, *, opens: bool = True, splits: bool = True, closed: str = "", shown: str = ""
) -> Any:
    """What a server with such a template says of a request: ``splits`` and shows its delimiters in a reply or not."""

    def said(message: Mapping[str, Any], fields: Mapping[str, Any]) -> tuple[str, str] | None:
        form, content = fields.get("continue_final_message"), message.get("content", "")
        thinking = message.get("reasoning_content", "")
        bare = (opening if opens else "") or closed
        if form is None:
            return HEADER + bare, (opening if splits and opens else "")
        if not splits:
            return HEADER + bare + content, content
        turn = opening + thinking if form == "reasoning_content" else opening + thinking + closing + content
        return HEADER + turn, shown + turn

    return said


def opening_of(said: Any) -> Opened | None:
    async def asks(message: Mapping[str, Any], fields: Mapping[str, Any]) -> Probed | None:
        prompt_and_reply = said(message, fields)
        if prompt_and_reply is None:
            return None
        prompt, reply = prompt_and_reply
        return Probed(text=reply + "4", prompt=prompt, prompt_tokens=9, completion_tokens=1)

    return asyncio.run(find_opened(asks))


@pytest.mark.parametrize(
    ("said", "opened"),
    [
        (writes("<think>\n", "\n</think>\n\n"), Opened(opening="<think>\n", closing="\n</think>\n\n", repeated=True)),
        (writes("<think>\n", "", splits=False), Opened(opening="<think>\n")),
        (
            writes("<think>", "</think>\n", opens=False),
            Opened(opening="<think>", closing="</think>\n", prompt_opens=False, repeated=True),
        ),
        (
            writes("<|channel>thought\n", "<channel|>", opens=False),
            Opened(opening="<|channel>thought\n", closing="<channel|>", prompt_opens=False, repeated=True),
        ),
        (writes("", "", splits=False, closed="<think>\n\n</think>\n\n"), None),
        (writes("<think>\n\n</think>\n\n<think>\n", "\n</think>\n\n", opens=False), None),
        (writes("<think>\n", "[/THINK]"), None),
        (writes("<think>\n", "\n</think>\n\n", shown="!"), None),
        (lambda message, fields: None, None),
        (lambda message, fields: ("", "A A A"), None),
    ],
    ids=[
        "two parts",
        "opening left out",
        "no line break",
        "channel",
        "off",
        "after a closed thought",
        "other closing",
        "changed",
        "refused",
        "no prompt",
    ],
)
def test_form_of_a_turn_is_the_one_whose_prompt_is_right(said: Any, opened: Opened | None) -> None:
    assert opening_of(said) == opened


def llama_cpp_that_opens() -> Behaviour:
    """llama.cpp's chat with a template that opens thinking: a turn that is sent whole follows an empty thought."""
    said = writes("<think>\n", "\n</think>\n\n")

    def behave(request: Request) -> Answer:
        if request.method == "GET":
            return models("small")
        if request.path == "/tokenize":
            return Answer(status=404)
        messages = request.body["messages"]
        message = messages[1] if len(messages) > 1 else {}
        form = request.body.get("continue_final_message")
        if form is True:  # sent whole, it follows an empty thought
            turn = "<think>\n\n</think>\n\n" + message["content"]
            prompt, reply = HEADER + turn, turn
        else:
            prompt, reply = said(message, {"continue_final_message": form})
        body = {
            "choices": [{"message": {"content": reply + " four"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": len(prompt.split()), "completion_tokens": 1},
            "__verbose": {"prompt": prompt, "stopping_word": ""},
        }
        return answer(body)

    return behave


def test_sweep_step_on_a_template_that_opens_thinking_sends_each_part_apart() -> None:
    with ChatServer(llama_cpp_that_opens()) as server:
        turns = (step("<think>\n"), step("<think>\n", "I add"), step("<think>\n", "I add", "</think>\nSo", stop=()))
        assert [each.text for each in ask(server, *turns)] == [" four"] * 3
    assert [body["messages"][1:] for body in server.bodies()[-3:]] == [
        [],
        [{"role": "assistant", "content": "", "reasoning_content": "I add"}],
        [{"role": "assistant", "content": "So", "reasoning_content": "I add"}],
    ]


def test_options_of_the_template_are_those_that_the_check_is_made_with() -> None:
    async def main(url: str) -> None:
        engine = ChatEngine(servers(url), "m", options=RequestOptions(template={"enable_thinking": True}))
        await engine.generate(problem(), step("<think>\n"), GREEDY)
        await engine.close()

    with ChatServer(chat_model(says(" four"))) as server:
        asyncio.run(main(server.url))
    assert any(map(is_probe, server.requests))
    assert all(each.body["chat_template_kwargs"] == {"enable_thinking": True} for each in server.requests)
