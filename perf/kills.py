"""`kill -9` at ten random moments of one run, then a resume: every record of an undisturbed run, exactly once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from keep import keep

from s1m.evaluate.store import load_run
from s1m.types import Record

CONFIG = Path(__file__).parent.parent / "src" / "s1m" / "assets" / "digits.toml"
KILLS = 10


def start(folder: Path) -> subprocess.Popen[bytes]:
    """The demo's run in a process of its own."""
    command = ["eval", "digits", "--config", str(CONFIG), "--out", str(folder)]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", "s1m.cli", *command], stdout=nowhere, stderr=nowhere)


def lines(folder: Path) -> int:
    """Complete records written so far."""
    path = folder / "records.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def content(folder: Path) -> dict[str, Record]:
    """Records by key without their clock times and the probabilities, whose last bits depend on the batch."""
    return {record.key: comparable(record) for record in load_run(folder).records}


def comparable(record: Record) -> Record:
    """A record without what depends on the time and the batch in which it was made."""
    trace = record.trace
    answers, samples = (tuple(replace(a, logprob=None) for a in each) for each in (trace.answers, trace.samples))
    return replace(record, started=0.0, seconds=0.0, trace=replace(trace, answers=answers, samples=samples))


def main() -> None:
    """One undisturbed run, one that is killed ten times."""
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as scratch:
        undisturbed, killed = Path(scratch) / "undisturbed", Path(scratch) / "killed"
        assert start(undisturbed).wait() == 0
        rows = []
        for number in range(1, KILLS + 1):
            before, started = lines(killed), time.monotonic()
            process, more = start(killed), rng.randint(0, 12)
            while lines(killed) < before + more:
                time.sleep(0.005)
            time.sleep(rng.uniform(0, 4) if more == 0 else rng.uniform(0, 0.4))
            process.send_signal(signal.SIGKILL)
            process.wait()
            rows.append((number, f"{time.monotonic() - started:.1f} s", before, lines(killed)))
        assert start(killed).wait() == 0
        same = content(undisturbed) == content(killed)
        twice = lines(killed) - len(content(killed))
        missing = len(content(undisturbed).keys() - content(killed).keys())
    keep(
        "kills",
        "Ten kills and a resume",
        ("kill", "after", "records before", "records after"),
        rows,
        [f"Resumed to the end: records equal to the undisturbed run's: {same}; twice: {twice}; missing: {missing}."],
    )
    if not same or twice or missing:
        sys.exit(1)


if __name__ == "__main__":
    main()
