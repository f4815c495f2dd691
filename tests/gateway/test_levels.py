"""The answers of a sweep in a stream: each is there as soon as it is given, while the chain goes on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from s1m.types import Completion, Step
from tests.gateway.engines import Writer, is_thinking
from tests.gateway.serving import chat, serving


@dataclass
class Patient(Writer):
    """Thinks on only when the answer at the level before has been given."""

    answers: int = 0
    given: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def _written(self, step: Step) -> Completion:
        before = len(step.purpose.finished) if step.purpose else 0
        async with self.given:
            await self.given.wait_for(lambda: not is_thinking(step) or self.answers >= before)
        completion = await super()._written(step)
        if not is_thinking(step):
            async with self.given:
                self.answers += 1
                self.given.notify_all()
        return completion


def test_the_answer_of_a_level_comes_before_the_thinking_that_follows_it() -> None:
    own = {"num_ignore": [0, 1, 2], "events": True}
    with serving(Patient(), request_seconds=60) as gateway:
        chunks = gateway.post("chat/completions", chat(stream=True, s1m=own)).chunks()
    happened: list[str] = []
    for chunk in chunks:
        note = chunk.get("s1m", {})
        if note.get("type") == "answered":
            happened.append(f"answer {note['level']}: {note['content']}")
        happened += [
            f"thought {word}" for word in chunk["choices"][0]["delta"].get("reasoning", "").split() if word == "ten"
        ]
    assert happened == [
        "thought ten", "answer 0: 42", "thought ten", "answer 1: 42", "thought ten", "answer 2: 42",
    ]  # fmt: skip
    assert [level["level"] for level in chunks[-1]["s1m"]["levels"]] == [0, 1, 2]
