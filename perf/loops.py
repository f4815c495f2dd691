"""Loop detection on the labelled corpus, and its cost: `PYTHONPATH=src:. python perf/loops.py`.

Synthetic families on which limits were chosen, families held out from that, families written last (late: one limit was
still changed for them), recorded responses beside the checkout (shared/data), such responses derailed into loops, and
traces of the bundled model. The baseline is the former detector of exact tails alone: at least three copies of a tail,
240 characters of patterns from 12 characters on, 1,500 of shorter ones, checked between chunks. Texts are read in
chunks of 128 pieces, as thinking arrives.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from keep import keep

from s1m.benchmarks import find_benchmark
from s1m.engines.embedded import EmbeddedEngine
from s1m.forcing import Forcing, LoopWatch, drive, find_loop, nested_sweep
from s1m.forcing.loops.pieces import PIECE
from s1m.types import Sampling
from tests.forcing.corpus import Labelled, corpus
from tests.forcing.corpus import unseen as late
from tests.forcing.corpus.recorded import derailed, recorded
from tests.forcing.corpus.unseen import unseen

LOOPS, CLEANS, SEED = 40, 40, 1
LATE = {*late.LOOPS, *late.CLEAN}
DERAILED = 400
TRACES = 64
CHUNK = 128
EVERY_NTH_IN_IDS = 10
LENGTHS = (300, 3000, 30_000)
TOKENS_PER_SECOND = 3000


def exact_tail(text: str) -> int | None:
    """Characters read when exact tails alone detect a loop, or None."""
    ends = [*[piece.end() for piece in PIECE.finditer(text)][CHUNK - 1 :: CHUNK], len(text)]
    return next((end for end in ends if periodic_tail(text[max(0, end - 8192) : end])), None)


def periodic_tail(text: str) -> bool:
    """Whether a text ends with at least three copies of a pattern."""
    tail = text[::-1]
    matched = [0] * len(tail)
    border = 0
    for length in range(2, len(tail) + 1):
        unit = tail[length - 1]
        while border and unit != tail[border]:
            border = matched[border - 1]
        border += unit == tail[border]
        matched[length - 1] = border
        period = length - border
        if length >= 3 * period and length >= (240 if period >= 12 else 1500):
            return True
    return False


def watched(text: str) -> int | None:
    """Characters read when the watch detects a loop, or None."""
    loop = find_loop(text)
    return loop.seen if loop else None


async def traces() -> list[Labelled]:
    """Thinking of the bundled model: whole chains, and single segments."""
    forcing = Forcing(
        num_ignore=tuple(range(8)), ignore_strings=("Wait,",), max_thinking_tokens=1024, max_answer_tokens=16
    )
    engine = EmbeddedEngine()
    problems = find_benchmark("digits").load(split="test", limit=TRACES, data=None)
    flows = [
        drive(nested_sweep(forcing, number), problem, engine, Sampling(temperature=1.0))
        for number, problem in enumerate(problems)
    ]
    chains = [trace.chains[0] for trace in await asyncio.gather(*flows)]
    await engine.close()
    whole = ["".join(segment.injected + segment.text for segment in chain) for chain in chains]
    each = [segment.text for chain in chains for segment in chain]
    return [
        *(Labelled(family="bundled model, whole chains", text=text, held_out=True) for text in whole),
        *(Labelled(family="bundled model, segments", text=text, held_out=True) for text in each),
    ]


def delay(text: Labelled, seen: int) -> int:
    """Pieces from the end of the third copy to the detection; negative where it came earlier."""
    assert text.third is not None
    between = len(PIECE.findall(text.text[min(seen, text.third) : max(seen, text.third)]))
    return between if seen >= text.third else -between


def row(name: str, texts: list[Labelled], seen: Callable[[str], int | None], plain: bool) -> list[object]:
    """Number of texts, of those flagged by the watch and by exact tails alone, and the watch's delays."""
    ends = [(text, seen(text.text)) for text in texts]
    tails = sum(exact_tail(text.text) is not None for text in texts) if plain else ""
    delays = [delay(text, end) for text, end in ends if end is not None and text.first is not None]
    spread = [round(statistics.median(delays)), max(delays)] if delays else ["", ""]
    return [name, len(texts), sum(end is not None for _, end in ends), tails, *spread]


