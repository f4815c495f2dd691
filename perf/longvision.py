"""Long problems in bulk: time, lengths, loops, checks, duplicates: `PYTHONPATH=src:perf python perf/longvision.py`.

Every example is drawn to PNG and solved with a trace, in two processes. `--tokenizer FOLDER` counts tokens
with a vocabulary; without one a token is taken for four characters, and said to be.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing import Pool

from keep import keep

from s1m.forcing import find_loop
from s1m.synthetic.longvision.example import LongExample, Unsound, make_example, make_problem
from s1m.synthetic.voice import length

FAMILIES = ("geometry", "charts", "grids", "mazes")
PROCESSES = 2
FOR_DUPLICATES = 10_000


def made(index: int) -> tuple[LongExample, int] | str:
    """Example ``index`` of the training split and the bytes of its picture, or why there is none."""
    try:
        example = make_example("train", index)
    except Unsound as problem:
        return str(problem)
    return example, len(example.image.read())


def digest(index: int) -> str:
    """The content address of problem ``index`` of the training split."""
    return make_problem("train", index).digest


def row(name: str, lengths: Sequence[int]) -> list[object]:
    """One line of the table."""
    ordered = sorted(lengths)
    at = [ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.9, 0.99)]
    figures = (statistics.mean(ordered), *at, ordered[0], ordered[-1])
    return [name, len(ordered), *(f"{figure:,.0f}" for figure in figures)]


def counter(folder: str | None) -> Callable[[str], int]:
    """How tokens are counted."""
    if folder is None:
        return lambda text: len(text) // 4
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    return lambda text: len(tokenizer(text).input_ids)


def main() -> None:
    """Make the examples, measure them, keep the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--tokenizer", metavar="FOLDER")
    arguments = parser.parse_args()
    with Pool(PROCESSES) as pool:
        started = time.perf_counter()
        results = pool.map(made, range(arguments.examples), chunksize=20)
        seconds = time.perf_counter() - started
        digests = Counter(pool.map(digest, range(FOR_DUPLICATES), chunksize=100))
    failed = [result for result in results if isinstance(result, str)]
    examples = [result[0] for result in results if not isinstance(result, str)]
    weight = statistics.mean(result[1] for result in results if not isinstance(result, str))
    tokens = counter(arguments.tokenizer)
    lengths = [tokens(example.thinking) for example in examples]
    off = sorted(length(example.thinking) / n for n, example in zip(lengths, examples, strict=True))
    rows = [
        row(family, [n for n, example in zip(lengths, examples, strict=True) if example.family == family])
        for family in FAMILIES
    ]
    again = Counter(example.wordings for example in examples)
    twice = sum(digests.values()) - len(digests)
    keep(
        "longvision",
        "longvision: lengths of traces, and what they cost",
        ("family", "examples", "mean", "median", "p90", "p99", "shortest", "longest"),
        [*rows, row("all", lengths)],
        [
            f"Tokens of thinking, {'by a real vocabulary' if arguments.tokenizer else 'estimated: characters / 4'}.",
            f"{len(examples)} examples with pictures drawn ({weight / 1000:.0f} kB each) took {seconds:.0f} s in "
            f"{PROCESSES} processes.",
            f"The generator's own estimate of a length is {off[0]:.3f} to {off[-1]:.3f} of what is counted here.",
            f"{sum(find_loop(example.thinking) is not None for example in examples)} loops by our detector; "
            f"{len(examples) - again[1]} traces were worded more than once before they were taken.",
            f"{len(failed)} examples failed a check (an answer that a second method does not find, a length, a loop).",
            f"{twice} duplicates among {FOR_DUPLICATES:,} problems, by digest of question and plan.",
            *failed[:5],
        ],
    )


if __name__ == "__main__":
    main()
