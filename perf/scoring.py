"""How well and how fast answers are scored, on recorded responses beside the checkout (shared/data).

    PYTHONPATH=src:. python perf/scoring.py

Prints and keeps the tables of docs/scoring.md: both verdicts against the recorded ones, constant responses, dressed
answers, and responses a second in two processes.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from keep import keep

from s1m.scoring.official.mathvista import is_guess, official, strict
from tests.scoring.dressings import corpus
from tests.scoring.judging import scores
from tests.scoring.official.test_mathvista import CONSTANTS, STRICT
from tests.scoring.recorded import Recorded, problems, recorded

PROCESSES = 2
RESPONSES = 100_000


def agreement() -> list[list[object]]:
    """For each model: official verdicts that agree, right answers by each count, strict agreement and its floor."""
    rows: list[list[object]] = []
    for model, floor in STRICT.items():
        asked = recorded(model)
        labels = [row.official and not is_guess(row.problem, row.extraction) for row in asked]
        ours = [strict(row.problem, row.response)[1] for row in asked]
        same = sum(our == label for our, label in zip(ours, labels, strict=True))
        agreed = sum(official(row.problem, row.extraction) == row.official for row in asked)
        rows.append([model, agreed, sum(row.official for row in asked), sum(labels), sum(ours), same, floor])
    mean = sum(int(str(row[5])) for row in rows) / len(rows)
    low = sum(STRICT.values()) / len(STRICT)
    rows.append(["mean", "", "", "", "", f"{mean:.1f}", f"{low:.1f}, wanted {low + (1000 - low) / 3:.1f}"])
    return rows


def score_all(rows: list[Recorded]) -> int:
    """How many of the responses are right; what a process is given to do."""
    return sum(strict(row.problem, row.response)[1] for row in rows)


def seconds_for_many() -> float:
    """Seconds for 100,000 recorded responses, taken round and round, in two processes."""
    once = [row for model in STRICT for row in recorded(model)]
    rows = list(itertools.islice(itertools.cycle(once), RESPONSES))
    parts = [rows[start : start + 2500] for start in range(0, len(rows), 2500)]
    start = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        sum(pool.map(score_all, parts))
    return time.perf_counter() - start


def main() -> None:
    """Measure, print, keep."""
    right: Counter[tuple[bool, bool]] = Counter()
    for dressed in corpus(10_000):
        scored = scores(dressed.text, kind=dressed.kind, gold=dressed.gold, choices=dressed.choices)
        right[dressed.right, scored] += 1
    constants = [sum(strict(problem, text)[1] for problem in problems().values()) for text in CONSTANTS]
    lucky = [sum(official(problem, text) for problem in problems().values()) for text in CONSTANTS]
    seconds = seconds_for_many()
    keep(
        "scoring",
        "Scoring recorded MathVista responses",
        [
            "responses of",
            "official verdicts that agree",
            "right on record",
            "without guesses",
            "right by our strict verdict",
            "strict agreement",
            "floor",
        ],
        agreement(),
        [
            "All counts are of 1,000. Agreement is with the recorded verdicts that rest on no edit-distance guess.",
            f"Constant responses {', '.join(repr(text) for text in CONSTANTS)}: {constants} right by the strict "
            f"verdict, {lucky} by the official one.",
            f"10,000 dressed answers: {right[True, True]} right ones score and {right[True, False]} do not, "
            f"{right[False, True]} wrong ones score and {right[False, False]} do not.",
            f"{RESPONSES:,} responses took {seconds:.0f} s in {PROCESSES} processes.",
        ],
    )


if __name__ == "__main__":
    main()
