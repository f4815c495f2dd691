"""Long problems in bulk: time, lengths, loops, checks, duplicates. `python perf/longvision.py`.

Every example is drawn to PNG and solved with a trace, in two processes. `--tokenizer FOLDER` counts tokens
with a vocabulary; without it they are estimated as characters / 4, and the table says so.
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
    """Example ``index`` of the training split and the bytes of its picture, or the reason why it is unsound."""
    try:
        example = make_example("train", index)
    except Unsound as problem:
        return str(problem)
    return example, len(example.image.read())


def digest(index: int) -> str:
    """The content address of problem ``index`` of the training split."""
    return make_problem("train", index).digest


def row(name: str, lengths: Sequence[int]) -> list[object]:
    """One row of the table."""
    ordered = sorted(lengths)
    quantiles = [ordered[int(quantile * (len(ordered) - 1))] for quantile in (0.5, 0.9, 0.99)]
    figures = (statistics.mean(ordered), *quantiles, ordered[0], ordered[-1])
    return [name, len(ordered), *(f"{figure:,.0f}" for figure in figures)]


def counter(folder: str | None) -> Callable[[str], int]:
    """The counter of tokens: a vocabulary's, or the estimate."""
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
    examples, sizes = zip(*(result for result in results if not isinstance(result, str)), strict=True)
    tokens = counter(arguments.tokenizer)
    lengths = [tokens(example.thinking) for example in examples]
    estimates = sorted(length(example.thinking) / n for n, example in zip(lengths, examples, strict=True))
    rows = [
        row(family, [n for n, example in zip(lengths, examples, strict=True) if example.family == family])
        for family in FAMILIES
    ]
    reworded = sum(example.wordings > 1 for example in examples)
    duplicates = sum(digests.values()) - len(digests)
    keep(
        "longvision",
        "longvision: lengths of traces, and the time to generate them",
        ("family", "examples", "mean", "median", "p90", "p99", "shortest", "longest"),
        [*rows, row("all", lengths)],
        [
            f"Tokens of thinking, {'by a real vocabulary' if arguments.tokenizer else 'estimated: characters / 4'}.",
            f"{len(examples)} examples with pictures drawn ({statistics.mean(sizes) / 1000:.0f} kB each) took "
            f"{seconds:.0f} s in {PROCESSES} processes.",
            f"The generator's own estimate of a length is {estimates[0]:.3f} to {estimates[-1]:.3f} of the counted "
            "length.",
            f"{sum(find_loop(example.thinking) is not None for example in examples)} loops by s1m's detector; "
            f"{reworded} traces needed more than one wording.",
            f"{len(failed)} examples failed a check (the second method's answer, a length, a loop).",
            f"{duplicates} duplicates among {FOR_DUPLICATES:,} problems, by digest of question and plan.",
            *failed[:5],
        ],
    )


if __name__ == "__main__":
    main()
