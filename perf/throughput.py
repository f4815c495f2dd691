"""Embedded engine against transformers' `generate` on one problem at a time: same model, same machine, in turn.

Both generate one segment for the same problems at temperature 1; a third table row runs whole nested sweeps.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence

import torch
from keep import keep

from s1m.benchmarks.digits import Digits
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.prompt import prepare
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Piece, Problem, Sampling, Step

ROUNDS = 5
TOKENS = 128
SAMPLING = Sampling(temperature=1.0)
THINKING = Forcing(
    num_ignore=tuple(range(8)), ignore_strings=("Wait,",), max_thinking_tokens=1024, max_answer_tokens=16
)


def one_at_a_time(engine: EmbeddedEngine, problems: Sequence[Problem]) -> float:
    """Tokens per second of transformers' own generate, one problem after the other, warmed up."""
    tokens, started = 0, time.perf_counter()
    for problem in problems:
        prompt = prepare(problem, engine.checkpoint)
        ids = torch.tensor([[*prompt.ids, *engine.checkpoint.tokenizer("<think>\n")["input_ids"]]])
        output = engine.checkpoint.model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            mm_token_type_ids=(ids == engine.checkpoint.image_id).int(),
            max_new_tokens=TOKENS,
            min_new_tokens=TOKENS,
            do_sample=True,
            top_k=0,
            **prompt.pixels(),
        )
        tokens += output.shape[1] - ids.shape[1]
    return tokens / (time.perf_counter() - started)


def batched(engine: EmbeddedEngine, problems: Sequence[Problem]) -> float:
    """Tokens per second of the engine, one segment for all problems at once."""

    async def run() -> int:
        steps = [
            Step(prefix=(Piece(text="<think>\n"),), stop=(), max_tokens=TOKENS, min_tokens=TOKENS, seed=i)
            for i in range(len(problems))
        ]
        pairs = zip(problems, steps, strict=True)
        done = await asyncio.gather(*(engine.generate(problem, step, SAMPLING) for problem, step in pairs))
        return sum(completion.tokens for completion in done)

    started = time.perf_counter()
    return asyncio.run(run()) / (time.perf_counter() - started)


def sweeps(engine: EmbeddedEngine, problems: Sequence[Problem]) -> float:
    """Tokens per second of the engine on whole nested sweeps 0-7, its main use."""

    async def run() -> int:
        flows = [(problem, nested_sweep(THINKING, i)) for i, problem in enumerate(problems)]
        traces = await asyncio.gather(*(drive(flow, problem, engine, SAMPLING) for problem, flow in flows))
        return sum(trace.generated_tokens for trace in traces)

    started = time.perf_counter()
    return asyncio.run(run()) / (time.perf_counter() - started)


def main() -> None:
    """Five rounds of all three in turn."""
    problems = Digits().load(split="test", limit=64, data=None)
    engine = EmbeddedEngine(max_rows=64)
    one_at_a_time(engine, problems[:1])
    batched(engine, problems[:4])
    rounds = [
        (one_at_a_time(engine, problems[:4]), batched(engine, problems), sweeps(engine, problems))
        for _ in range(ROUNDS)
    ]
    asyncio.run(engine.close())
    names = ("generate, one problem at a time", "embedded engine, 64 rows", "embedded engine, nested sweeps 0-7")
    rows = []
    for index, name in enumerate(names):
        speeds = [each[index] for each in rounds]
        ratios = [each[index] / each[0] for each in rounds]
        rows.append(
            (name, *(f"{f(speeds):.0f}" for f in (min, statistics.median, max)), f"{statistics.median(ratios):.1f}x")
        )
    keep(
        "throughput",
        "Throughput of the embedded engine",
        ("what", "min tokens/s", "median", "max", "median ratio"),
        rows,
        [f"{ROUNDS} rounds; each round runs the three in turn, and the ratio is taken within the round."],
    )


if __name__ == "__main__":
    main()
