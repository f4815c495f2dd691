"""The embedded engine on a GPU: tokens a second by rows, time to first token, sweeps, share of the memory bandwidth."""

from __future__ import annotations

import asyncio
import gc
import io
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from gpu_checkpoints import Shape
from PIL import Image

from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.prompt import prepare
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Completion, Engine, Piece, Problem, Sampling, Step

SAMPLING = Sampling(temperature=1.0, top_p=0.95)
OPENING = Piece(text="<think>\n")
WAIT = "Wait,"
FEW_ROWS = 64
"""Rows of an ordinary engine; its cache holds as many, so larger batches have an engine of their own."""
Row = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How much is measured."""

    rows: tuple[int, ...]
    tokens: int
    edge: int
    """Pixels of a picture's side."""
    megapixel: int
    """Side of the picture of the time to first token."""
    sweeps: int
    first_tokens: int
    """Median length of the first segment of a sweep; S1-M's genuine thinking is 640 tokens without ignored stops."""
    next_tokens: int
    """Length of the later ones on average; S1-M's seven ignored stops add about 860 tokens."""


FULL = Amount(rows=(1, 16, 64, 256), tokens=128, edge=448, megapixel=1008, sweeps=48, first_tokens=520, next_tokens=123)
LITTLE = Amount(rows=(1, 4), tokens=12, edge=56, megapixel=112, sweeps=2, first_tokens=24, next_tokens=8)


def noise(edge: int, seed: int) -> bytes:
    """A PNG file of noise."""
    drawn = random.Random(seed).randbytes(edge * edge * 3)
    file = io.BytesIO()
    Image.frombytes("RGB", (edge, edge), drawn).save(file, "PNG", compress_level=1)
    return file.getvalue()


def problems(count: int, edge: int, first: int = 0) -> list[Problem]:
    """Problems with a picture each and questions of different lengths."""
    return [
        Problem(
            id=str(n), question=f"Question {n}: " + "what is the sum? " * (n % 7 + 1), images=(noise(edge, n),), gold=""
        )
        for n in range(first, first + count)
    ]