def families(texts: Iterable[Labelled]) -> Iterator[tuple[str, list[Labelled]]]:
    """Texts by family and by lot: chosen, held out, late."""
    sorted_texts: dict[str, list[Labelled]] = {}
    for text in texts:
        lot = "late" if text.family in LATE else "held out" if text.held_out else "chosen"
        sorted_texts.setdefault(f"{'loop' if text.loops else 'clean'}, {lot}: {text.family}", []).append(text)
    yield from sorted(sorted_texts.items())


def in_ids(texts: list[Labelled]) -> tuple[int, int, int, int]:
    """Loops, detected loops, clean texts and false alarms in the bundled model's ids, which spell words by letters."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained("src/s1m/assets/digits-qwen2vl")
    detected = [(text.loops, find_loop(tokenizer(text.text)["input_ids"]) is not None) for text in texts]
    loops = [seen for loops, seen in detected if loops]
    clean = [seen for loops, seen in detected if not loops]
    return len(loops), sum(loops), len(clean), sum(clean)


def cost(units: str | list[int], ends: list[int], length: int) -> float:
    """Processor microseconds per token for texts of ``length`` tokens, read in chunks; the best of five."""
    best = float("inf")
    for _ in range(5):
        spent, read = 0.0, 0
        for first in range(0, len(ends) - length - 1, max(length, (len(ends) - 1) // (60_000 // length + 1))):
            borders = [*range(first, first + length, CHUNK), first + length]
            at = [ends[border] for border in borders] if isinstance(units, str) else borders
            parts = [units[start:end] for start, end in pairwise(at)]
            watch = LoopWatch()
            start = time.process_time()
            seen = [watch.feed(part) for part in parts]
            if not seen[-1]:  # a watch that detected a loop has read no further
                spent += time.process_time() - start
                read += length
        best = min(best, spent / read * 1e6)
    return best


def costs(clean: list[str]) -> list[str]:
    """A note for each length."""
    text = "\n".join(clean)[:700_000]
    ends = [0, *(piece.end() for piece in PIECE.finditer(text))]
    numbers: dict[str, int] = {}
    ids = [numbers.setdefault(piece, len(numbers)) for piece in PIECE.findall(text)]
    one_percent = 1e6 / TOKENS_PER_SECOND / 100
    return [
        f"Cost at {length:,} tokens: {cost(text, ends, length):.2f} µs per token of text, "
        f"{cost(ids, ends, length):.2f} of ids; 1 % of generation at {TOKENS_PER_SECOND:,} tokens/s is "
        f"{one_percent:.2f}."
        for length in LENGTHS
    ]


def main() -> None:
    """Measure, print, keep."""
    texts = list(corpus(LOOPS, CLEANS, SEED))
    texts += [*unseen(LOOPS, CLEANS, SEED), *derailed(DERAILED, SEED), *asyncio.run(traces())]
    real = list(recorded())
    rows = [row(name, lot, watched, plain=True) for name, lot in families(texts + real)]
    total: dict[str, list[int]] = {}
    for name, count, seen, tails, *_ in rows:
        sums = total.setdefault(str(name).split(":")[0], [0, 0, 0])
        total[str(name).split(":")[0]] = [sums[0] + count, sums[1] + seen, sums[2] + tails]  # type: ignore[operator]
    delays = [delay(text, end) for text in texts if text.loops for end in [watched(text.text)] if end is not None]
    loops, detected, clean, alarms = in_ids(texts[::EVERY_NTH_IN_IDS])
    keep(
        "loops",
        "Loop detection on a labelled corpus",
        ["texts", "number", "flagged", "flagged by exact tails alone", "median delay", "longest"],
        rows,
        [
            *(
                f"In all, {name}: {sums[1]} of {sums[0]} flagged ({sums[1] / sums[0]:.2%}), exact tails: {sums[2]}."
                for name, sums in sorted(total.items())
            ),
            f"Delay in pieces after the third copy, over all synthetic loops: median {statistics.median(delays):.0f}, "
            f"{sum(each <= 128 for each in delays) / len(delays):.1%} within 128.",
            f"Every tenth synthetic text in the bundled model's ids: {detected} of {loops} loops and {alarms} of "
            f"{clean} clean texts flagged.",
            *costs([text.text for text in real if not text.loops and len(text.text) > 800]),
        ],
    )


if __name__ == "__main__":
    main()
