"""What was run, in a figure: what all runs share in a note, what differs beside the names in the legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """A run as a figure names it."""

    label: str
    benchmark: str
    model: str
    problems: int
    samples: int
    temperature: float | None

    @property
    def parts(self) -> tuple[str, ...]:
        """Benchmark, model, number of problems, temperature, in words; empty where it is not known."""
        times = f" x {self.samples} samples" if self.samples > 1 else ""
        return (
            self.benchmark,
            self.model,
            f"n = {self.problems:,}{times}",
            "" if self.temperature is None else f"temperature {self.temperature:g}",
        )


def shared_facts(runs: Sequence[RunFacts]) -> str:
    """What holds for all runs, as in ``digits · bundled model · n = 256 · temperature 1``."""
    return " · ".join(values[0] for values in _by_part(runs) if len(set(values)) == 1 and values[0])


def labels_with_facts(runs: Sequence[RunFacts]) -> list[str]:
    """The labels of the runs, each with what is not the same for all of them."""
    differing = [values for values in _by_part(runs) if len(set(values)) > 1]
    return [
        f"{run.label} ({', '.join(own)})" if (own := [values[at] for values in differing if values[at]]) else run.label
        for at, run in enumerate(runs)
    ]


def _by_part(runs: Sequence[RunFacts]) -> list[tuple[str, ...]]:
    return list(zip(*(run.parts for run in runs), strict=True))
