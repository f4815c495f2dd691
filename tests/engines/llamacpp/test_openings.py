"""Chat continuation on a real llama.cpp server whose template opens thinking: each form reads as the turn it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from operator import eq
from pathlib import Path

import pytest

from s1m.benchmarks import find_benchmark
from s1m.engines.chat import ChatEngine
from s1m.engines.chat.continuation import check_continuation
from s1m.engines.chat.prefill import Prefill
from s1m.engines.chat.protocol import chat_request
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.llamacpp import LlamaCppEngine
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Engine, Problem, RequestOptions, Trace
from tests.engines.asking import GREEDY, servers, step
from tests.llamacpp_server import DIGITS, serving
from tests.vllm_server import ask

pytestmark = [pytest.mark.llamacpp, pytest.mark.timeout(600)]

TURNS = (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"  # as the bundled model was trained
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.role == 'assistant' and message.reasoning_content %}OPEN{{ message.reasoning_content }}CLOSE"
    "{% endif %}{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\nBEGIN{% endif %}"
)
SWITCHED = (
    "{% if enable_thinking is defined and enable_thinking %}<think>\n{% else %}<think>\n\n</think>\n\n{% endif %}"
)
TEMPLATES = {
    "opens and shows no thinking": TURNS.replace("OPEN", "").replace("CLOSE", "").replace("BEGIN", SWITCHED),
    "opens": TURNS.replace("OPEN", "<think>\n").replace("CLOSE", "\n</think>\n\n").replace("BEGIN", "<think>\n"),
    "opens without a line break": TURNS.replace("OPEN", "<think>").replace("CLOSE", "</think>").replace("BEGIN", ""),
}
"""In the manner of Qwen3.5's with an old and with a new llama.cpp, and of GLM-4.6's."""
ON = RequestOptions(template={"enable_thinking": True})
PROBLEMS = find_benchmark("digits").load(split="test", limit=16, data=None)


@pytest.fixture(scope="module", params=TEMPLATES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    template = tmp_path_factory.mktemp("template") / "chat.jinja"
    template.write_text(TEMPLATES[request.param])
    with serving(*DIGITS, "--chat-template-file", str(template)) as url:
        yield url


DROPS = (
    TURNS.replace("OPEN", "")
    .replace("CLOSE", "")
    .replace("BEGIN", "")
    .replace(
        "{{ message.content }}",
        "{% if message.role == 'assistant' %}{{ message.content.split('</think>')[-1] }}{% else %}{{ message.content }}"
        "{% endif %}",
    )
)
"""Drops the thinking of every turn that it renders, in the manner of DeepSeek-R1's."""


def swept(engine: Engine) -> list[Trace]:
    forcing = Forcing(num_ignore=(0, 1, 2), ignore_strings=("Wait,",), max_thinking_tokens=512, max_answer_tokens=16)

    async def work() -> list[Trace]:
        try:
            return await asyncio.gather(*(drive(nested_sweep(forcing, 0), each, engine, GREEDY) for each in PROBLEMS))
        finally:
            await engine.close()

    return asyncio.run(work())


@pytest.fixture(scope="module")
def local() -> list[list[str]]:
    """The thoughts of the embedded engine."""
    return thoughts(swept(EmbeddedEngine("bundled")))


def thoughts(traces: list[Trace]) -> list[list[str]]:
    return [[segment.text for segment in trace.chains[0]] for trace in traces]


@pytest.mark.parametrize("engine", [ChatEngine, LlamaCppEngine])
def test_chains_are_those_of_the_embedded_engine_and_every_thought_closes(
    engine: type[ChatEngine] | type[LlamaCppEngine], url: str, local: list[list[str]]
) -> None:
    served = swept(engine(servers(url, timeout_seconds=120.0), options=ON))
    assert sum(map(eq, thoughts(served), local)) >= 0.95 * len(PROBLEMS)
    assert {segment.stop for trace in served for segment in trace.chains[0]} == {"closed"}
    assert all(answer.text.strip() for trace in served for answer in trace.answers)


@pytest.mark.parametrize("engine", [ChatEngine, LlamaCppEngine])
def test_template_that_drops_thinking_from_turns_is_never_given_the_turn(
    engine: type[ChatEngine] | type[LlamaCppEngine], tmp_path: Path, local: list[list[str]]
) -> None:
    template = tmp_path / "chat.jinja"
    template.write_text(DROPS)
    with serving(*DIGITS, "--chat-template-file", str(template)) as url:
        served = swept(engine(servers(url, timeout_seconds=120.0)))
    assert sum(map(eq, thoughts(served), local)) >= 0.95 * len(PROBLEMS)


@pytest.mark.parametrize(
    ("turn", "ending"),
    [
        ("<think>\n", ""),
        ("<think>\nI read 12.", "I read 12."),
        ("<think>\nI read 12.\n</think>\nFinal answer: ", "Final answer: "),
    ],
)
def test_prompt_that_the_server_reports_opens_thinking_once_and_closes_none_before(
    turn: str, ending: str, url: str
) -> None:
    async def check() -> Prefill:
        asked = servers(url, timeout_seconds=60.0)
        try:
            return await check_continuation(asked, asked.reachable()[0], "m", ON.template)
        finally:
            await asked.close()

    prefill = asyncio.run(check())
    body = chat_request(
        model="m",
        problem=Problem(id="hi", question="Hi", images=(), gold=""),
        images=(),
        prefix=turn,
        step=step(turn),
        sampling=GREEDY,
        options=ON,
        prefill=prefill,
    )
    prompt = json.loads(ask(f"{url}/chat/completions", body | prefill.fields_for(GREEDY)).text)["__verbose"]["prompt"]
    assert prompt.count("<think>") == 1
    assert prompt.count("</think>") == turn.count("</think>")
    assert prompt.endswith(ending)
    written = prompt.rpartition("<|im_start|>assistant\n")[2]
    assert written.split() == turn.split()
