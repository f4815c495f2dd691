"""Several samples of every problem: estimates by number of samples, and intervals clustered by problem.

A problem's samples are not independent trials, so every interval here is over problems: the value of a problem is the
mean over its samples (E. Miller, "Adding error bars to evals", arXiv 2411.00640, section 2.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, inf
from typing import TYPE_CHECKING

from s1m.analysis.statistics.intervals import Z_95, Interval, wilson_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRAWS = 400
"""Orders of a problem's samples in which a majority is taken: with 100 problems their mean is within 0.1 points."""

FLIPS = 10_000
"""Of the sign-flip test: a p-value of 0.05 is then within 0.004."""


def clustered_interval(values: NDArray[np.float64], trials: int) -> Interval:
    """The 95 % score interval of the mean of ``values``, one a problem, each the mean of its samples (0 to 1).

    Wilson's interval with the effective number of trials p(1-p) / SE^2, where SE is the standard error over problems
    corrected for an SE from few problems (E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with
    small expected number of positive counts", Survey Methodology 24 (1998), 193-201). With one sample a problem it is
    Wilson's interval itself; it never counts fewer trials than problems, or more than ``trials``, all samples.
    """
    problems = len(values)
    mean = float(values.mean())
    variance = float(values.var())
    spread = mean * (1 - mean)
    effective: float = trials if variance <= 0 else min(trials, spread * problems / variance)
    if trials > problems:
        effective *= (t_975(trials - 1) / t_975(problems - 1)) ** 2
    effective = max(effective, problems)
    return wilson_interval(mean * effective, effective)


def t_975(freedom: int) -> float:
    """The 97.5 % quantile of Student's t with ``freedom`` degrees of freedom, from below; infinite for 0.

    The expansion of M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions", 26.7.5: exact to three digits
    from 4 degrees on, 9.7 instead of 12.7 for one.
    """
    if freedom < 1:
        return inf
    z = Z_95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, start=1))


def pass_at_k(samples: int, correct: int, k: int) -> float:
    """The probability that at least one of ``k`` of ``samples`` samples is right, of which ``correct`` are.

    The unbiased estimator of M. Chen et al., "Evaluating large language models trained on code", arXiv 2107.03374,
    section 2.1: 1 - C(n-c, k) / C(n, k). Raises ``ValueError`` for ``k`` outside 1..samples.
    """
    if not 1 <= k <= samples or not 0 <= correct <= samples:
        raise ValueError(f"pass@{k} of {samples} samples, {correct} of them right, is not defined")
    return 1 - comb(samples - correct, k) / comb(samples, k)


def majority_at_k(predictions: Sequence[str | None], correct: Sequence[bool], *, seed: int = 0) -> list[float]:
    """For every k up to the number of samples, the probability that the majority of k of them is right.

    Over ``DRAWS`` random orders of the samples; of equals the earliest wins, and what commits to nothing has no vote.
    """
    import numpy as np

    names = {name: index for index, name in enumerate(dict.fromkeys(predictions))}
    answers = np.array([names[prediction] for prediction in predictions])
    # Samples with the same prediction have the same verdict; one that commits to nothing is never right.
    right = np.zeros(len(names), dtype=bool)
    for answer, verdict in zip(answers, correct, strict=True):
        right[answer] |= verdict
    rng = np.random.default_rng(seed)
    order = answers[rng.permuted(np.tile(np.arange(len(answers)), (DRAWS, 1)), axis=1)]
    votes = np.zeros((DRAWS, len(names)))
    first = np.full((DRAWS, len(names)), float(len(answers)))
    rows = np.arange(DRAWS)
    silent = names.get(None)
    fractions = []
    for place in range(len(answers)):
        drawn = order[:, place]
        votes[rows, drawn] += 1
        first[rows, drawn] = np.minimum(first[rows, drawn], place)
        if silent is not None:
            votes[:, silent] = 0
        # Below one vote: the place decides among equals and never between two counts.
        winners = (votes - first / (2 * len(answers))).argmax(axis=1)
        fractions.append(float((right[winners] & (votes[rows, winners] > 0)).mean()))
    return fractions


def paired_p(differences: NDArray[np.float64], *, seed: int = 0) -> float:
    """Two-sided p-value that paired differences, one a problem, are as likely up as down: the sign-flip test.

    Differences of single samples are -1, 0 or 1, and the test is McNemar's exact one. Else ``FLIPS`` random flips; the
    p-value is then never below 1 / (FLIPS + 1) (B. Phipson and G. Smyth, "Permutation p-values should never be zero",
    Statistical Applications in Genetics and Molecular Biology 9 (2010), 39).
    """
    import numpy as np

    from s1m.analysis.statistics.intervals import mcnemar_p

    changed = differences[differences != 0]
    if np.isin(changed, (-1, 1)).all():
        return mcnemar_p(int((changed > 0).sum()), int((changed < 0).sum()))
    rng = np.random.default_rng(seed)
    extreme = 0
    done = 0
    at_once = max(1, 2_000_000 // len(changed))  # bounds the memory to some tens of megabytes
    while done < FLIPS:
        rows = min(at_once, FLIPS - done)
        signs = rng.integers(2, size=(rows, len(changed))) * 2.0 - 1
        # A hair below, since sums of the same numbers in another order differ by rounding.
        extreme += int((np.abs(signs @ changed) >= abs(changed.sum()) - 1e-9).sum())
        done += rows
    return (1 + extreme) / (1 + FLIPS)
