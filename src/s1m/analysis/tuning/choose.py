"""Chosen on one part of the problems, certified on the other: Learn then Test with a fixed sequence of hypotheses.

A. Angelopoulos, S. Bates, E. Candès, M. Jordan and L. Lei, "Learn then Test: calibrating predictive algorithms to
achieve risk control", arXiv 2110.01052 (2021). Every rule is a hypothesis, "it loses more than is allowed". The tuning
part puts the promising ones in an order, from the safest to the cheapest. On the other part they are tested in this
order, each with the whole error, until one is not rejected (fixed-sequence testing): the chance that any rule that
passed loses more than allowed is at most the error, however many candidates there were. The last one that passed is
the policy.

The order costs nothing, since it is made of other problems; what it must not do is begin with a rule that fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from s1m.analysis.statistics.held_out import halves
from s1m.analysis.tuning.candidates import candidates
from s1m.analysis.tuning.part import Beside, Part, danger, needed, p_values
from s1m.analysis.tuning.walks import Walks
from s1m.forcing.stopping import Rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


TUNING = 4
"""One problem of four tunes where there are several samples: they say enough to choose by, while only problems count in
a bound. Over resampled runs of 512 problems with 3 samples, at 2 points, it saves two points more than halves do."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A candidate: what it makes of either part, and the p-value of its test where it was tested."""

    rule: Rule
    tuning: Part
    certification: Part
    p: float | None = None


@dataclass(frozen=True, kw_only=True)
class Tried:
    """All candidates on both parts, before any loss is named."""

    reference: Trial
    trials: tuple[Trial, ...]
    certification_rows: tuple[int, ...]
    """Problems, as numbers of the walks."""
    tuning_rows: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The rule that was chosen; ``certified`` is None where none passed, and the rule is the reference level."""

    reference: Trial
    trials: tuple[Trial, ...]
    """All candidates; those that were tested have a p-value."""
    sequence: tuple[Trial, ...]
    """Those that the tuning part found promising, in the order of their tests."""
    certified: Trial | None
    tuning_rows: tuple[int, ...]
    certification_rows: tuple[int, ...]

    @property
    def chosen(self) -> Trial:
        """The certified rule, or else the reference level."""
        return self.certified or self.reference

    def needed(self, allowed: float, error: float) -> tuple[Trial, int] | None:
        """The promising rule that the fewest problems would certify, and about how many; None where none would."""
        numbers = [(trial, needed(trial.certification, trial.tuning, allowed, error)) for trial in self.sequence]
        possible = [(trial, number) for trial, number in numbers if number is not None]
        return min(possible, key=lambda each: each[1]) if possible else None


def choose(walks: Walks, *, allowed: float, error: float, reference: int | None = None, seed: int = 0) -> Choice:
    """The rule that spends the fewest tokens among those whose loss is shown to be at most ``allowed``, a fraction.

    The loss is against level ``reference``, by default the most accurate level on the tuning part, of equals the
    highest. ``error`` is the chance that the claim is wrong.
    """
    return certify(tried(walks, reference=reference, seed=seed), allowed, error)


def tried(
    walks: Walks, *, reference: int | None = None, seed: int = 0, drawn: NDArray[np.int64] | None = None
) -> Tried:
    """All candidates, made from one part of the problems and measured on both.

    ``drawn`` are the problems, all of them by default; one that is named twice is two.
    """
    import numpy as np

    rows = np.arange(len(walks)) if drawn is None else drawn
    second = certifying(len(rows), walks.samples, seed)
    tuning, certification = rows[~second], rows[second]
    level = best_level(walks, tuning) if reference is None else reference
    fixed = fixed_level(walks, level)
    sides = [Beside(walks, walks.outcome(fixed), part) for part in (tuning, certification)]

    def trial(rule: Rule) -> Trial:
        outcome = walks.outcome(rule)
        return Trial(rule=rule, tuning=sides[0].part(outcome), certification=sides[1].part(outcome))

    return Tried(
        reference=trial(fixed),
        trials=tuple(map(trial, candidates(walks, tuning.tolist(), level))),
        tuning_rows=tuple(tuning.tolist()),
        certification_rows=tuple(certification.tolist()),
    )


def certify(made: Tried, allowed: float, error: float) -> Choice:
    """The choice among candidates where a loss of ``allowed``, a fraction, is allowed."""
    sequence, certified = tested(promising(made.trials, made.reference, allowed), allowed, error)
    by_rule = {id(trial.rule): trial for trial in sequence}
    return Choice(
        reference=made.reference,
        trials=tuple(by_rule.get(id(trial.rule), trial) for trial in made.trials),
        sequence=tuple(sequence),
        certified=certified,
        tuning_rows=made.tuning_rows,
        certification_rows=made.certification_rows,
    )


def certifying(problems: int, samples: int, seed: int) -> NDArray[np.bool_]:
    """For every problem whether it certifies: of one with a single sample every second, otherwise three of four."""
    import numpy as np

    if samples == 1:
        return halves(problems, seed=seed)
    second: NDArray[np.bool_] = np.arange(problems) % TUNING != 0
    np.random.default_rng(seed).shuffle(second)
    return second


def fixed_level(walks: Walks, level: int) -> Rule:
    """The rule that always ignores ``level`` stops."""
    return Rule(kind="level", levels=tuple(each for each in walks.levels if each <= level), first=level)


def best_level(walks: Walks, rows: NDArray[np.int64]) -> int:
    """The most accurate level, of equals the highest: nothing is then certified against too low a level."""

    def accuracy(level: int) -> float:
        return float(walks.by_problem(walks.outcome(fixed_level(walks, level)).correct)[rows].mean())

    return max(walks.levels, key=lambda level: (accuracy(level), level))


def promising(trials: Sequence[Trial], base: Trial, allowed: float) -> list[Trial]:
    """The candidates on the front of tokens and safety on the tuning part, from the safest to the cheapest.

    Safety is the statistic of the test itself. Those that cost as much as the reference have no use.
    """
    front: list[Trial] = []
    least = float("inf")
    for trial in sorted(trials, key=lambda each: (each.tuning.tokens, danger(each.tuning, allowed))):
        if trial.tuning.tokens >= base.tuning.tokens:
            break
        if (own := danger(trial.tuning, allowed)) < least:
            least = own
            front.append(trial)
    return front[::-1]


def tested(sequence: Sequence[Trial], allowed: float, error: float) -> tuple[list[Trial], Trial | None]:
    """The sequence with the p-values of the tests that were made, and the last rule that passed, None for none."""
    done: list[Trial] = []
    passed: Trial | None = None
    pairs = [(trial.certification, trial.tuning) for trial in sequence]
    for number, (trial, p) in enumerate(zip(sequence, p_values(pairs, allowed, error), strict=False)):
        done.append(replace(trial, p=p))
        if p > error:
            return [*done, *sequence[number + 1 :]], passed
        passed = done[-1]
    return done, passed
