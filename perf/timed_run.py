"""A whole run of the bundled benchmark against a vLLM server, timed: records and scores included."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from s1m.benchmarks import find_benchmark
from s1m.evaluate.build import resolve
from s1m.evaluate.runner import Runner
from s1m.evaluate.settings import eval_settings
from s1m.evaluate.store import RunStore
from s1m.files.settings import read_toml
from s1m.types import Engine, Problem, Record

CONFIG = Path(__file__).parent.parent / "src" / "s1m" / "assets" / "digits.toml"


class Quiet:
    """Progress that is not shown."""

    def landed(self, record: Record) -> None:
        """Do nothing."""

    def failed(self, problem: Problem, error: Exception) -> None:  # noqa: ARG002
        """End the script: no problem may fail here."""
        raise error


async def timed_run(engine: Engine, api: str, problems: Sequence[Problem], folder: Path, **changed: object) -> float:
    """Seconds of a run with the demo's settings and ``changed`` ones on these problems; closes the engine."""
    benchmark = find_benchmark("digits")
    given = {**read_toml(CONFIG), "engine": "vllm", "base_url": api, "out": str(folder), "model": "m", **changed}
    settings = eval_settings(given)
    store = RunStore(resolve(settings, benchmark))
    runner = Runner(settings, benchmark, store, Quiet())
    await engine.ready()
    began = time.monotonic()
    await runner.run(problems, runner.pending(problems), engine)
    seconds = time.monotonic() - began
    await engine.close()
    store.close()
    return seconds


def unseen(problem: Problem) -> Problem:
    """The same problem with two pixels of its picture changed, so that no cache contains it."""
    picture = Image.open(io.BytesIO(problem.images[0])).convert("L")
    picture.putpixel((0, 0), random.randrange(256))
    picture.putpixel((1, 0), random.randrange(256))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return replace(problem, images=(buffer.getvalue(),))
