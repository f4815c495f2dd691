"""Why S1-M's Qwen2-VL-7B baseline (40.8 %) may be below the official 58.2 %: the mark of a repetition penalty.

    python perf/s1m_baseline.py qwen2vl_7b_mathvista_baseline.json

The file is S1-M's own result file. The second half makes the effect on purpose, with the bundled toy model.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keep import keep

from s1m.analysis.run.summarize import summarize
from s1m.analysis.statistics.bias import Answered, beyond_chance, bias_sentences, biases, names
from s1m.evaluate.store import load_run

OFFICIAL = 0.582
"""Accuracy of Qwen2-VL-7B on MathVista testmini as its authors published it (arXiv 2409.12191)."""

PENALTIES = (1.0, 1.1, 1.2, 1.4)
HINT = "Answer with an integer, e.g., 1, 2, 3."


def accuracy(rows: Sequence[dict[str, Any]]) -> str:
    """The share of official verdicts that are right, with the count."""
    right = sum(bool(row["true_or_false"]) for row in rows)
    return f"{100 * right / max(1, len(rows)):.1f} % of {len(rows)}"


def published(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """The table of the file."""
    integers = [row for row in rows if "requiring an integer" in row["query"]]
    named = [row for row in integers if names(row["query"], str(row["answer"]))]
    free = [row for row in integers if row not in named]
    table = [
        ("the file", "all questions", accuracy(rows)),
        ("the file", "responses with fewer than 15 characters", str(sum(len(row["response"]) < 15 for row in rows))),
        ("the file", "integer questions", accuracy(integers)),
        ("the file", "integer questions whose gold answer the prompt names", accuracy(named)),
        ("the file", "the other integer questions", accuracy(free)),
    ]
    for digit in "01234":
        gold = [row for row in integers if str(row["answer"]) == digit]
        said = sum(str(row["prediction"]) == digit for row in integers)
        table.append(("the file", f"gold answer {digit}: {len(gold)} times, given {said} times", accuracy(gold)))
    lost = len(named) * (share_right(free) - accuracy(named))
    table.append(
        (
            "accounted for",
            "named integer answers as good as the others",
            f"{lost / len(rows) * 100:.1f} of the {100 * (OFFICIAL - share_right(rows)):.1f} points that are missing",
        )
    )
    return table


def share_right(rows: Sequence[dict[str, Any]]) -> float:
    """The share of official verdicts that are right."""
    return sum(bool(row["true_or_false"]) for row in rows) / max(1, len(rows))


def on_purpose(penalty: float, scratch: str) -> tuple[str, str, str]:
    """A row for the toy model with this repetition penalty, greedy, no stop ignored."""
    out = Path(scratch) / str(penalty)
    flags = f"--num-ignore 0 --max-thinking-tokens 400 --max-answer-tokens 16 --temperature 0 --limit 256 --out {out}"
    command = ["eval", "digits", *flags.split(), "--repetition-penalty", str(penalty), "--reasoning-prompt", HINT]
    subprocess.run([sys.executable, "-m", "s1m.cli", *command], check=True, stdout=subprocess.DEVNULL)
    run = load_run(out)
    rows = [
        Answered(prompt=HINT, gold=record.gold, prediction=record.verdicts[-1].prediction) for record in run.records
    ]
    counts = "; ".join(
        f"{test.answer}: right {test.gold}, given {test.predicted}"
        for test in sorted(biases(rows), key=lambda test: test.answer)
        if test.answer in ("1", "2", "3")
    )
    return (f"toy, penalty {penalty}", f"{100 * summarize(run).levels[-1].accuracy:.1f} % right", counts)


def main() -> None:
    """Read the file, run the toy model with penalties, keep one table."""
    rows = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["results"]
    answered = [
        Answered(prompt=row["query"], gold=str(row["answer"]), prediction=row["prediction"] and str(row["prediction"]))
        for row in rows
    ]
    with tempfile.TemporaryDirectory() as scratch:
        table = [*published(rows), *(on_purpose(penalty, scratch) for penalty in PENALTIES)]
    keep(
        "s1m_baseline",
        "S1-M's baseline, and a repetition penalty",
        ("of", "what", "result"),
        table,
        bias_sentences(beyond_chance(answered)),
    )


if __name__ == "__main__":
    main()
