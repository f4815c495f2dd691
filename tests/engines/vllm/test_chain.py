"""A chain in one request: the same trace as a request a segment, whatever the model writes and the network does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from s1m.engines.vllm import VllmEngine
from s1m.engines.vllm.chain import Plan, occurrences, split_text
from s1m.engines.vllm.protocol import GeneratedChoice
from s1m.forcing import Forcing, drive, follow, nested_sweep
from s1m.forcing.events import ThinkingText
from s1m.types import Completion, Piece, Step, Trace
from tests.engines.asking import GREEDY, problem, servers
from tests.engines.chat_server import ChatServer
from tests.engines.vllm.token_server import TokenServer

FORCING = Forcing(
    num_ignore=(0, 1, 3), ignore_strings=("Wait,",), max_thinking_tokens=400, max_answer_tokens=8, chunk_tokens=16
)
LOOK = ("I look at it.\n",)
LOOPING = ("so it is four and then again ", "so it is four and then again " * 40)


def traced(server: TokenServer, forcing: Forcing = FORCING) -> tuple[Trace, str]:
    """The trace of a nested sweep against a server, and how the engine says that it works."""

    async def go(url: str) -> tuple[Trace, str]:
        engine = VllmEngine(servers(url), "m")
        try:
            await engine.ready()
            return await drive(nested_sweep(forcing, 0), problem(), engine, GREEDY), engine.how
        finally:
            await engine.close()

    with ChatServer(server) as listening:
        return asyncio.run(go(listening.url))


def thinking(server: TokenServer) -> list[dict[str, Any]]:
    """The requests for thinking."""
    return [body for body in server.generated if body["sampling_params"]["max_tokens"] != 8]


@pytest.mark.parametrize(
    ("texts", "chains"),
    [
        (LOOK, 1),
        (("I look.\n", "Wait,", "but no.\n"), 1),  # it writes the ignore string itself
        (("I look Wait,", "and Wait,", "end.\n"), 1),
        (("", "x"), 1),
        (("I end my turn!", "and so.\n"), 3),  # an early end of turn is the client's to judge
        (("so\nThe answer is 7!", "more.\n"), 3),
        (("this </ think> is misspelt\n", "more.\n"), 4),
        (("one long thought. " * 9, "and another one\n", "third " * 30), 1),
    ],
)
def test_a_chain_of_one_request_is_that_of_a_request_a_segment(texts: tuple[str, ...], chains: int) -> None:
    inside, streaming, chunking = (
        TokenServer(texts), TokenServer(texts, plugin=False), TokenServer(texts, plugin=False, streams=False)
    )  # fmt: skip
    forced, how = traced(inside)
    streamed, _ = traced(streaming)
    chunked, nothing = traced(chunking)
    assert how == "thinking is forced inside the server: a chain is one request"
    assert nothing == ""
    assert forced == streamed
    assert texts_of(forced) == texts_of(chunked)
    assert len(thinking(inside)) <= chains
    assert len(thinking(inside)) < len(thinking(streaming)) <= len(thinking(chunking)) or len(forced.chains[0]) == 1


def texts_of(trace: Trace) -> list[Any]:
    """Everything of a trace that does not count tokens of what was cut away."""
    segments = [(s.injected, s.text, s.stop, s.flaws, s.said) for s in trace.chains[0]]
    return [segments, [replace(answer, logprob=None) for answer in trace.answers]]


def test_a_segment_is_one_request_where_the_server_streams() -> None:
    server = TokenServer(LOOK, plugin=False)
    trace, how = traced(server)
    assert how == "thinking is streamed: a segment is one request"
    assert [segment.stop for segment in trace.chains[0]] == ["closed"] * 4
    assert len(thinking(server)) == 4


@pytest.mark.parametrize("plugin", [True, False])
def test_a_loop_ends_its_request_and_is_cut_and_mended(plugin: bool) -> None:
    server = TokenServer(LOOPING, plugin=plugin)
    trace, _ = traced(server, replace(FORCING, max_thinking_tokens=2000, num_ignore=(1,)))
    assert [segment.stop for segment in trace.chains[0]] == ["closed", "looped"]
    assert trace.chains[0][1].flaws == ("looped",)
    assert trace.chains[0][1].tokens < 800


@pytest.mark.parametrize("plugin", [True, False])
@pytest.mark.parametrize("texts", [LOOK, ("I look Wait,", "and Wait,", "end.\n"), ("a rather long thought " * 12,)])
def test_a_stream_that_breaks_is_gone_on_with(texts: tuple[str, ...], plugin: bool) -> None:
    whole, _ = traced(TokenServer(texts, plugin=plugin))
    server = TokenServer(texts, plugin=plugin, breaks=3)
    broken, _ = traced(server)
    assert broken == whole
    assert server.breaks == 0
    assert len({tuple(body["token_ids"]) for body in server.generated}) > len(whole.answers)


def test_a_chain_that_is_gone_on_with_is_drawn_where_it_was() -> None:
    server = TokenServer(("a rather long thought " * 12,), breaks=3)
    traced(server)
    first, *more = thinking(server)
    drawn = [body["sampling_params"]["extra_args"]["drawn_before"] for body in more]
    assert [len(body["token_ids"]) - len(first["token_ids"]) for body in more] == drawn
    assert max(drawn) > 0
    seeds = {tuple(body["sampling_params"]["extra_args"]["forcing_seed"]) for body in (first, *more)}
    assert [len(each) for each in seeds] == [4]


def test_a_budget_holds_inside_the_server() -> None:
    server = TokenServer(("I look at it.\n",))
    trace, _ = traced(server, replace(FORCING, max_thinking_tokens=35, min_thinking_tokens=20))
    assert [(segment.tokens, segment.stop) for segment in trace.chains[0]] == [
        (14, "closed"),
        (14, "closed"),
        (7, "capped"),
    ]
    assert len(thinking(server)) == 1
    assert thinking(server)[0]["sampling_params"]["extra_args"]["min_thinking_tokens"] == 20


def test_a_delimiter_of_several_tokens_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    server = TokenServer(LOOK, close_tokens=3)
    trace, _ = traced(server)
    assert len(thinking(server)) > 1
    assert caplog.text.count("is 3 tokens of this model") == 1
    assert all("extra_args" not in body["sampling_params"] for body in server.generated)
    assert trace.chains[0][0].stop == "closed"


def test_text_that_somebody_listens_to_comes_as_it_is_written() -> None:
    async def heard(url: str) -> list[str]:
        engine = VllmEngine(servers(url), "m")
        try:
            flow = nested_sweep(FORCING, 0)
            return [
                event.text async for event in follow(flow, problem(), engine, GREEDY) if isinstance(event, ThinkingText)
            ]
        finally:
            await engine.close()

    server = TokenServer(("I look at it for a rather long time.\n",))
    with ChatServer(server) as listening:
        texts = asyncio.run(heard(listening.url))
    assert "".join(texts) == "I look at it for a rather long time.\n" * 4
    assert len(texts) > 20
    assert len(thinking(server)) == 4


def test_a_listener_ends_a_step_where_it_is() -> None:
    written: list[str] = []

    def enough(text: str) -> bool:
        written.append(text)
        return len("".join(written)) > 10

    async def go(url: str) -> Completion:
        engine = VllmEngine(servers(url), "m")
        try:
            step = Step(prefix=(Piece(text="<think>\n"),), stop=("</think>",), max_tokens=300, on_text=enough)
            return await engine.generate(problem(), step, GREEDY)
        finally:
            await engine.close()

    with ChatServer(TokenServer(("0123456789 " * 20,))) as listening:
        completion = asyncio.run(go(listening.url))
    assert completion.finish == "length"
    assert completion.text == "".join(written) == "0123456789 0"
    assert completion.tokens == 12


PLAN = Plan(close=9, ignores=((5, 6), (7,)), digits=tuple(range(20, 30)), min_tokens=0, max_tokens=50)


@pytest.mark.parametrize("ids", [[1, 2, 30], [20, 30], [1, 22, 20, 25, 30], [24, 20, 20, 30]])
def test_an_end_of_turn_without_a_report_is_none(ids: list[int]) -> None:
    choice = GeneratedChoice(token_ids=ids, text="", finish_reason="stop", stop_reason=None)
    assert PLAN.stretches(choice) is None


def test_a_text_is_split_only_where_every_ignore_string_is_ours() -> None:
    assert split_text("a Wait,b Wait,c", ["Wait,", "Wait,"]) == ["a ", "b ", "c"]
    assert split_text("a Wait,b", []) == ["a Wait,b"]
    assert split_text("a Wait,b Wait,c", ["Wait,"]) is None
    assert split_text("a Hm,b Wait,c", ["Wait,", "Hm,"]) is None
    assert occurrences("aaa", "aa") == 2
