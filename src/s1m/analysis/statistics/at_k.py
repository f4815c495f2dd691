"""pass@k and maj@k over problems with several samples each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from s1m.analysis.statistics.intervals import Interval
from s1m.analysis.statistics.samples import clustered_interval, majority_at_k, pass_at_k

Samples = Sequence[tuple[str | None, bool]]
"""Of one problem: what each of its samples commits to, None for nothing, and whether that is right."""


@dataclass(frozen=True, kw_only=True)
class SamplesSummary:
    """What ``k`` samples of every problem give; intervals are clustered by problem."""

    k: int
    pass_at_k: float
    """Fraction of problems of which at least one of k samples is right: the unbiased estimator."""
    pass_ci95: Interval
    maj_at_k: float
    """Fraction of problems of which the majority of k samples is right."""
    maj_ci95: Interval


def at_k(by_problem: Sequence[Samples]) -> tuple[SamplesSummary, ...]:
    """A summary for every k that all problems have samples for; empty where that is fewer than two."""
    import numpy as np

    most = min(map(len, by_problem), default=0)
    if most < 2:
        return ()
    trials = sum(map(len, by_problem))
    counts = [(len(samples), sum(right for _, right in samples)) for samples in by_problem]
    majorities = np.array(
        [
            majority_at_k([prediction for prediction, _ in samples], [right for _, right in samples])[:most]
            for samples in by_problem
        ]
    )
    summaries = []
    for k in range(1, most + 1):
        passes = np.array([pass_at_k(number, correct, k) for number, correct in counts])
        summaries.append(
            SamplesSummary(
                k=k,
                pass_at_k=float(passes.mean()),
                pass_ci95=clustered_interval(passes, trials=trials),
                maj_at_k=float(majorities[:, k - 1].mean()),
                maj_ci95=clustered_interval(majorities[:, k - 1], trials=trials),
            )
        )
    return tuple(summaries)
