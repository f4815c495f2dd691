"""Conversations in the embedded engine: earlier turns are read with their images, and never mixed up."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from s1m.benchmarks.digits import Digits
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.prompt import prepare
from s1m.types import Piece, Problem, Sampling, Step, Turn

FIRST, SECOND = Digits().load(split="test", limit=2, data=None)
BEFORE = (
    Turn(role="user", text=FIRST.question, images=FIRST.images),
    Turn(role="assistant", text=FIRST.gold),
)
CONVERSATION = replace(SECOND, turns=BEFORE)


def thought(engine: EmbeddedEngine, problem: Problem) -> str:
    step = Step(prefix=(Piece(text="<think>\n"),), stop=("</think>",), max_tokens=40, seed=3)
    return asyncio.run(engine.generate(problem, step, Sampling(temperature=0))).text


def test_images_of_all_turns_stand_where_they_were_shown(engine: EmbeddedEngine) -> None:
    prompt = prepare(CONVERSATION, engine.checkpoint)
    text = engine.checkpoint.tokenizer.decode(prompt.ids)
    assert len(prompt.shown) == 2
    assert prompt.positions.shape == (3, len(prompt.ids))
    first, between, second = (
        text.index(each) for each in (FIRST.question, f"assistant\n{FIRST.gold}", SECOND.question)
    )
    assert first < between
    assert first < text.rindex("<|vision_start|>") < second


def test_equal_questions_after_other_turns_have_pasts_of_their_own(engine: EmbeddedEngine) -> None:
    alone, after = thought(engine, SECOND), thought(engine, CONVERSATION)
    fresh = EmbeddedEngine(max_rows=2)
    try:
        assert (thought(fresh, CONVERSATION), thought(fresh, SECOND)) == (after, alone)
    finally:
        asyncio.run(fresh.close())
