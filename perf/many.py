"""Two servers against one: `python perf/many.py`.

The servers answer chat requests at a fixed rate, however many arrive at once, and return 429 beyond a queue: the server
is the bottleneck, not the CPU. One server, then two, then two of which one is killed after a quarter of the problems.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from aiohttp import web
from keep import keep

from s1m.engines.chat import ChatEngine
from s1m.engines.remote import Servers
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Problem, Sampling, Trace

RATE = 150.0
"""Requests per second that one server answers."""
QUEUE = 128
"""Requests that it accepts at once; beyond them it returns 429."""
PROBLEMS = 400
FORCING = Forcing(num_ignore=(0, 1, 2, 3), ignore_strings=("Wait,",), max_thinking_tokens=512, max_answer_tokens=8)


def serve(pipe: Connection) -> None:
    """A chat server that answers one request every 1 / RATE seconds."""
    asyncio.run(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    waiting = 0
    free_at = time.monotonic()

    async def chat(request: web.Request) -> web.Response:
        nonlocal waiting, free_at
        body = await request.json()
        if waiting >= QUEUE:
            return web.json_response({"error": {"message": "slow down"}}, status=429, headers={"Retry-After": "0"})
        waiting += 1
        free_at = max(free_at, time.monotonic()) + 1 / RATE
        await asyncio.sleep(free_at - time.monotonic())
        waiting -= 1
        continued = body.get("continue_final_message", False)
        turns = "".join(m["content"] for m in body["messages"] if isinstance(m["content"], str))
        text = "I look.</think>" if body.get("stop") else str(turns.count("Wait,"))
        usage = {"prompt_tokens": len(turns) + (0 if continued else 8), "completion_tokens": 4}
        choice = {"message": {"content": text}, "finish_reason": "stop"}
        return web.Response(body=json.dumps({"choices": [choice], "usage": usage}), content_type="application/json")

    async def models(_request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "m"}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pipe.send(site._server.sockets[0].getsockname()[1])  # type: ignore[union-attr]
    await asyncio.Event().wait()


def start() -> tuple[multiprocessing.Process, str]:
    """A server in a process of its own, and its URL."""
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    return process, f"http://127.0.0.1:{mine.recv()}/v1"


async def run(urls: list[str], meanwhile: Callable[[int], None] = lambda _done: None) -> tuple[float, list[Trace]]:
    """Requests per second of a whole run, and its traces; calls ``meanwhile`` with the problems done."""
    engine = ChatEngine(Servers(urls), "m")
    await engine.ready()
    done = 0

    async def solved(number: int) -> Trace:
        nonlocal done
        problem = Problem(id=f"p{number}", question=f"question {number}", images=(), gold="")
        trace = await drive(nested_sweep(FORCING, number), problem, engine, Sampling(temperature=0.0))
        done += 1
        meanwhile(done)
        return trace

    began = time.monotonic()
    traces = await asyncio.gather(*(solved(number) for number in range(PROBLEMS)))
    seconds = time.monotonic() - began
    await engine.close()
    requests = sum(len(trace.chains[0]) + len(trace.answers) for trace in traces)
    return requests / seconds, traces


def main() -> None:
    """One server, two, and two of which one is killed."""
    (first, first_url), (second, second_url) = start(), start()
    alone, expected = asyncio.run(run([first_url]))
    both, traces = asyncio.run(run([first_url, second_url]))
    assert traces == expected

    def kill_half_way(done: int) -> None:
        if done == PROBLEMS // 4:
            second.kill()

    with_death, survived = asyncio.run(run([first_url, second_url], kill_half_way))
    right = sum(trace == other for trace, other in zip(survived, expected, strict=True))
    first.kill()
    keep(
        "many",
        "Several servers that answer at a fixed rate",
        ("servers", "requests/s", "relative to one server"),
        [
            ("one", f"{alone:.0f}", "1.00"),
            ("two", f"{both:.0f}", f"{both / alone:.2f}"),
            ("two, one killed after a quarter", f"{with_death:.0f}", f"{with_death / alone:.2f}"),
        ],
        [
            f"Each server answers {RATE:.0f} requests per second and queues {QUEUE}; {PROBLEMS} problems, levels 0-3.",
            f"With one killed: {len(survived)} of {PROBLEMS} problems done, {right} as in the undisturbed run.",
        ],
    )


if __name__ == "__main__":
    main()
