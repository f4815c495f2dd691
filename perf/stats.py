"""A million rows through `s1m data stats`: seconds and memory. `python perf/stats.py --tokenizer FOLDER`, four minutes.

The rows are synthetic: words of this repository's documents with numbers among them, 15 to a line, with lengths
distributed like those of S1-M's data (a log-normal with its mean of 868 and median of 466 tokens), as parquet and as
JSON lines.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keep import keep

ROWS = 1_000_000
MEDIAN, MEAN = 466, 868
SIGMA = 1.115
"""Of a log-normal with this mean and median: sqrt(2 ln(mean / median))."""
WORDS_PER_TOKEN = 0.6
MOST_WORDS = 20_000
NUMBER_EVERY = 12
"""Words from one random number to the next, so that no cache of words ever becomes complete."""


def write_rows(folder: Path, rows: int, rng: random.Random) -> dict[str, Path]:
    """The same rows as parquet and as JSON lines."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    root = Path(__file__).parent.parent
    text = " ".join(path.read_text(encoding="utf-8") for path in sorted((root / "docs").glob("*.md")))
    words = [word if number % 15 else f"{word}\n" for number, word in enumerate(text.split(), start=1)]
    words *= 1 + 2 * MOST_WORDS // len(words)
    table, lines = folder / "million.parquet", folder / "million.jsonl"
    schema = pa.schema([("prompt", pa.string()), ("response", pa.string()), ("domain", pa.string())])
    with pq.ParquetWriter(table, schema) as writer, lines.open("w", encoding="utf-8") as file:
        for start in range(0, rows, 2000):
            batch = []
            for _ in range(start, min(rows, start + 2000)):
                length = min(MOST_WORDS, max(1, int(WORDS_PER_TOKEN * rng.lognormvariate(0, SIGMA) * MEDIAN)))
                at = rng.randrange(len(words) - MOST_WORDS)
                chosen = words[at : at + length]
                for index in range(0, length, NUMBER_EVERY):
                    chosen[index] = str(rng.randrange(10_000))
                thinking = " ".join(chosen)
                response = f"<think>\n{thinking}\n</think>\nFinal answer: {rng.randrange(100)}"
                batch.append({"prompt": "How many?", "response": response, "domain": rng.choice("abcd")})
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            file.writelines(json.dumps(row) + "\n" for row in batch)
    return {"parquet": table, "JSON lines": lines}


def main() -> None:
    """Measure both formats, with all rows and with a hundredth of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokenizer", default="bundled")
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for form, path in write_rows(Path(scratch), given.rows, random.Random(0)).items():
            for count in (given.rows // 100, given.rows):
                summary, seconds, megabytes = stats(path, count, given.tokenizer, Path(scratch) / "out")
                tokens = summary["total"] / seconds
                size = f"{summary['mean']:.0f} / {summary['median']:.0f}"
                rows.append((form, f"{count:,}", size, f"{seconds:.0f}", f"{tokens / 1e6:.2f} M", f"{megabytes:.0f}"))
    keep(
        "stats",
        "A million rows through `s1m data stats`",
        ("files", "rows", "mean / median tokens", "seconds", "tokens/s", "MB"),
        rows,
        [
            f"MB: the reading process; {os.cpu_count()} more processes count tokens. "
            f"Tokenizer: {Path(given.tokenizer).name}."
        ],
    )


def stats(path: Path, count: int, tokenizer: str, out: Path) -> tuple[dict[str, float], float, float]:
    """The statistics of a source, and the seconds and MB of computing them."""
    command = ["-m", "s1m.cli", "data", "stats", str(path), "--rows", str(count), "--tokenizer", tokenizer]
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, *command, "--out", str(out)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0
    seconds = time.perf_counter() - started
    (summary,) = json.loads((out / "stats.json").read_text(encoding="utf-8"))["sources"]
    return summary, seconds, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
