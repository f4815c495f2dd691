"""How long `s1m ask` takes until it says something, with the bundled model: `python perf/ask.py`.

Every round is a process of its own, with nothing loaded; the modules of s1m are compiled, as pip compiles them. Beside
the clock the processor's time is read, which other work on the machine lengthens less: that of the main thread, which
is what the first word waits for, and of all threads. After every round comes the floor: a process that imports torch
and the model's class, and does nothing else.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from keep import keep

ROUNDS = 7
COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
COMMAND = (sys.executable, "-m", "s1m.cli", "ask", "What is the sum of the digits?", "--num-ignore", "3")
IMPORTS = "import gc; gc.disable(); import torch, transformers.models.qwen2_vl.modeling_qwen2_vl; print()"


def processor_seconds(stat: str) -> float:
    """What a living process or thread has used of the processor so far, its own time and the system's."""
    fields = Path(stat).read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def one_round() -> list[float]:
    """Seconds until the first note, the first word of the thinking (clock, main thread, all threads) and the end."""
    began = time.monotonic()
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=COMPILED) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stderr.read(1)
        note = time.monotonic() - began
        process.stdout.read(1)
        word, folder = time.monotonic() - began, f"/proc/{process.pid}"
        main, whole = processor_seconds(f"{folder}/task/{process.pid}/stat"), processor_seconds(f"{folder}/stat")
        process.stdout.read()
    return [note, word, main, whole, time.monotonic() - began]


def floor() -> float:
    """Seconds until a process has imported what the model needs."""
    began = time.monotonic()
    with subprocess.Popen((sys.executable, "-c", IMPORTS), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        return time.monotonic() - began


def main() -> None:
    """Measure and keep the table."""
    one_round()  # files come from the disk's cache from here on
    columns = list(zip(*((*one_round(), floor()) for _ in range(ROUNDS)), strict=True))
    word = "the first word of the thinking"
    names = ("the note who answers", word, f"{word}, main thread", f"{word}, all threads", "the end", "the floor")
    rows = [
        (name, f"{statistics.median(column):.2f}", f"{min(column):.2f}", f"{max(column):.2f}")
        for name, column in zip(names, columns, strict=True)
    ]
    load = os.getloadavg()[0]
    notes = [
        f"{ROUNDS} rounds; the machine had {load:.1f} other processes to run on average, on {os.cpu_count()} cores.",
        "The floor: a process that imports torch and the model's class of transformers, and does nothing else.",
    ]
    keep("ask", "From `s1m ask` to its first word, bundled model", ("until", "median, s", "least", "most"), rows, notes)


if __name__ == "__main__":
    main()
