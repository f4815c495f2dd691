"""Engines of tiny checkpoints of many classes, and what transformers' own ``generate`` says on the same inputs."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import Sequence

import torch
from PIL import Image

from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.general.prompt import prepare
from s1m.engines.embedded.general.reading import extended
from s1m.types import Completion, Piece, Problem, Sampling, Step

TOKENS = 8
GREEDY = Sampling(temperature=0)
THINK = (Piece(text="<think>\n"),)


def noise(width: int, height: int) -> bytes:
    """A picture of random colours, as PNG."""
    draw = random.Random(width * height)
    pixels = bytes(draw.randrange(256) for _ in range(width * height * 3))
    file = io.BytesIO()
    Image.frombytes("RGB", (width, height), pixels).save(file, "PNG")
    return file.getvalue()


PICTURES = (noise(40, 30), noise(28, 60), noise(60, 50))

PROBLEMS = tuple(
    Problem(id=f"{count} images", question="How many circles? " * (1 + count), images=PICTURES[:count], gold="")
    for count in (0, 1, 2, 3)
)
"""With no, one, two and three images; the texts differ in length."""


def problems_for(engine: EmbeddedEngine) -> tuple[Problem, ...]:
    """Those that the engine's model takes."""
    return PROBLEMS if engine.checkpoint.processor is not None else PROBLEMS[:1]


def step(tokens: int = TOKENS, seed: int = 0, prefix: tuple[Piece, ...] = THINK, stop: tuple[str, ...] = ()) -> Step:
    return Step(prefix=prefix, stop=stop, max_tokens=tokens, min_tokens=0 if stop else tokens, seed=seed)


def ask(engine: EmbeddedEngine, asked: Sequence[tuple[Problem, Step]], sampling: Sampling = GREEDY) -> list[Completion]:
    """All at once."""

    async def together() -> list[Completion]:
        return await asyncio.gather(*(engine.generate(problem, each, sampling) for problem, each in asked))

    return asyncio.run(together())


def generated(engine: EmbeddedEngine, problem: Problem, tokens: int = TOKENS) -> list[int]:
    """Greedy tokens of ``generate`` after the same prompt, alone."""
    checkpoint, prompt = engine.checkpoint, prepare(problem, engine.checkpoint)
    ids = torch.tensor([[*prompt.ids, *checkpoint.tokenizer(THINK[0].text, add_special_tokens=False)["input_ids"]]])
    output = checkpoint.model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=tokens,
        min_new_tokens=tokens,
        do_sample=False,
        suppress_tokens=[*checkpoint.never_ids, *checkpoint.end_ids],
        **{name: extended(value, len(prompt.ids), ids.shape[1]) for name, value in prompt.inputs.items()},
    )
    return [int(token) for token in output[0, ids.shape[1] :]]
