"""The bundled model behind a server against the embedded engine: `python perf/server.py http://127.0.0.1:8000/v1`.

Serve it first, for example with vLLM: `vllm serve src/s1m/assets/digits-qwen2vl --max-model-len 4096 --dtype float32`.
Greedy chains must be equal text for text; the demo's settings show both curves and speeds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from keep import keep

from s1m.analysis import summarize
from s1m.evaluate.store import Run, load_run

CONFIG = Path(__file__).parent.parent / "configs" / "digits.toml"
GREEDY = ["--temperature", "0", "--limit", "64"]


def evaluate(out: Path, *more: str) -> Run:
    """A run of the demo's settings with changes."""
    command = [sys.executable, "-m", "s1m.cli", "eval", "digits", "--config", str(CONFIG), "--out", str(out), *more]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return load_run(out)


def chains(run: Run) -> dict[str, list[str]]:
    """The thinking of every problem, segment by segment."""
    return {record.id: [segment.text for segment in record.trace.chains[0]] for record in run.records}


def main() -> None:
    """Both engines, greedy and with the demo's settings."""
    server = ["--engine", "http", "--base-url", sys.argv[1]]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ours, theirs = (chains(evaluate(folder / f"greedy-{len(way)}", *GREEDY, *way)) for way in ([], server))
        equal = sum(ours[name] == theirs[name] for name in ours)
        rows = []
        for name, way in (("embedded", []), ("http", server)):
            summary = summarize(evaluate(folder / name, *way))
            first, last = summary.levels[0], summary.levels[-1]
            speed = summary.generated_tokens / summary.wall_seconds
            lost = max(level.lost for level in summary.levels)
            accuracies = (f"{100 * first.accuracy:.1f}", f"{100 * last.accuracy:.1f}")
            rows.append((name, *accuracies, f"{last.thinking_tokens_mean:.0f}", lost, summary.failed, f"{speed:.0f}"))
    keep(
        "server",
        "The bundled model behind a server",
        ("engine", "level 0, %", "level 7, %", "thinking tokens at 7", "lost", "failed", "tokens/s"),
        rows,
        [
            f"Greedy: the chains of {equal} of {len(ours)} problems are equal text for text.",
            "A server's thinking tokens include the delimiter that ends each segment; the embedded engine's do not.",
        ],
    )


if __name__ == "__main__":
    main()
