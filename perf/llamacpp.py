"""The bundled model in this process and on a real llama.cpp server: `make llamacpp`, then `python perf/llamacpp.py`.

The same 64 problems, levels 0-7 at temperature 1, and greedy chains compared text for text; then SmolLM2-135M, a text
model that was never trained to think between delimiters, which must lose no answer.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from keep import keep

sys.path.insert(0, str(Path(__file__).parent.parent))

from s1m.cli import main
from s1m.evaluate.store import load_run
from s1m.types import Record
from tests.llamacpp_server import DIGITS, SMOLLM2, serving

LEVELS = range(8)
COMMON = ("digits", "--limit", "64", "--num-ignore", "0-7", "--max-thinking-tokens", "2048")


def run(folder: Path, *words: str) -> dict[str, Record]:
    """The records of a run by problem."""
    if main(["eval", *words, "--out", str(folder)]):
        raise SystemExit(f"the run failed: {words}")
    return {record.id: record for record in load_run(folder).records}


def engine_words(engine: str, url: str) -> tuple[str, ...]:
    """What names an engine on the command line."""
    return () if engine == "embedded" else ("--engine", engine, "--base-url", url, "--concurrency", "8")


def chain(record: Record) -> list[str]:
    """The texts of a problem's thinking."""
    return [segment.text for segment in record.trace.chains[0]]


def row(name: str, records: dict[str, Record], alike: int) -> list[object]:
    """Accuracy at every level in percent, how thoughts ended, and greedy chains that equal the embedded engine's."""
    right = [100 * sum(each.verdicts[level].correct for each in records.values()) / len(records) for level in LEVELS]
    stops = Counter(segment.stop for each in records.values() for segment in each.trace.chains[0])
    ended = ", ".join(f"{count} {stop}" for stop, count in stops.most_common())
    return [name, " / ".join(f"{each:.1f}" for each in right), ended, 64 - len(records), f"{alike} of 64"]


def rambling(folder: Path) -> str:
    """What became of SmolLM2's answers on 8 sums."""
    sums = [{"id": str(n), "question": f"What is {n} + 3?", "answer": str(n + 3), "images": []} for n in range(2, 10)]
    data = folder / "sums.jsonl"
    data.write_text("".join(json.dumps(each) + "\n" for each in sums))
    words = ("custom", "--data", str(data), "--num-ignore", "0-7", "--max-thinking-tokens", "256")
    said = []
    with serving(*SMOLLM2) as url:
        for engine in ("http", "llamacpp"):
            budgets = ("--max-answer-tokens", "32", "--engine", engine, "--base-url", url, "--concurrency", "4")
            records = run(folder / f"smollm2-{engine}", *words, *budgets)
            answers = [answer.text for record in records.values() for answer in record.trace.answers]
            said.append(f"{engine}: {len(answers)} answers of {8 * len(sums)}, {answers.count('')} empty")
    return "; ".join(said)


def compare(folder: Path) -> None:
    """Run everything and keep the table."""
    rows = []
    with serving(*DIGITS) as url:
        greedy: dict[str, dict[str, Record]] = {}
        for engine in ("embedded", "http", "llamacpp"):
            words = engine_words(engine, url)
            greedy[engine] = run(folder / f"{engine}-greedy", *COMMON, "--temperature", "0", *words)
            alike = sum(chain(greedy["embedded"][key]) == chain(each) for key, each in greedy[engine].items())
            sampled = run(folder / engine, *COMMON, "--temperature", "1", *words)
            rows.append(row(engine, sampled, alike))
    header = ("engine", "accuracy at levels 0-7, %", "thoughts ended", "lost", "greedy chains as embedded")
    notes = [
        "A toy model trained to show this effect: digits, 64 problems, temperature 1; http and llamacpp are the two "
        "engines that reach the same llama.cpp server (build 11434, f32, 8 slots), embedded is transformers.",
        f"SmolLM2-135M-Instruct (Q4_1), text only, 8 sums, levels 0-7: {rambling(folder)}.",
    ]
    keep("llamacpp", "The bundled model on llama.cpp's server", header, rows, notes)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        compare(Path(temporary))
