"""The chat engine as a whole, against a real HTTP server."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from s1m.engines.chat import ChatEngine
from s1m.engines.scripted import ScriptedEngine
from s1m.errors import UsageError
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Completion, Engine, Problem, Step
from tests.engines.asking import GOOD, GREEDY, PASSING, always, ask, problem, says, servers, step
from tests.engines.chat_server import Answer, ChatServer, Request, chat_model, completion, models
from tests.engines.remote.test_images import encoded


def test_engine_is_an_engine() -> None:
    engine: Engine = ChatEngine(servers("http://localhost:1"))
    assert engine.name == "http"
    asyncio.run(engine.close())
    asyncio.run(engine.close())


def test_the_only_model_is_found_once() -> None:
    def behave(request: Request) -> Answer:
        return models("qwen") if request.method == "GET" else completion("hm", tokens=2)

    with ChatServer(behave) as server:
        ask(server, step(), step(), model="")
    assert [request.path for request in server.requests] == ["/v1/models", *["/v1/chat/completions"] * 2]
    assert server.bodies()[0]["model"] == "qwen"


@pytest.mark.parametrize(("names", "shown"), [((), "no model"), (("a", "b/c"), "a, b/c")])
def test_no_or_several_models_need_a_name(names: tuple[str, ...], shown: str) -> None:
    with ChatServer(always(models(*names))) as server, pytest.raises(UsageError, match=f"{shown}; .*--model"):
        ask(server, model="")


def test_many_first_steps_share_one_look_at_the_models_and_its_failure() -> None:
    async def main(url: str) -> list[Completion | BaseException]:
        engine = ChatEngine(servers(url))
        asked = (engine.generate(problem(), step(), GREEDY) for _ in range(20))
        done = await asyncio.gather(*asked, return_exceptions=True)
        await engine.close()
        return done

    with ChatServer(chat_model(says("hm"))) as server:
        assert len(asyncio.run(main(server.url))) == 20
        assert sum(request.method == "GET" for request in server.requests) == 1
    with ChatServer(always(models("a", "b"))) as server:
        assert {type(error) for error in asyncio.run(main(server.url))} == {UsageError}
        assert len(server.requests) == 1


def test_no_more_requests_at_once_than_allowed() -> None:
    at_once = [0, 0]

    def behave(request: Request) -> Answer:
        at_once[0] += 1
        at_once[1] = max(at_once)
        time.sleep(0.01)
        at_once[0] -= 1
        return GOOD

    async def main(url: str) -> None:
        engine = ChatEngine(servers(url, max_concurrency=3), "m")
        await asyncio.gather(*(engine.generate(problem(), step(), GREEDY) for _ in range(12)))
        await engine.close()

    with ChatServer(behave) as server:
        asyncio.run(main(server.url))
    assert at_once[1] == 3


FORCING = Forcing(
    num_ignore=(0, 1, 3), ignore_strings=("Wait,",), max_thinking_tokens=60, max_answer_tokens=8, chunk_tokens=3
)


def thoughts(turn: str) -> str:
    """What the small model writes after ``turn``: another look after every "Wait,", and how often it looked."""
    if turn.endswith("Final answer: "):
        return f"looked {turn.count('Wait,') + 1} times"
    if not turn.startswith("<think>") or "</think>" in turn:
        return "Hello."
    looks = turn.removeprefix("<think>\n").split("Wait,")
    whole = f" look {len(looks)}: one two three four</think>\nAnd so on."
    assert whole.startswith(looks[-1])
    return whole[len(looks[-1]) :]


def sweep(engine: Engine) -> Any:
    async def main() -> Any:
        try:
            return await drive(nested_sweep(FORCING, 3), problem(encoded("PNG")), engine, GREEDY)
        finally:
            await engine.close()

    return asyncio.run(main())


@pytest.mark.parametrize("keeps_stop", [True, False])
def test_nested_sweep_through_a_chat_server(keeps_stop: bool) -> None:
    model = chat_model(thoughts, keeps_stop=keeps_stop)
    with ChatServer(model) as server:
        trace = sweep(ChatEngine(servers(server.url)))
    (chain,) = trace.chains
    assert [segment.text for segment in chain] == [f" look {n}: one two three four" for n in (1, 2, 3, 4)]
    # A server that cuts the stop string away and does not say so leaves only an end of turn to be seen.
    assert {segment.stop for segment in chain} == {"closed" if keeps_stop else "eos"}
    assert [answer.text for answer in trace.answers] == [f"looked {n} times" for n in (1, 2, 4)]
    images = {json.dumps(body["messages"][0]) for body in server.bodies()}
    assert len(images) == 1
    assert all(body["messages"][1]["content"].startswith("<think>\n") for body in server.bodies())


def test_sweep_is_the_same_as_with_a_scripted_engine_but_for_the_count_of_tokens() -> None:
    def script(asked: Problem, wanted: Step) -> str:
        return thoughts("".join(piece.text for piece in wanted.prefix))

    with ChatServer(chat_model(thoughts)) as server:
        served = sweep(ChatEngine(servers(server.url)))
    scripted = sweep(ScriptedEngine(script))
    assert [segment.text for segment in served.chains[0]] == [segment.text for segment in scripted.chains[0]]
    assert [answer.text for answer in served.answers] == [answer.text for answer in scripted.answers]


def test_sweep_through_a_failing_server_is_the_same_as_through_a_good_one() -> None:
    model = chat_model(thoughts)
    faults = [fault for fault in PASSING if fault.status != 408]
    asked = 0

    def failing(request: Request) -> Answer:
        nonlocal asked
        asked += 1
        return faults[asked // 2 % len(faults)] if asked % 2 else model(request)

    with ChatServer(model) as good:
        clean = sweep(ChatEngine(servers(good.url)))
    with ChatServer(failing) as bad:
        rough = sweep(ChatEngine(servers(bad.url, max_retries=9)))
    assert rough == clean


def test_one_who_stops_waiting_leaves_the_others_their_answer_and_closing_ends_the_wait() -> None:
    async def main(url: str) -> None:
        engine = ChatEngine(servers(url))
        waiting = [asyncio.create_task(engine.generate(problem(), step(), GREEDY)) for _ in "123"]
        await asyncio.sleep(0.1)
        waiting[0].cancel()
        await asyncio.sleep(0.05)
        assert [task.done() for task in waiting] == [True, False, False]
        await engine.close()
        done, _ = await asyncio.wait(waiting, timeout=1)
        assert len(done) == 3
        assert all(task.cancelled() for task in done)

    with ChatServer(always(Answer(fault="hang"))) as server:
        asyncio.run(main(server.url))
    assert len(server.requests) == 1


def test_engine_can_be_closed_and_used_again() -> None:
    async def once(engine: ChatEngine) -> str:
        text = (await engine.generate(problem(), step("<think>"), GREEDY)).text
        await engine.close()
        await engine.close()
        return text

    with ChatServer(chat_model(says(" four"))) as server:
        engine = ChatEngine(servers(server.url))
        assert [asyncio.run(once(engine)), asyncio.run(once(engine))] == [" four", " four"]
