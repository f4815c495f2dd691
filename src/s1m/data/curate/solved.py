"""What small models solved, by problem, as their runs have it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from s1m.data.curate.filters.answers import Solved
from s1m.evaluate.store import load_run


def solved_in(run: Path) -> dict[str, Solved]:
    """The attempts of a run at each of its problems: its samples where it has some, else its answers at every level.

    Raises ``UsageError`` when the folder is no run.
    """
    right: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for record in load_run(run).records:
        verdicts = record.sample_verdicts or record.verdicts
        right[record.id] += sum(verdict.correct for verdict in verdicts)
        of[record.id] += len(verdicts)
    return {problem: Solved(right=right[problem], of=of[problem]) for problem in of}
