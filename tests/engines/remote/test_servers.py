"""Several servers as one: problems stay where they are, work leaves a dead server, and a server that is back works."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from s1m.engines.chat import ChatEngine
from s1m.errors import EngineUnavailable, UsageError
from s1m.files.tasks import gathered
from s1m.types import Completion, Problem
from tests.engines.asking import GOOD, GREEDY, always, in_turn, says, servers, step
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer, chat_model, completion, models


def problems(count: int) -> list[Problem]:
    return [Problem(id=f"p{n}", question=f"q{n}", images=(), gold="4") for n in range(count)]


def slowly(behaviour: Behaviour, seconds: float = 0.01) -> Behaviour:
    def behave(request: Request) -> Answer:
        time.sleep(seconds)
        return behaviour(request)

    return behave


async def answers(engine: ChatEngine, asked: list[Problem], rounds: int = 1) -> list[Completion]:
    """The completions of all problems at once, each asked ``rounds`` times in a row."""

    async def repeated(problem: Problem) -> list[Completion]:
        return [await engine.generate(problem, step(), GREEDY) for _ in range(rounds)]

    return [completion for each in await gathered(map(repeated, asked)) for completion in each]


def questions(server: ChatServer) -> list[str]:
    return [body["messages"][0]["content"] for body in server.bodies()]


@contextlib.contextmanager
def two(first: Behaviour, second: Behaviour) -> Iterator[tuple[ChatServer, ChatServer]]:
    with ChatServer(first) as left, ChatServer(second) as right:
        yield left, right


def test_work_is_shared_and_a_problem_stays_where_it_was() -> None:
    with two(slowly(always(GOOD)), slowly(always(GOOD))) as (left, right):

        async def main() -> None:
            engine = ChatEngine(servers(left.url, right.url), "m")
            assert len(await answers(engine, problems(40), rounds=5)) == 200
            await engine.close()

        asyncio.run(main())
    assert len(questions(left)) + len(questions(right)) == 200
    assert not set(questions(left)) & set(questions(right))
    assert set(Counter(questions(left) + questions(right)).values()) == {5}
    assert 15 <= len(set(questions(left))) <= 25


def test_a_new_problem_goes_where_the_least_is_under_way() -> None:
    with two(slowly(always(GOOD), 0.1), slowly(always(GOOD), 0.005)) as (slow, fast):

        async def main() -> None:
            engine = ChatEngine(servers(slow.url, fast.url), "m")
            left = iter(problems(60))

            async def work() -> None:
                for problem in left:
                    await engine.generate(problem, step(), GREEDY)

            await asyncio.gather(*(work() for _ in range(6)))
            await engine.close()

        asyncio.run(main())
    assert len(questions(fast)) > 2 * len(questions(slow)) > 0


def test_a_server_that_dies_is_left_and_nothing_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    with ChatServer(slowly(always(GOOD))) as right, ChatServer(slowly(always(GOOD))) as left:

        async def main() -> list[Completion]:
            engine = ChatEngine(servers(left.url, right.url), "m")
            work = asyncio.create_task(answers(engine, problems(60), rounds=4))
            while len(left.requests) < 20:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(left.die)
            done = await work
            await engine.close()
            return done

        done = asyncio.run(main())
        assert [completion.text for completion in done] == ["four"] * 240
        assert "does not answer" in caplog.text
        assert "goes to the others" in caplog.text


def test_a_server_that_is_back_is_taken_back(caplog: pytest.LogCaptureFixture) -> None:
    down = threading.Event()

    def behave(request: Request) -> Answer:
        time.sleep(0.005)
        return answer({"error": {"message": "loading"}}, 502) if down.is_set() else GOOD

    with two(behave, slowly(always(GOOD), 0.005)) as (left, right):

        async def main() -> None:
            engine = ChatEngine(servers(left.url, right.url, max_retries=30), "m")
            await answers(engine, problems(20))
            down.set()
            await answers(engine, problems(60), rounds=2)
            assert "does not answer (HTTP 502" in caplog.text
            asked = len(left.requests)
            await answers(engine, problems(200)[100:])
            assert sum(request.method == "POST" for request in left.requests[asked:]) == 0
            down.clear()
            while "is back" not in caplog.text:
                await asyncio.sleep(0.05)
            await answers(engine, problems(400)[300:])
            assert sum(request.method == "POST" for request in left.requests[asked:]) > 20
            await engine.close()

        asyncio.run(main())


def test_one_server_that_is_gone_for_a_while_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> list[Completion]:
        with ChatServer(slowly(always(GOOD))) as first:
            port = int(first.url.rsplit(":", 1)[1])
            engine = ChatEngine(servers(first.url, outage_seconds=20.0), "m")
            await answers(engine, problems(3))
        work = asyncio.create_task(answers(engine, problems(30)))
        await asyncio.sleep(0.5)
        assert not work.done()
        with ChatServer(always(GOOD), port=port):
            done = await work
            await engine.close()
        return done

    assert [completion.text for completion in asyncio.run(main())] == ["four"] * 30
    assert "waiting until it is back" in caplog.text
    assert "is back" in caplog.text


def test_a_server_that_is_not_there_at_the_start_is_done_without() -> None:
    with ChatServer(chat_model(says("hm"))) as gone:
        pass
    with ChatServer(chat_model(says("hm"))) as there:

        async def main() -> None:
            engine = ChatEngine(servers(gone.url, there.url))
            await engine.ready()
            assert await engine.served_model() == "small"
            assert len(await answers(engine, problems(10), rounds=2)) == 20
            await engine.close()

        asyncio.run(main())


def test_servers_must_offer_a_common_model() -> None:
    with two(always(models("a", "b")), always(models("b", "c"))) as (left, right):

        async def main(*urls: str) -> str:
            engine = ChatEngine(servers(*urls))
            try:
                return await engine.served_model()
            finally:
                await engine.close()

        assert asyncio.run(main(left.url, right.url)) == "b"
        with pytest.raises(UsageError, match="offers a, b; name one"):
            asyncio.run(main(left.url))


def test_a_server_that_cannot_list_its_models_may_be_asked_by_name() -> None:
    async def main(url: str) -> None:
        engine = ChatEngine(servers(url))
        try:
            await engine.served_model()
        finally:
            await engine.close()

    broken = always(answer({"error": "Cache directory not found"}, 500))
    with ChatServer(broken) as server, pytest.raises(UsageError, match=r"does not list its models.*name one with"):
        asyncio.run(main(server.url))


def test_the_shortest_context_is_known_when_ready() -> None:
    def lists(length: int | None) -> Behaviour:
        model = chat_model(says("hm"))

        def behave(request: Request) -> Answer:
            if request.method == "GET":
                return answer({"data": [{"id": "small", "max_model_len": length}, {"id": "other", "max_model_len": 5}]})
            return model(request)

        return behave

    async def main(*urls: str) -> int | None:
        engine = ChatEngine(servers(*urls), "small")
        await engine.ready()
        await engine.close()
        return engine.context_tokens

    with two(lists(4096), lists(2048)) as (left, right):
        assert asyncio.run(main(left.url, right.url)) == 2048
    with two(lists(None), in_turn(answer({}, 404), GOOD)) as (left, right):
        assert asyncio.run(main(left.url)) is None


def test_a_final_fault_of_any_server_ends_the_run_and_names_it() -> None:
    refuses = answer({"error": {"message": "wrong key"}}, 401)
    with two(always(GOOD), always(refuses)) as (left, right):

        async def main() -> None:
            engine = ChatEngine(servers(left.url, right.url), "m")
            try:
                await answers(engine, problems(4))
            finally:
                await engine.close()

        with pytest.raises(EngineUnavailable, match=f"{right.url}/v1 refused the key"):
            asyncio.run(main())


def test_a_rate_limited_server_gets_less_and_everything_is_done() -> None:
    at_once = Counter[str]()
    lock = threading.Lock()

    def behave(request: Request) -> Answer:
        with lock:
            at_once["now"] += 1
            over = at_once["now"] > 5
        time.sleep(0.004)
        with lock:
            at_once["now"] -= 1
            at_once["refused"] += over
        return answer({"error": {"message": "slow down"}}, 429) if over else completion("four", tokens=2)

    with ChatServer(behave) as server:

        async def main() -> None:
            engine = ChatEngine(servers(server.url, max_retries=50), "m")
            assert len(await answers(engine, problems(300))) == 300
            await engine.close()

        asyncio.run(main())
    assert at_once["refused"] < 300
