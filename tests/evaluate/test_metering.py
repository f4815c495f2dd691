"""What is timed of a problem's requests: the first token where the engine streams, and nothing elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from s1m.evaluate.metering import MeteredEngine
from s1m.types import AtOnce, Completion, Problem, Sampling, Step

PROBLEM = Problem(id="1", question="?", images=(), gold="1")
STEP = Step(prefix=(), stop=(), max_tokens=10)


class Streaming:
    """Calls the listeners that a step has, as engines that stream do."""

    name = "streaming"
    can_show_images_again = False
    context_tokens: int | None = None

    async def ready(self) -> None: ...

    async def close(self) -> None: ...

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        await asyncio.sleep(0.02)
        for listener in (step.at_once and step.at_once.reads, step.on_text):
            if listener:
                listener("a")
                listener("b")
        return Completion(text="ab", tokens=2, finish="eos")


def after(*steps: Step) -> float | None:
    metered = MeteredEngine(Streaming())

    async def ask() -> None:
        for step in steps:
            await metered.generate(PROBLEM, step, Sampling(temperature=0))

    asyncio.run(ask())
    assert metered.usage.output_tokens == 2 * len(steps)
    return metered.first_token


def test_the_first_text_of_the_first_request_that_streams_is_timed() -> None:
    heard: list[str] = []

    def hear(text: str) -> bool:
        heard.append(text)
        return False

    at_once = replace(STEP, at_once=AtOnce(max_tokens=9, min_tokens=0, reads=hear))
    alone = after(at_once)
    assert alone is not None
    assert alone >= 0.02
    assert heard == ["a", "b"]
    later = after(STEP, replace(STEP, on_text=hear), at_once)
    assert later is not None
    assert later >= 0.04  # from the first request, which streamed nothing


def test_no_listener_is_added_so_that_no_engine_streams_for_it() -> None:
    assert after(STEP, STEP) is None
