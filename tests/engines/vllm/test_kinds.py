"""Real vLLM on a checkpoint for every way of treating thinking: template read by the server, thinking opened once.

Kinds that share a tokenizer share a server, whose template takes the kind as an option.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from s1m.benchmarks.digits import Digits
from s1m.engines.chat import ChatEngine
from s1m.engines.vllm import VllmEngine
from s1m.engines.vllm.template import read_served_template
from s1m.errors import EngineUnavailable
from s1m.files.tasks import gathered
from s1m.forcing import Forcing, drive, independent_sweep, nested_sweep
from s1m.types import RequestOptions, Trace
from tests.engines.asking import GREEDY, servers
from tests.thinking_checkpoints import KINDS, Kind, write_checkpoint
from tests.vllm_server import MODEL, serving

PROBLEMS = Digits().load(split="test", limit=3, data=None)
PLAIN = {name: kind for name, kind in KINDS.items() if not kind.renamed}
SWITCHED = {"enable_thinking": True}
RENAMED = [name for name, kind in KINDS.items() if kind.renamed]


def choosing(kinds: Mapping[str, Kind]) -> str:
    """A template that has the kind as its option."""
    first, *_ = kinds.values()
    cases = "".join(f"{{% elif behaviour == '{name}' %}}{kind.template}" for name, kind in kinds.items())
    return f"{{% if behaviour is not defined %}}{first.template}{cases}{{% endif %}}"


async def check(url: str, kind: Kind, **options: Any) -> None:
    """Read the template through the server, sweep, and see that thinking is opened once and chains are the same."""
    asked = RequestOptions(template={**kind.options, **options})
    read = await read_served_template(servers(url), await model_of(url), asked)
    assert read is not None
    assert read.reading.delimiters is not None
    assert (read.reading.opening, read.reading.delimiters.closing) == (kind.opening, kind.closing)
    assert read.reading.keeps_earlier is not kind.drops
    forcing = Forcing(
        num_ignore=(0, 1, 2),
        ignore_strings=("Wait,",),
        max_thinking_tokens=200,
        max_answer_tokens=8,
        thinking_open=read.reading.opening,
        thinking_close=read.reading.delimiters.closing,
    )
    engine = VllmEngine(servers(url, start_seconds=30.0), options=asked)
    try:
        await engine.ready()
        nested, independent = [await traces(engine, flow, forcing) for flow in (nested_sweep, independent_sweep)]
        await check_opened_once(engine, forcing, nested)
    finally:
        await engine.close()
    for one, other in zip(nested, independent, strict=True):
        assert [answer.text for answer in one.answers] == [answer.text for answer in other.answers]
        longest = max(other.chains, key=len)
        assert [(s.text, s.token_ids) for s in one.chains[0]] == [(s.text, s.token_ids) for s in longest]
        assert {segment.stop for segment in one.chains[0]} == {"closed"}


async def model_of(url: str) -> str:
    engine = VllmEngine(servers(url, start_seconds=30.0))
    try:
        return await engine.served_model()
    finally:
        await engine.close()


async def traces(engine: VllmEngine, flow: Any, forcing: Forcing) -> list[Trace]:
    # where one fails, the others end before the engine is closed, and open no connection after it
    return await gathered(drive(flow(forcing, 0), each, engine, GREEDY) for each in PROBLEMS)


async def check_opened_once(engine: VllmEngine, forcing: Forcing, nested: list[Trace]) -> None:
    """Prompt and chains hold the opening once between them, and the ids of every chain spell its text."""
    prompts = await engine._prompts.get()
    assert prompts is not None
    opening = forcing.thinking_open.strip()
    for problem, trace in zip(PROBLEMS, nested, strict=True):
        in_prompt = (await prompts.prompt(problem)).ending.count(opening)
        written = "".join(segment.text for segment in trace.chains[0])
        assert in_prompt <= 1
        assert opening not in written
        assert forcing.thinking_close not in written
        for segment in trace.chains[0]:
            assert segment.token_ids
            assert await prompts.read(segment.token_ids) == segment.text


@pytest.mark.vllm
@pytest.mark.timeout(400)
def test_kinds_that_share_their_delimiters(tmp_path: Path) -> None:
    template = tmp_path / "thinks.jinja"
    template.write_text(choosing(PLAIN), encoding="utf-8")
    with serving("--", "--chat-template", str(template), model=MODEL) as url:
        for name, kind in PLAIN.items():
            asyncio.run(check(url, kind, behaviour=name))
        with pytest.raises(EngineUnavailable, match="add --template-kwargs enable_thinking=true"):
            asyncio.run(unswitched(url, behaviour="closes an empty thought"))
        on, off = [asyncio.run(chat(url, behaviour="closes an empty thought", **more)) for more in (SWITCHED, {})]
    # The chat endpoint continues a turn without the end of the generation prompt, which opens or ends thinking.
    assert [trace.chains[0][0].text for trace in on] == [trace.chains[0][0].text for trace in off]
    assert {segment.stop for trace in on for segment in trace.chains[0]} == {"closed"}


async def chat(url: str, **options: Any) -> list[Trace]:
    """A forced sweep through the chat endpoint."""
    engine = ChatEngine(servers(url, start_seconds=30.0), options=RequestOptions(template=options))
    forcing = Forcing(num_ignore=(0, 1, 2), ignore_strings=("Wait,",), max_thinking_tokens=200, max_answer_tokens=8)
    try:
        return await gathered(drive(nested_sweep(forcing, 0), each, engine, GREEDY) for each in PROBLEMS)
    finally:
        await engine.close()


async def unswitched(url: str, **options: Any) -> None:
    engine = VllmEngine(servers(url), options=RequestOptions(template=options))
    forcing = Forcing(num_ignore=(0,), ignore_strings=("Wait,",), max_thinking_tokens=9, max_answer_tokens=2)
    try:
        await traces(engine, nested_sweep, forcing)
    finally:
        await engine.close()


@pytest.mark.vllm
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", RENAMED)
def test_kinds_with_delimiters_of_their_own(name: str, tmp_path: Path) -> None:
    kind, folder = KINDS[name], write_checkpoint(KINDS[name], tmp_path / "checkpoint")
    with serving(model=str(folder)) as url:
        asyncio.run(check(url, kind))
