"""Chat templates that open or end thinking, at token level: against a small server whose tokens are characters."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from s1m.benchmarks.digits import Digits
from s1m.engines.chat import ChatEngine
from s1m.engines.vllm import VllmEngine
from s1m.errors import EngineUnavailable
from s1m.files.tasks import gathered
from s1m.forcing import Forcing, drive, independent_sweep, nested_sweep
from s1m.types import Completion, Piece, RequestOptions, Step, Trace
from tests.engines.asking import GREEDY, problem, servers
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer
from tests.vllm_server import MODEL, serving

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


@pytest.mark.vllm
@pytest.mark.timeout(400)
def test_a_real_vllm_opens_thinking_once_and_refuses_a_closed_thought(tmp_path: Path) -> None:
    # The bundled template opens nothing; this one opens thinking without a line break, or ends an empty thought.
    original = Path(MODEL, "chat_template.jinja").read_text(encoding="utf-8")
    header = "<|im_start|>assistant\n"
    thinking = "{% if enable_thinking is defined and enable_thinking %}<think>{% else %}<think>\n\n</think>{% endif %}"
    before, _, after = original.rpartition(header)
    template = tmp_path / "thinks.jinja"
    template.write_text(before + header + thinking + after, encoding="utf-8")
    problems = Digits().load(split="test", limit=4, data=None)
    forcing = Forcing(num_ignore=(0, 1, 2), ignore_strings=("Wait,",), max_thinking_tokens=200, max_answer_tokens=8)

    async def sweeps(url: str, **options: Any) -> tuple[list[Trace], list[Trace]]:
        engine = VllmEngine(servers(url, start_seconds=30.0), options=RequestOptions(**options))

        async def traces(flow: Any) -> list[Trace]:
            return await gathered(drive(flow(forcing, 0), each, engine, GREEDY) for each in problems)

        try:
            await engine.ready()
            prompts = await engine._prompts.get()
            assert prompts is not None
            if options:
                (prompt,) = {(await prompts.prompt(each)).ending[-20:] for each in problems}
                assert prompt.endswith("assistant\n<think>")
            return await traces(nested_sweep), await traces(independent_sweep)
        finally:
            await engine.close()

    async def chat(url: str, template: dict[str, Any]) -> list[Trace]:
        engine = ChatEngine(servers(url, start_seconds=30.0), options=RequestOptions(template=template))
        try:
            return await gathered(drive(nested_sweep(forcing, 0), each, engine, GREEDY) for each in problems)
        finally:
            await engine.close()

    with serving("--", "--chat-template", str(template)) as url:
        nested, independent = asyncio.run(sweeps(url, template={"enable_thinking": True}))
        with pytest.raises(EngineUnavailable, match="add --template-kwargs enable_thinking=true"):
            asyncio.run(sweeps(url))
        on, off = asyncio.run(chat(url, {"enable_thinking": True})), asyncio.run(chat(url, {}))
    for one, other in zip(nested, independent, strict=True):
        assert [answer.text for answer in one.answers] == [answer.text for answer in other.answers]
        longest = max(other.chains, key=len)
        assert [segment.token_ids for segment in one.chains[0]] == [segment.token_ids for segment in longest]
        assert "<think>" not in one.chains[0][0].text
    # The chat endpoint continues a turn without the end of the generation prompt, which opens or ends thinking.
    assert [trace.chains[0][0].text for trace in on] == [trace.chains[0][0].text for trace in off]
    assert {segment.stop for trace in on for segment in trace.chains[0]} == {"closed"}
