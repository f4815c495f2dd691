"""Sampled with and without the plugin, many chains of few problems: `python perf/inside_sampled.py [FOLDER]`.

What the bundled model reads off a picture is drawn anew in every segment, so the segments of one problem differ. For
each of a few problems the tokens of a segment, its first tokens and the number read are compared by two-sample tests;
the smallest of the p-values is then judged by how many there are (Holm). No seed is used in both arms. Starts vLLM
itself (`make vllm` first). With a FOLDER it stops after a few minutes and goes on in the next call; the table has what
is there.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from inside_exact import FORCING, SAMPLED, same_counts, same_lengths
from keep import keep
from own_server import own_server

from s1m.benchmarks import find_benchmark
from s1m.engines.remote import Servers
from s1m.engines.vllm import VllmEngine
from s1m.forcing import Forcing, drive
from s1m.forcing.strategy import Part
from s1m.forcing.thinking import can_go_on, think_on
from s1m.types import Segment

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else None
PROBLEMS, CHAINS, IGNORED = 10, 286, 7
"""Chains of each problem in each arm, each of 8 segments, 7 of them forced: 20,020 forced ones an arm and sampling."""
ARMS = {"inside": True, "outside": False}
A_CALL_SECONDS = 120.0
"""No piece is begun later in a call that may be resumed."""
Forced = list[tuple[int, str, str]]
"""Of each segment that was forced: its tokens, its first tokens, and what it reads off the picture."""


def chain(forcing: Forcing, seed: int) -> Part[tuple[Segment, ...]]:
    """A chain with its ignored stops, without answers."""
    segments: tuple[Segment, ...] = ()
    while len(segments) <= IGNORED and can_go_on(forcing, segments):
        segments = yield from think_on(forcing, segments, seed, ahead=IGNORED - len(segments))
    return segments


async def drawn(engine: VllmEngine, sampling_index: int, problem_index: int, first_seed: int) -> list[Forced]:
    """The forced segments of each chain. Closes the engine."""
    problem = find_benchmark("digits").load(split="test", limit=PROBLEMS, data=None)[problem_index]
    await engine.ready()
    try:
        chains = await asyncio.gather(
            *(
                drive(chain(FORCING, first_seed + number), problem, engine, SAMPLED[sampling_index])
                for number in range(CHAINS)
            )
        )
    finally:
        await engine.close()
    return [[(s.tokens, str(s.token_ids and s.token_ids[:4]), s.text.partition(",")[0]) for s in c[1:]] for c in chains]


def pieces(folder: Path) -> dict[tuple[int, str, int], Path]:
    """Where each piece lies or will lie: by sampling, arm and problem, in the order in which they are drawn."""
    return {
        (sampling, arm, problem): folder / f"{sampling}-{arm}-{problem}.json"
        for problem, sampling, arm in product(range(PROBLEMS), range(len(SAMPLED)), ARMS)
    }


def draw(folder: Path) -> None:
    """Draw the pieces that are missing, as many as there is time for."""
    began = time.monotonic()
    missing = [(number, key, path) for number, (key, path) in enumerate(pieces(folder).items()) if not path.exists()]
    if not missing:
        return
    missing.sort(key=lambda each: each[1][0])  # all problems with one sampling before the next one
    with own_server("--max-num-seqs", "256") as server:
        for number, (sampling, arm, problem), path in missing:
            engine = VllmEngine(Servers(server.api), forces=ARMS[arm])
            path.write_text(json.dumps(asyncio.run(drawn(engine, sampling, problem, number * CHAINS))))
            if FOLDER and time.monotonic() - began > A_CALL_SECONDS:
                return


def compared(one: Sequence[Forced], other: Sequence[Forced]) -> list[float]:
    """The p-values of tokens, first tokens and readings."""
    flat = [[segment for chain in chains for segment in chain] for chains in (one, other)]
    lengths = same_lengths(*([tokens for tokens, _, _ in each] for each in flat))
    return [lengths, *(same_counts(*(Counter(s[what] for s in each) for each in flat)) for what in (1, 2))]


def said_of_lengths(one: Sequence[Forced], other: Sequence[Forced], p: float) -> str:
    """The p-value, or the only length that there is: then there was nothing to compare."""
    lengths = {tokens for chains in (one, other) for chain in chains for tokens, _, _ in chain}
    return f"all {lengths.pop()} tokens" if len(lengths) == 1 else f"{p:.2f}"


def table(folder: Path) -> None:
    """The table of the problems of which all pieces are there."""
    found = {key: json.loads(path.read_text()) for key, path in pieces(folder).items() if path.exists()}
    rows: list[tuple[object, ...]] = []
    smallest: list[float] = []
    counts = Counter[str]()
    for sampling, problem in product(range(len(SAMPLED)), range(PROBLEMS)):
        if any((sampling, arm, problem) not in found for arm in ARMS):
            continue
        ours, theirs = (found[sampling, arm, problem] for arm in ARMS)
        counts[f"temperature {SAMPLED[sampling].temperature:g}"] += sum(map(len, ours))
        values = compared(ours, theirs)
        # Segments of one chain resemble each other: one of each chain is a sample of independent ones.
        single = compared(*([chain[-1:] for chain in chains] for chains in (ours, theirs)))
        smallest += single[1:] if said_of_lengths(ours, theirs, 0.0).startswith("all") else single
        rows.append(
            (
                f"temperature {SAMPLED[sampling].temperature:g}, top-p {SAMPLED[sampling].top_p:g}",
                f"digits-test-{problem:05}",
                f"{sum(map(len, ours))} and {sum(map(len, theirs))}",
                said_of_lengths(ours, theirs, values[0]),
                *(f"{p:.2f}" for p in values[1:]),
                said_of_lengths(ours, theirs, single[0]),
                *(f"{p:.2f}" for p in single[1:]),
            )
        )
    keep(
        "inside_sampled",
        "Sampled with and without the plugin",
        (
            *("sampling", "problem", "forced segments", "p of lengths", "p of first four tokens", "p of readings"),
            *("one a chain: p of lengths", "of first four tokens", "of readings"),
        ),
        rows,
        [
            "Forced segments in each arm: "
            + ", ".join(f"{count:,} at {name}" for name, count in counts.items())
            + "; no "
            "seed in both.",
            "Kolmogorov-Smirnov on the tokens of a segment (on the safe side where many are equal), chi-squared on "
            "its first four tokens and on what it reads off the picture.",
            "Segments of one chain resemble each other, which makes p-values too small; the last three columns have "
            "only the last segment of each chain.",
            f"Smallest of these {len(smallest)} p-values, times their number: "
            f"{min(1.0, min(smallest) * len(smallest)):.2f}.",
        ],
    )


def main() -> None:
    """Draw, and compare once all is drawn."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = FOLDER or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        draw(folder)
        missing = sum(not path.exists() for path in pieces(folder).values())
        if missing:
            print(f"{missing} pieces are missing; run it again")
        table(folder)


if __name__ == "__main__":
    main()
