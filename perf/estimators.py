"""How often 95 % intervals hold the truth, and recommended numbers of problems find their gain, in simulation."""

from __future__ import annotations

from math import sqrt

import numpy as np
from keep import keep

from s1m.analysis.statistics.intervals import percentile_interval, resampled_means
from s1m.analysis.statistics.power import assumed_variance, measured_variance, problems_needed
from s1m.analysis.statistics.samples import clustered_interval, paired_p

RUNS = 2000


def clustered(problems: int, samples: int, shape: tuple[float, float]) -> float:
    """The share of simulated runs whose interval of accuracy holds the true one; chances are Beta over problems."""
    rng = np.random.default_rng(0)
    truth = shape[0] / sum(shape)
    held = 0
    for _ in range(RUNS):
        values = rng.binomial(samples, rng.beta(*shape, problems)) / samples
        interval = clustered_interval(values, trials=problems * samples)
        held += interval.low <= truth <= interval.high
    return held / RUNS


def paired(problems: int, samples: int, gain: float) -> float:
    """The share of simulated runs whose bootstrap interval of a paired difference holds the true one."""
    rng = np.random.default_rng(1)
    held = 0
    for run in range(RUNS):
        first = rng.beta(2, 2, problems) * (1 - gain)
        change = (rng.binomial(samples, first + gain) - rng.binomial(samples, first)) / samples
        means = resampled_means(change[:, None], seed=run)
        interval = None if means is None else percentile_interval(means[:, 0])
        held += interval is not None and interval.low <= gain <= interval.high
    return held / RUNS


def power_by_words(baseline: float, gain: float, correlation: float) -> tuple[int, float]:
    """The problems that ``s1m power`` recommends, and the share of 1,000 simulated runs whose exact test finds it."""
    rng = np.random.default_rng(2)
    problems = problems_needed(assumed_variance(baseline, gain, correlation).of_samples(1), gain)
    other = baseline + gain
    both = baseline * other + correlation * sqrt(baseline * (1 - baseline) * other * (1 - other))
    chances = (both, baseline - both, other - both, 1 - baseline - other + both)
    detected = 0
    for counts in rng.multinomial(problems, chances, size=1000):
        change = np.repeat([0.0, -1.0, 1.0, 0.0], counts)
        detected += paired_p(change) < 0.05
    return problems, detected / 1000


def power_by_run(samples: int, gain: float) -> tuple[int, float]:
    """The same for several samples of each problem, planned from a simulated run of 1,000 problems x 4 samples."""
    rng = np.random.default_rng(3)

    def draw(problems: int, each: int) -> tuple[np.ndarray, np.ndarray]:
        first = rng.beta(1, 1, problems) * (1 - gain)
        shape = (problems, each)
        return (rng.random(shape) < first[:, None]).astype(float), (rng.random(shape) < first[:, None] + gain).astype(
            float
        )

    problems = problems_needed(measured_variance(*draw(1000, 4)).of_samples(samples), gain)
    detected = 0
    for _ in range(1000):
        before, after = draw(problems, samples)
        change = after.mean(axis=1) - before.mean(axis=1)
        error = change.std(ddof=1) / sqrt(problems)
        detected += abs(change.mean()) > 1.96 * error
    return problems, detected / 1000


def main() -> None:
    """Simulate and keep one table."""
    rows: list[tuple[object, ...]] = []
    for problems, samples, shape in ((200, 4, (1, 1)), (200, 1, (1, 2)), (100, 8, (0.5, 0.2)), (50, 4, (1, 1))):
        rows.append(
            (
                "interval of accuracy, clustered by problem",
                f"{problems} problems x {samples}, chances Beta{shape}",
                f"{100 * clustered(problems, samples, shape):.1f} % hold the truth",
            )
        )
    for problems, samples in ((200, 1), (200, 4)):
        rows.append(
            (
                "interval of a paired gain of 5 points",
                f"{problems} problems x {samples}",
                f"{100 * paired(problems, samples, 0.05):.1f} % hold the truth",
            )
        )
    for baseline, gain, correlation in ((0.6, 0.03, 0.5), (0.4, 0.1, 0.3)):
        problems, power = power_by_words(baseline, gain, correlation)
        rows.append(
            (
                f"power: {baseline:.2f} + {gain:.2f}, correlation {correlation}",
                f"{problems} problems, exact test",
                f"{100 * power:.1f} % find it",
            )
        )
    for samples in (1, 4):
        problems, power = power_by_run(samples, 0.05)
        rows.append(("power from a run: gain 0.05", f"{problems} problems x {samples}", f"{100 * power:.1f} % find it"))
    keep(
        "estimators",
        "Intervals and sample sizes against simulation",
        ("what", "setting", "result"),
        rows,
        [f"{RUNS:,} simulated runs for an interval (one standard error: 0.5 points), 1,000 for a power (1.3 points)."],
    )


if __name__ == "__main__":
    main()
