"""Memory of the client: `python perf/flat.py`. 20,000 problems with images, through the runner, store and http engine.

The problems are generated on the fly, like the rows that a benchmark reads from disk; the server is a separate process
that answers at once. Resident memory is read after 1,000 problems and after 20,000.
"""

from __future__ import annotations

import asyncio
import gc
import io
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import many
from keep import keep
from PIL import Image

from s1m.benchmarks import find_benchmark
from s1m.evaluate.build import build_engine
from s1m.evaluate.runner import Runner
from s1m.evaluate.settings import eval_settings
from s1m.evaluate.store import RunStore
from s1m.types import Problem, Record

many.RATE, many.QUEUE = 1e6, 10**6
PROBLEMS, FIRST = 20_000, 1_000


class Made(Sequence[Problem]):
    """Problems with a picture of about 2 kB each, none of them kept in memory."""

    def __len__(self) -> int:
        return PROBLEMS

    @overload
    def __getitem__(self, at: int) -> Problem: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Problem]: ...
    def __getitem__(self, at: int | slice) -> Problem | Sequence[Problem]:
        """The problem with this index, always the same."""
        assert isinstance(at, int)
        if at >= PROBLEMS:
            raise IndexError(at)
        buffer = io.BytesIO()
        Image.frombytes("L", (44, 44), random.Random(at).randbytes(44 * 44)).save(buffer, "PNG")
        return Problem(id=f"p{at}", question=f"Question {at}?", images=(buffer.getvalue(),), gold="1")


class Watch:
    """Reads the resident memory as problems land."""

    def __init__(self) -> None:
        self.landed_so_far = 0
        self.megabytes: dict[int, float] = {}

    def landed(self, record: Record) -> None:  # noqa: ARG002
        """Read the memory at every thousandth problem."""
        self.landed_so_far += 1
        if self.landed_so_far % 1000 == 0:
            gc.collect()
            self.megabytes[self.landed_so_far] = resident_megabytes()

    def failed(self, problem: Problem, error: Exception) -> None:  # noqa: ARG002
        """End the script: no problem may fail here."""
        raise error


def resident_megabytes() -> float:
    """Resident memory of this process."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def run(url: str, folder: Path) -> Watch:
    """A whole run."""
    settings = eval_settings(
        {
            "benchmark": "digits",
            "engine": "http",
            "base_url": url,
            "model": "m",
            "out": str(folder),
            "num_ignore": "0-3",
        }
    )
    store, watch, problems = RunStore(settings), Watch(), Made()
    runner = Runner(settings, find_benchmark("digits"), store, watch)
    engine = build_engine(settings)
    await engine.ready()
    await runner.run(problems, runner.pending(problems), engine)
    await engine.close()
    store.close()
    return watch


def main() -> None:
    """One run."""
    process, url = many.start()
    with tempfile.TemporaryDirectory() as scratch:
        watch = asyncio.run(run(url, Path(scratch) / "run"))
    process.kill()
    seen = watch.megabytes
    keep(
        "flat",
        "Resident memory of the client",
        ("problems done", "MB"),
        [(f"{count:,}", f"{seen[count]:.0f}") for count in (FIRST, 2000, 5000, 10_000, PROBLEMS)],
        [
            f"From {FIRST:,} to {PROBLEMS:,} problems it grows by {seen[PROBLEMS] - seen[FIRST]:.0f} MB.",
            "256 problems in flight, levels 0-3, a picture of 2 kB each; every record is on disk.",
        ],
    )


if __name__ == "__main__":
    main()
