"""What a sweep costs: `python perf/cheap.py http://127.0.0.1:8000/v1`.

Levels 0-7, nested and independent, in turn on the same vLLM, on problems that it has not seen; then a nested sweep
through a proxy that counts how often each image is sent. Serve the bundled model first:
`s1m serve src/s1m/assets/digits-qwen2vl --dtype float32`.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from full import CONFIG, Quiet, unseen
from keep import keep
from proxy import Proxy

from s1m.benchmarks import find_benchmark
from s1m.config import eval_settings, read_toml
from s1m.engines.remote import Servers
from s1m.engines.vllm import VllmEngine
from s1m.evaluate.build import resolve
from s1m.evaluate.runner import Runner
from s1m.evaluate.store import RunStore, load_run
from s1m.types import Problem

ROUNDS = 3
PROBLEMS = 256


async def run(api: str, problems: list[Problem], sweep: str, folder: Path) -> float:
    """Seconds of a run."""
    benchmark = find_benchmark("digits")
    given = {**read_toml(CONFIG), "engine": "vllm", "base_url": api, "out": str(folder), "model": "m", "sweep": sweep}
    settings = eval_settings(given)
    store = RunStore(resolve(settings, benchmark))
    runner = Runner(settings, benchmark, store, Quiet())
    engine = VllmEngine(Servers(api))
    await engine.ready()
    began = time.monotonic()
    await runner.run(problems, runner.owed(problems), engine)
    seconds = time.monotonic() - began
    await engine.close()
    store.close()
    return seconds


async def main() -> None:
    """Both sweeps in turn, then the images."""
    api = sys.argv[1]
    problems = find_benchmark("digits").load(split="test", limit=PROBLEMS, data=None)
    rows, shares = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(ROUNDS):
            seconds, tokens = [], []
            for sweep in ("nested", "independent"):
                folder = Path(scratch) / f"{sweep}-{number}"
                seconds.append(await run(api, [unseen(problem) for problem in problems], sweep, folder))
                tokens.append(sum(record.trace.generated_tokens for record in load_run(folder).records))
            shares.append(seconds[0] / seconds[1])
            token_share = tokens[0] / tokens[1]
            rows.append((number + 1, *(f"{s:.1f}" for s in seconds), f"{shares[-1]:.3f}", f"{token_share:.3f}"))
        with Proxy(api.removesuffix("/v1")) as proxy:
            await run(f"{proxy.url}/v1", [unseen(problem) for problem in problems], "nested", Path(scratch) / "images")
    sent = sum(proxy.images.values()) - 1  # the check at the start sends a stand-in
    keep(
        "cheap",
        "Nested and independent sweep 0-7 on one vLLM",
        ("round", "nested, s", "independent, s", "share of time", "share of tokens"),
        rows,
        [
            f"{PROBLEMS} problems a round. Median share of time: {statistics.median(shares):.3f}.",
            f"Images sent in a nested sweep of {PROBLEMS} problems with one image each: {sent}, in "
            f"{proxy.requests:,} requests.",
        ],
    )


if __name__ == "__main__":
    asyncio.run(main())
