"""Asking an engine over HTTP in tests: a problem, a step, a fresh engine, and replies that are good or go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from s1m.engines.chat import ChatEngine
from s1m.engines.remote import Backoff, Patience, Servers
from s1m.types import Completion, Piece, Problem, Sampling, Step
from tests.engines.chat_server import Answer, Behaviour, ChatServer, answer, completion

FAST = Backoff(base_seconds=0.001, cap_seconds=0.004, retry_after_cap_seconds=0.3)
KEY = "sk-very-secret-0123456789"
STOP = ("</think>",)
GREEDY = Sampling(temperature=0.0)

GOOD = completion("four", tokens=2)
PASSING = [
    Answer(fault="reset"),
    Answer(body=GOOD.body, fault="reset mid-body"),
    *(answer({"error": {"message": "busy"}}, status) for status in (408, 425, 429, 500, 502, 503, 504, 529)),
    Answer(status=502, body=b"<html><h1>502 Bad Gateway</h1></html>"),
    Answer(body=b"<html>please log in</html>"),
    Answer(body=GOOD.body[:-20]),
    Answer(body=b"\xff\xfe"),
    Answer(body=b""),
    answer([1, 2]),
    answer({}),
    answer({"choices": []}),
    answer({"choices": [{"finish_reason": "stop"}]}),
    answer({"error": {"message": "upstream overloaded", "code": 502}}),
    completion("half an ans", tokens=2, finish=None),
    completion("half an ans", tokens=2, finish="abort"),
    completion("four", tokens=None),
    completion("four", tokens=-1),
    completion("four", tokens=4000),
    completion("four", tokens=0),
]
"""Faults that another try may cure."""


def problem(*images: bytes, question: str = "How many?") -> Problem:
    return Problem(id="p7", question=question, images=images, gold="4")


def step(*prefix: str, stop: tuple[str, ...] = STOP, max_tokens: int = 16, min_tokens: int = 0, seed: int = 5) -> Step:
    pieces = tuple(Piece(text=text) for text in prefix)
    return Step(prefix=pieces, stop=stop, max_tokens=max_tokens, min_tokens=min_tokens, seed=seed)


def servers(*urls: str, api_key: str | None = None, max_concurrency: int = 256, **patience: Any) -> Servers:
    """Servers that are waited for briefly, unless ``patience`` says otherwise."""
    brief = {"backoff": FAST, "timeout_seconds": 5.0, "start_seconds": 0.3, "outage_seconds": 0.3, **patience}
    return Servers(urls, api_key, max_concurrency=max_concurrency, patience=Patience(**brief))


def ask(
    server: ChatServer | str,
    *steps: Step,
    of: Problem | None = None,
    sampling: Sampling = GREEDY,
    model: str = "m",
    **settings: Any,
) -> list[Completion]:
    """What a fresh engine answers to the steps, one after another; a plain one when none are given."""

    async def main() -> list[Completion]:
        url = server if isinstance(server, str) else server.url
        engine = ChatEngine(servers(url, **settings), model)
        try:
            return [await engine.generate(of or problem(), asked, sampling) for asked in steps or (step(),)]
        finally:
            await engine.close()

    return asyncio.run(main())


def always(reply: Answer) -> Behaviour:
    return lambda _request: reply


def in_turn(*replies: Answer) -> Behaviour:
    """One answer after another, the last one for ever."""
    left = list(replies)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


def says(text: str) -> Callable[[str], str]:
    """A model that writes the same whatever it is asked."""
    return lambda _turn: text


def read(reply: Answer, asked: Step | None = None, **settings: Any) -> Completion:
    """What a reply is read as."""
    with ChatServer(always(reply)) as server:
        return ask(server, asked or step(), **settings)[0]