def wait_for_device() -> None:
    """Return when the GPU has done all it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def ask(engine: Engine, asked: Sequence[Problem], tokens: int) -> float:
    """Seconds for this many tokens of every problem at once."""
    steps = [
        Step(prefix=(OPENING,), stop=(), max_tokens=tokens, min_tokens=tokens, seed=seed) for seed in range(len(asked))
    ]

    async def run() -> None:
        pairs = zip(asked, steps, strict=True)
        done = await asyncio.gather(*(engine.generate(problem, step, SAMPLING) for problem, step in pairs))
        assert all(completion.tokens == tokens for completion in done)

    wait_for_device()
    started = time.perf_counter()
    asyncio.run(run())
    wait_for_device()
    return time.perf_counter() - started


def decoding(engine: EmbeddedEngine, rows: int, amount: Amount) -> float:
    """Tokens a second of ``rows`` rows once their prompts are read, which a first round does."""
    asked = problems(rows, amount.edge)
    ask(engine, asked, 2)
    ask(engine, asked, amount.tokens)  # captures the graphs, which a long run does once
    return rows * amount.tokens / ask(engine, asked, amount.tokens)


def generating(engine: EmbeddedEngine, rows: int, amount: Amount) -> float:
    """Tokens a second of transformers' ``generate``, prompts padded on the left; prompts not counted either."""
    checkpoint = engine.checkpoint
    prompts = [prepare(problem, checkpoint) for problem in problems(rows, amount.edge)]
    opening = checkpoint.tokenizer(OPENING.text)["input_ids"]
    widest = max(len(prompt.ids) for prompt in prompts)
    ids = torch.tensor([[0] * (widest - len(p.ids)) + [*p.ids, *opening] for p in prompts])
    mask = torch.tensor([[0] * (widest - len(p.ids)) + [1] * (len(p.ids) + len(opening)) for p in prompts])
    device = checkpoint.model.device
    inputs: dict[str, Any] = {
        "input_ids": ids,
        "attention_mask": mask,
        "mm_token_type_ids": (ids == checkpoint.image_id).int(),
        "pixel_values": torch.cat([prompt.pixels()["pixel_values"] for prompt in prompts]),
        "image_grid_thw": torch.cat([prompt.pixels()["image_grid_thw"] for prompt in prompts]),
    }
    inputs = {name: tensor.to(device) for name, tensor in inputs.items()}

    def timed(tokens: int) -> float:
        wait_for_device()
        started = time.perf_counter()
        checkpoint.model.generate(
            **inputs, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=True, top_p=0.95, top_k=0
        )
        wait_for_device()
        return time.perf_counter() - started

    timed(2)
    more = max(8, amount.tokens // 4)
    return rows * (more - 1) / (timed(more) - timed(1))


def first_token(engine: EmbeddedEngine, amount: Amount) -> float:
    """Median seconds from a question with a large picture, never seen before, to the first token."""
    return statistics.median(ask(engine, [problem], 1) for problem in problems(6, amount.megapixel, first=10_000)[1:])


def copy_bandwidth(device: str) -> float:
    """Bytes a second that a copy within the device moves, read and written ones counted."""
    size = 2**30 if device == "cuda" else 2**24
    source = torch.empty(size, dtype=torch.uint8, device=device).random_()
    target = torch.empty_like(source)
    seconds = []
    for _ in range(8):
        wait_for_device()
        started = time.perf_counter()
        target.copy_(source)
        wait_for_device()
        seconds.append(time.perf_counter() - started)
    return 2 * size / statistics.median(seconds)


def bytes_a_step(shape: Shape, rows: int, context: float) -> float:
    """Bytes that one decode step cannot avoid to read: the matrices once, each row's keys and values."""
    return 2 * shape.matrix_parameters + rows * context * shape.cache_bytes


class PlannedStops:
    """An engine whose model ends each stretch of thinking after a planned number of tokens, since noise never does.

    Answers have their full budget. Texts are replaced by some that commit to an answer and do not loop.
    """

    name = "planned"
    can_show_images_again = False

    def __init__(self, engine: EmbeddedEngine, amount: Amount) -> None:
        self._engine = engine
        self._amount = amount
        self.context_tokens = engine.context_tokens
        self.generated = 0

    async def ready(self) -> None:
        """Is, as the engine is."""

    async def close(self) -> None:
        """The engine is closed by whoever made it."""

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """A completion of planned length."""
        if not step.stop or not step.prefix:
            done = await self._exactly(problem, step, step.max_tokens, sampling)
            return replace(done, text="12", finish="eos")
        ignored = sum(piece.text == WAIT for piece in step.prefix)
        since = [n for n, piece in enumerate(step.prefix) if piece.text == WAIT]
        written = sum(len(piece.token_ids or ()) for piece in step.prefix[since[-1] if since else 0 :])
        wanted = max(1, self.planned(problem, ignored) - written)
        done = await self._exactly(problem, step, min(wanted, step.max_tokens), sampling)
        text = " ".join(f"{problem.id}-{ignored}-{written + n}" for n in range(0, done.tokens, 16)) + " "
        return replace(done, text=text, finish="stop" if wanted <= step.max_tokens else "length")

    def planned(self, problem: Problem, ignored: int) -> int:
        """Tokens of a segment: log-normal, the same in every run of the problem."""
        rng = random.Random(f"{problem.id}-{ignored}")
        median = self._amount.next_tokens * 0.8 if ignored else self._amount.first_tokens
        return max(1, min(2 * self._amount.first_tokens, round(median * rng.lognormvariate(0, 0.65))))

    async def _exactly(self, problem: Problem, step: Step, tokens: int, sampling: Sampling) -> Completion:
        self.generated += tokens
        return await self._engine.generate(
            problem, replace(step, stop=(), choices=(), max_tokens=tokens, min_tokens=tokens), sampling
        )


def forcing(levels: tuple[int, ...]) -> Forcing:
    """Budget forcing at these levels."""
    return Forcing(num_ignore=levels, ignore_strings=(WAIT,), max_thinking_tokens=16_384, max_answer_tokens=16)


def sweep(engine: EmbeddedEngine, amount: Amount, levels: Sequence[tuple[int, ...]]) -> tuple[float, int]:
    """Seconds and tokens of sweeps over the same problems, one after the other; a sweep's problems run together."""
    planned = PlannedStops(engine, amount)
    asked = problems(amount.sweeps, amount.edge)

    async def run(each: tuple[int, ...]) -> None:
        flows = [nested_sweep(forcing(each), seed) for seed in range(len(asked))]
        await asyncio.gather(*(drive(f, problem, planned, SAMPLING) for f, problem in zip(flows, asked, strict=True)))

    wait_for_device()
    started = time.perf_counter()
    for each in levels:
        asyncio.run(run(each))
    wait_for_device()
    return time.perf_counter() - started, planned.generated


def measure_engine(shape: Shape, folder: str, amount: Amount, device: str, note: Callable[[Row], None]) -> None:
    """Rows of the table for one model: ``generate``, the engine without and with graphs, sweeps, memory."""
    bandwidth = copy_bandwidth(device)
    note((shape.name, "copy within the device", "", f"{bandwidth / 1e12:.2f} TB/s", "", "", ""))
    few = [rows for rows in amount.rows if rows <= FEW_ROWS]
    more = [rows for rows in amount.rows if rows > FEW_ROWS]
    base = 0.0
    with opened(folder, FEW_ROWS, device, cuda_graphs=False) as engine:
        for rows in few:
            speed = generating(engine, rows, amount)
            base = base or speed
            note((shape.name, "generate", f"{rows}", f"{speed:,.0f} tokens/s", f"{speed / base:.1f}x", "", memory()))
    arms = [
        (few[-1:], False, "without CUDA graphs"),
        (few, True, "with CUDA graphs"),
        (more, True, "with CUDA graphs"),
    ]
    for sizes, graphs, name in arms if device == "cuda" else [(few, True, "on a CPU")]:
        with opened(folder, max([FEW_ROWS, *sizes]), device, cuda_graphs=graphs) as engine:
            for rows in sizes:
                speed = decoding(engine, rows, amount)
                context = amount.edge**2 / 28**2 + 40 + amount.tokens / 2
                fraction = bytes_a_step(shape, rows, context) * speed / rows / bandwidth
                cells = (f"{speed:,.0f} tokens/s", f"{speed / base:.1f}x", f"{fraction:.0%}", memory())
                note((shape.name, f"embedded engine {name}", f"{rows}", *cells))
            if graphs and sizes is few:
                seconds = first_token(engine, amount)
                what = f"time to first token, {amount.megapixel} x {amount.megapixel} pixels"
                note((shape.name, what, "1", f"{1000 * seconds:.0f} ms", "", "", memory()))
                measure_sweeps(shape, engine, amount, note)


@contextmanager
def opened(folder: str, max_rows: int, device: str, *, cuda_graphs: bool) -> Iterator[EmbeddedEngine]:
    """An engine that leaves the GPU as empty as it found it."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    engine = EmbeddedEngine(folder, max_rows=max_rows, device=device, cuda_graphs=cuda_graphs)
    try:
        yield engine
    finally:
        asyncio.run(engine.close())
        vars(engine).clear()
        gc.collect()
        if device == "cuda":
            torch.cuda.empty_cache()


def measure_sweeps(shape: Shape, engine: EmbeddedEngine, amount: Amount, note: Callable[[Row], None]) -> None:
    """A nested sweep 0-7, and eight independent runs where these do not take minutes."""
    levels = tuple(range(8))
    nested, tokens = sweep(engine, amount, [levels])
    speed = f"{nested:.1f} s, {tokens:,} tokens, {tokens / nested:,.0f} tokens/s"
    note((shape.name, "nested sweep 0-7", f"{amount.sweeps}", speed, "", "", memory()))
    if shape.name == "7B":
        return
    apart, apart_tokens = sweep(engine, amount, [(level,) for level in levels])
    speed = f"{apart:.1f} s, {apart_tokens:,} tokens, {apart_tokens / apart:,.0f} tokens/s"
    note(
        (
            shape.name,
            "levels 0-7 one by one",
            f"{amount.sweeps}",
            speed,
            f"{apart / nested:.1f}x the time",
            "",
            memory(),
        )
    )


def memory() -> str:
    """The most memory that was held, in GiB."""
    return f"{torch.cuda.max_memory_allocated() / 2**30:.1f}" if torch.cuda.is_available() else ""
