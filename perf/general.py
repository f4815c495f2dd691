"""Any class in this process: the engine against `generate` on one problem at a time, same model, same machine, in turn.

The models are tiny and random, SmolVLM's language model as large as the bundled one's (hidden 128, 4 layers); every
problem has an image where the class takes one. The plain path is measured too: it is not faster, and the table says so.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from keep import keep

from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.general.prompt import prepare
from s1m.engines.embedded.general.reading import extended
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Piece, Problem, Sampling, Step
from tests.engines.embedded.own import PICTURES
from tests.tiny_models.parts import save

KINDS = ("smolvlm", "gemma3", "llama", "qwen3_5", "mllama")
ROUNDS, TOKENS, ROWS = 3, 96, 48
SAMPLING = Sampling(temperature=1.0)
FORCING = Forcing(num_ignore=(0, 1, 2, 3), ignore_strings=("Wait,",), max_thinking_tokens=192, max_answer_tokens=8)


def engine_of(kind: str, folder: Path) -> EmbeddedEngine:
    """A random model of a class."""
    parts = import_module(f"tests.tiny_models.{kind}").build()
    text = parts.config.get_text_config()
    sizes = {"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 4}
    if kind == "smolvlm":  # the sizes of others follow from several parts of their configurations
        for name, value in sizes.items():
            setattr(text, name, value)
    save(parts, folder)
    return EmbeddedEngine(str(folder), max_rows=ROWS)


def problems_of(engine: EmbeddedEngine) -> list[Problem]:
    """Problems whose texts differ in length, each with an image where the model takes one."""
    shown = PICTURES if engine.checkpoint.processor is not None else ()
    return [
        Problem(id=str(n), question="How many? " * (1 + n % 5) + str(n), images=shown[n % 3 :][:1], gold="")
        for n in range(ROWS)
    ]


def one_at_a_time(engine: EmbeddedEngine, problems: Sequence[Problem]) -> float:
    """Tokens per second of transformers' own generate."""
    tokens, started = 0, time.perf_counter()
    for problem in problems:
        checkpoint, prompt = engine.checkpoint, prepare(problem, engine.checkpoint)
        ids = torch.tensor([[*prompt.ids, *checkpoint.tokenizer("<think>\n")["input_ids"]]])
        given = {name: extended(value, len(prompt.ids), ids.shape[1]) for name, value in prompt.inputs.items()}
        output = checkpoint.model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=True, top_k=0,
            max_new_tokens=TOKENS, min_new_tokens=TOKENS, **given,
        )  # fmt: skip
        tokens += output.shape[1] - ids.shape[1]
    return tokens / (time.perf_counter() - started)


def batched(engine: EmbeddedEngine, problems: Sequence[Problem]) -> float:
    """Tokens per second of the engine, one segment for all problems at once."""
    think = (Piece(text="<think>\n"),)

    async def run() -> int:
        steps = [
            Step(prefix=think, stop=(), max_tokens=TOKENS, min_tokens=TOKENS, seed=n) for n in range(len(problems))
        ]
        work = (engine.generate(problem, step, SAMPLING) for problem, step in zip(problems, steps, strict=True))
        return sum(each.tokens for each in await asyncio.gather(*work))

    started = time.perf_counter()
    return asyncio.run(run()) / (time.perf_counter() - started)


def swept(engine: EmbeddedEngine, problems: Sequence[Problem]) -> float:
    """Tokens per second of the engine on nested sweeps in chunks."""

    async def run() -> int:
        flows = [(problem, nested_sweep(FORCING, n)) for n, problem in enumerate(problems)]
        traces = await asyncio.gather(*(drive(flow, problem, engine, SAMPLING) for problem, flow in flows))
        return sum(trace.generated_tokens for trace in traces)

    started = time.perf_counter()
    return asyncio.run(run()) / (time.perf_counter() - started)


def main() -> None:
    """Three rounds of all three in turn, for every class."""
    logging.disable(logging.WARNING)
    rows = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            engine = engine_of(kind, Path(folder))
            problems = problems_of(engine)
            few = problems[:4] if engine.path == "plain" else problems
            one_at_a_time(engine, problems[:1])
            rounds = [
                (one_at_a_time(engine, problems[:4]), batched(engine, few), swept(engine, few)) for _ in range(ROUNDS)
            ]
            asyncio.run(engine.close())
        names = ("generate, one problem at a time", f"engine, {len(few)} rows", "engine, sweeps 0-3")
        for index, name in enumerate(names):
            speed = statistics.median(each[index] for each in rounds)
            ratio = statistics.median(each[index] / each[0] for each in rounds)
            rows.append((kind, engine.path, name, f"{speed:.0f}", f"{ratio:.1f}x"))
    keep(
        "general",
        "Throughput of other classes in this process",
        ("class", "path", "what", "median tokens/s", "median ratio"),
        rows,
        [
            f"{ROUNDS} rounds; each round runs the three in turn, and the ratio is taken within the round.",
            "Tiny random models. In a large one the ratio of the shared path follows from how many rows a forward pass "
            "takes for the price of one; that of the plain path stays 1.",
        ],
    )


if __name__ == "__main__":
    main()
