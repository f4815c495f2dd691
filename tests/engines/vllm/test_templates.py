"""Chat templates that open or end thinking, at token level: against a small server whose tokens are characters."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from s1m.engines.vllm import VllmEngine
from s1m.errors import EngineUnavailable
from s1m.types import Completion, Piece, RequestOptions, Step
from tests.engines.asking import GREEDY, problem, servers
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer

STEP = Step(prefix=(Piece(text="<think>\n"),), stop=("</think>",), max_tokens=16)


def ids(text: str) -> list[int]:
    return [ord(character) for character in text]


def vllm(ends: str, *, switched: str = "", switch: str = "enable_thinking") -> Behaviour:
    """A server whose generation prompt ends with ``ends``, or with ``switched`` where ``switch`` is on."""

    def rendered(body: dict[str, Any]) -> str:
        on = body.get("chat_template_kwargs", {}).get(switch)
        turns = "".join(f"[{each['role']}]{each['content']}" for each in body["messages"])
        return f"{turns}[assistant]\n{switched if on else ends}"

    def behave(request: Request) -> Answer:
        body = request.body
        if request.path.endswith("/render"):
            text_only = isinstance(body["messages"][0]["content"], str)
            return answer(
                {"token_ids": ids("x")} if text_only else {"error": {"message": "no images"}}, 200 if text_only else 400
            )
        if request.path == "/tokenize":
            return answer({"tokens": ids(body["prompt"] if "prompt" in body else rendered(body))})
        if request.path == "/detokenize":
            return answer({"prompt": "".join(map(chr, body["tokens"]))})
        choice = {"token_ids": ids("ok"), "text": "ok", "finish_reason": "length"}
        return answer({"choices": [choice], "prompt_token_ids": body["token_ids"]})

    return behave


def prompt_of(behaviour: Behaviour, step: Step = STEP, **options: Any) -> str:
    """What the server was given to continue."""

    async def go(url: str) -> Completion:
        engine = VllmEngine(servers(url), "m", options=RequestOptions(**options))
        try:
            return await engine.generate(problem(), step, GREEDY)
        finally:
            await engine.close()

    with ChatServer(behaviour) as server:
        asyncio.run(go(server.url))
        asked = [request.body for request in server.requests if request.path.endswith("/generate")]
    return "".join(map(chr, asked[-1]["token_ids"]))


@pytest.mark.parametrize("ends", ["<think>", "<think>\n", "<think>\n\n"])
@pytest.mark.parametrize("opening", ["<think>", "<think>\n"])
def test_thinking_that_the_template_opens_is_not_opened_again(ends: str, opening: str) -> None:
    step = Step(prefix=(Piece(text=opening), Piece(text="a", token_ids=(97,))), stop=("</think>",), max_tokens=4)
    assert prompt_of(vllm(ends), step) == f"[user]How many?[assistant]\n{ends}a"


def test_thinking_that_the_template_leaves_is_opened() -> None:
    assert prompt_of(vllm("")) == "[user]How many?[assistant]\n<think>\n"


@pytest.mark.parametrize("switch", ["enable_thinking", "thinking"])
def test_thinking_that_is_off_names_the_option_that_the_template_takes(switch: str) -> None:
    behaviour = vllm("<think>\n\n</think>\n\n", switched="<think>\n", switch=switch)
    with pytest.raises(EngineUnavailable, match=f"add --template-kwargs {switch}=true"):
        prompt_of(behaviour)
    assert prompt_of(behaviour, template={switch: True}) == "[user]How many?[assistant]\n<think>\n"


def test_a_template_that_always_ends_thinking_is_refused() -> None:
    closed = "<think></think>"
    with pytest.raises(EngineUnavailable, match="no known option switches it on"):
        prompt_of(vllm(closed, switched=closed))


def test_a_system_prompt_is_rendered_by_the_server() -> None:
    assert prompt_of(vllm(""), system_prompt="Count.").startswith("[system]Count.[user]How many?")
