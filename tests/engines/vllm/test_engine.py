"""The vllm engine against a real vLLM: exact to the token, each image sent once, nothing lost when it forgets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener
from urllib.request import Request as Outgoing

import pytest

from s1m.benchmarks import find_benchmark
from s1m.cli import main
from s1m.engines.chat import ChatEngine
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.vllm import VllmEngine
from s1m.errors import EngineError, PromptTooLong
from s1m.evaluate.store import load_run
from s1m.families.turn import begun
from s1m.forcing import Flow, Forcing, drive, independent_sweep, nested_sweep
from s1m.types import Completion, Engine, Piece, Problem, Step, Trace, Turn
from tests.engines.asking import GREEDY, servers
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer
from tests.vllm_server import ask

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(400)]

T = TypeVar("T")

PROBLEMS = find_benchmark("digits").load(split="test", limit=8, data=None)
OPEN = Piece(text="<think>\n")


def forcing(chunk_tokens: int = 512, close: str = "</think>") -> Forcing:
    return Forcing(
        num_ignore=(0, 1, 3),
        ignore_strings=("Wait,",),
        max_thinking_tokens=512,
        max_answer_tokens=16,
        chunk_tokens=chunk_tokens,
        thinking_close=close,
    )


def thinking(*pieces: Piece, max_tokens: int = 200, stop: str = "</think>") -> Step:
    return Step(prefix=(OPEN, *pieces), stop=(stop,), max_tokens=max_tokens, seed=1)


def using(engine: Engine, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    async def go() -> T:
        try:
            return await work()
        finally:
            await engine.close()

    return asyncio.run(go())


def sweeps(engine: Engine, flow: Callable[[], Flow], problems: Sequence[Problem] = PROBLEMS) -> list[Trace]:
    async def work() -> list[Trace]:
        return await asyncio.gather(*(drive(flow(), problem, engine, GREEDY) for problem in problems))

    return using(engine, work)


def in_order(engine: Engine, steps: Sequence[Step], problem: Problem = PROBLEMS[0]) -> list[Completion]:
    async def work() -> list[Completion]:
        return [await engine.generate(problem, step, GREEDY) for step in steps]

    return using(engine, work)


def bare(trace: Trace) -> Trace:
    """A trace without the probabilities of its answers, whose last bits depend on who does the sums."""
    return replace(trace, answers=tuple(replace(answer, logprob=None) for answer in trace.answers))


def probable(trace: Trace) -> list[float]:
    """The logarithms of the probabilities of the answers."""
    return [answer.logprob for answer in trace.answers if answer.logprob is not None]


def forwarding(url: str, instead: Callable[[Request], Answer | None] = lambda _: None) -> Behaviour:
    """A server that passes requests on to the real one, unless ``instead`` has an answer."""

    def behave(request: Request) -> Answer:
        mine = instead(request)
        if mine is not None:
            return mine
        data = json.dumps(request.body).encode() if request.method == "POST" else None
        outgoing = Outgoing(url.removesuffix("/v1") + request.path, data, {"Content-Type": "application/json"})
        try:
            with build_opener(ProxyHandler({})).open(outgoing, timeout=60) as reply:
                return Answer(status=reply.status, body=reply.read())
        except HTTPError as refusal:
            with refusal:
                return Answer(status=refusal.code, body=refusal.read())

    return behave


def asked(server: ChatServer, path: str) -> list[dict[str, Any]]:
    return [request.body for request in server.requests if request.path == path]


def images_sent(server: ChatServer) -> list[str]:
    """The hashes of the images whose data was sent, the stand-in of the check left out."""
    parts = [part for body in asked(server, "/inference/v1/generate")[1:] for part in body["content_parts"]]
    return [part["uuid"] for part in parts if "url" in part]


def test_thinking_in_small_chunks_is_the_same_token_for_token(vllm_url: str) -> None:
    whole = sweeps(VllmEngine(servers(vllm_url)), lambda: nested_sweep(forcing(), 0))
    chunking = VllmEngine(servers(vllm_url), streams=False)
    chunked = sweeps(chunking, lambda: nested_sweep(forcing(chunk_tokens=5), 0))
    streamed = sweeps(VllmEngine(servers(vllm_url), forces=False), lambda: nested_sweep(forcing(), 0))
    assert [bare(trace) for trace in chunked] == [bare(trace) for trace in whole]
    assert [bare(trace) for trace in streamed] == [bare(trace) for trace in whole]
    assert all(segment.token_ids for trace in whole for segment in trace.chains[0])
    assert {segment.stop for trace in whole for segment in trace.chains[0]} == {"closed"}


def test_nested_and_independent_sweeps_agree_token_for_token(vllm_url: str) -> None:
    nested = sweeps(VllmEngine(servers(vllm_url)), lambda: nested_sweep(forcing(), 0))
    independent = sweeps(VllmEngine(servers(vllm_url)), lambda: independent_sweep(forcing(), 0))
    for forced, single in zip(nested, independent, strict=True):
        assert [chain == forced.chains[0][: len(chain)] for chain in single.chains] == [True] * 3
        assert [a.text for a in forced.answers] == [a.text for a in single.answers]


def test_it_agrees_with_the_embedded_engine_and_with_the_chat_endpoint(vllm_url: str) -> None:
    served = sweeps(VllmEngine(servers(vllm_url)), lambda: nested_sweep(forcing(), 0))
    embedded = sweeps(EmbeddedEngine("bundled"), lambda: nested_sweep(forcing(), 0))
    chat = sweeps(ChatEngine(servers(vllm_url)), lambda: nested_sweep(forcing(), 0))
    for own, other, third in zip(served, embedded, chat, strict=True):
        assert len(probable(own)) == len(own.answers)
        assert probable(own) == pytest.approx(probable(other), abs=1e-4)
        assert probable(own) == pytest.approx(probable(third), abs=1e-4)
        assert bare(own) == bare(other)
        assert [s.text for s in own.chains[0]] == [s.text for s in third.chains[0]]
        assert [a.text for a in own.answers] == [a.text for a in third.answers]


def test_one_of_the_choices_is_written(vllm_url: str) -> None:
    answering = replace(thinking(Piece(text="I read 12</think>\nFinal answer: ")), stop=(), choices=("5", "8"))
    either = [
        in_order(engine, [answering]) for engine in (VllmEngine(servers(vllm_url)), ChatEngine(servers(vllm_url)))
    ]
    ours = in_order(EmbeddedEngine("bundled"), [answering])
    for (theirs,) in either:
        assert (theirs.text, theirs.finish) == (ours[0].text, ours[0].finish) == (ours[0].text, "eos")
        assert theirs.text in ("5", "8")
        assert theirs.logprob == pytest.approx(ours[0].logprob, abs=1e-4)


def test_a_server_that_refuses_choices_is_asked_without(vllm_url: str) -> None:
    def refuse(request: Request) -> Answer | None:
        if "structured_outputs" in request.body.get("sampling_params", ()):
            return answer({"error": {"message": "structured outputs are not supported"}}, 400)
        return None

    answering = replace(thinking(Piece(text="I read 12</think>\nFinal answer: ")), stop=())
    with ChatServer(forwarding(vllm_url, refuse)) as server:
        (without,) = in_order(VllmEngine(servers(server.url)), [replace(answering, choices=("blue", "green"))])
    (free,) = in_order(VllmEngine(servers(vllm_url)), [answering])
    assert (without.text, without.finish) == (free.text, free.finish)


def test_behind_an_image_shown_again_it_agrees_with_the_embedded_engine(vllm_url: str) -> None:
    looking = replace(forcing(chunk_tokens=32), show_images_again=True, max_thinking_tokens=256)
    problems = PROBLEMS[:4]
    with ChatServer(forwarding(vllm_url)) as server:
        engine = VllmEngine(servers(server.url, timeout_seconds=60))
        served = sweeps(engine, lambda: nested_sweep(looking, 0), problems)
    embedded = sweeps(EmbeddedEngine("bundled"), lambda: nested_sweep(looking, 0), problems)
    blind = sweeps(EmbeddedEngine("bundled"), lambda: nested_sweep(forcing(), 0), problems)
    assert [bare(trace) for trace in served] == [bare(trace) for trace in embedded]
    assert [bare(trace) for trace in blind] != [bare(trace) for trace in embedded]
    assert len(images_sent(server)) == len(problems)
    shown = {len(body["content_parts"]) for body in asked(server, "/inference/v1/generate")[1:]}
    assert shown == {1, 2, 3, 4}


def test_every_image_crosses_the_wire_once(vllm_url: str) -> None:
    with ChatServer(forwarding(vllm_url)) as server:
        sweeps(VllmEngine(servers(server.url)), lambda: nested_sweep(forcing(), 0))
    sent = images_sent(server)
    assert len(sent) == len(set(sent)) == len(PROBLEMS)


def test_an_image_that_the_server_has_lost_is_sent_again(vllm_url: str) -> None:
    lost = 0

    def forget(request: Request) -> Answer | None:
        nonlocal lost
        if lost < 3 and any("url" not in part for part in request.body.get("content_parts", ())):
            lost += 1
            return answer({"error": {"message": "Cache miss for image at index 0 but data is not provided."}}, 400)
        return None

    calm = sweeps(VllmEngine(servers(vllm_url)), lambda: nested_sweep(forcing(), 0), PROBLEMS[:2])
    with ChatServer(forwarding(vllm_url, forget)) as server:
        rough = sweeps(VllmEngine(servers(server.url)), lambda: nested_sweep(forcing(), 0), PROBLEMS[:2])
    assert [bare(trace) for trace in rough] == [bare(trace) for trace in calm]
    assert len(images_sent(server)) == 2 + 3


def test_a_closed_token_endpoint_is_said_once_and_done_without(vllm_url: str, caplog: pytest.LogCaptureFixture) -> None:
    def closed(request: Request) -> Answer | None:
        if request.path.startswith(("/inference", "/v1/chat/completions/render")):
            return answer({"error": "scale-out endpoints are disabled"}, 403)
        return None

    exact = sweeps(VllmEngine(servers(vllm_url)), lambda: nested_sweep(forcing(), 0))
    with ChatServer(forwarding(vllm_url, closed)) as server:
        as_text = sweeps(VllmEngine(servers(server.url)), lambda: nested_sweep(forcing(), 0))
    assert [[s.text for s in t.chains[0]] for t in as_text] == [[s.text for s in t.chains[0]] for t in exact]
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert "--enable-scale-out" in said[0]
    assert "through its chat endpoint" in said[0]


def test_a_delimiter_of_several_tokens_is_cut_out_of_the_ids(vllm_url: str) -> None:
    (done,) = in_order(VllmEngine(servers(vllm_url)), [thinking(stop=" so far")])
    assert (done.finish, done.text.count("so far")) == ("stop", 0)
    spelled = ask(vllm_url.removesuffix("/v1") + "/detokenize", {"tokens": list(done.token_ids or ())}).json()
    assert spelled["prompt"] == done.text
    again = Piece(text=done.text, token_ids=done.token_ids)
    through_chat = in_order(ChatEngine(servers(vllm_url)), [thinking(again, stop="largest")])
    (on,) = in_order(VllmEngine(servers(vllm_url)), [thinking(again, stop="largest")])
    assert on.text == through_chat[0].text


def test_the_beginning_of_a_delimiter_at_the_limit_is_written_again(vllm_url: str) -> None:
    delimiter = ", largest"  # two tokens: a comma and a word
    (whole,) = in_order(VllmEngine(servers(vllm_url)), [thinking(stop=delimiter)])
    assert whole.finish == "stop"
    limit = len(whole.token_ids or ()) + 1
    (part,) = in_order(VllmEngine(servers(vllm_url)), [thinking(max_tokens=limit, stop=delimiter)])
    assert (part.finish, part.text, part.tokens) == ("length", whole.text, limit)
    assert part.token_ids == whole.token_ids
    rest = Piece(text=part.text, token_ids=part.token_ids)
    (last,) = in_order(VllmEngine(servers(vllm_url)), [thinking(rest, stop=delimiter)])
    assert (last.finish, last.text) == ("stop", "")


def test_thinking_that_the_template_has_begun_is_not_begun_twice(vllm_url: str) -> None:
    turn = (OPEN, Piece(text="Wait,"))

    async def work() -> tuple[list[int], list[int]]:
        await engine.ready()
        prompt = await engine._prompt.get(PROBLEMS[0])
        prompts = await engine._prompts.get()
        assert prompts is not None
        opening = await engine._spelled.get(OPEN.text)
        plain = await engine._turn(begun(prompt.ending, turn), prompt, prompts)
        opened = await engine._turn(begun(prompt.ending + OPEN.text, turn), prompt, prompts)
        return plain, [*opening, *opened]

    engine = VllmEngine(servers(vllm_url))
    plain, opened = using(engine, work)
    assert plain == opened


def test_a_problem_that_cannot_fit_is_named(vllm_url: str) -> None:
    long = Problem(id="long", question="What is the sum? " * 3000, images=PROBLEMS[0].images, gold="1")
    with pytest.raises(PromptTooLong, match="4096"):
        in_order(VllmEngine(servers(vllm_url)), [thinking()], long)


def test_a_question_that_spells_a_place_holder_is_refused(vllm_url: str) -> None:
    odd = Problem(id="odd", question="What is <|image_pad|>?", images=PROBLEMS[0].images, gold="1")
    with pytest.raises(EngineError, match="problem odd: its question spells an image place-holder"):
        in_order(VllmEngine(servers(vllm_url)), [thinking()], odd)


def test_a_run_through_the_command_line(vllm_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["eval", "digits", "--engine", "vllm", "--base-url", vllm_url, "--limit", "4", "--num-ignore", "0-2"]
    assert main([*command, "--max-thinking-tokens", "512", "--out", str(tmp_path / "run")]) == 0
    run = load_run(tmp_path / "run")
    assert (len(run.records), run.failed) == (4, 0)
    capsys.readouterr()
    assert main([*command, "--max-thinking-tokens", "4096", "--out", str(tmp_path / "other")]) == 2
    assert "has a context of 4096: lower --max-thinking-tokens" in capsys.readouterr().err


def test_a_conversation_with_images_in_two_turns_reads_as_in_the_embedded_engine(vllm_url: str) -> None:
    turns = (
        Turn(role="user", text=PROBLEMS[0].question, images=PROBLEMS[0].images),
        Turn(role="assistant", text=PROBLEMS[0].gold),
    )
    asked = replace(PROBLEMS[1], turns=turns)
    steps = thinking(max_tokens=40)
    server, local = VllmEngine(servers(vllm_url)), EmbeddedEngine(max_rows=2)
    there = using(server, lambda: server.generate(asked, steps, GREEDY))
    here = using(local, lambda: local.generate(asked, steps, GREEDY))
    assert there.token_ids == here.token_ids
