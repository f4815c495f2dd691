"""Chosen on one half of the problems, certified on the other: Learn then Test with a fixed sequence of hypotheses.

A. Angelopoulos, S. Bates, E. Candès, M. Jordan and L. Lei, "Learn then Test: calibrating predictive algorithms to
achieve risk control", arXiv 2110.01052 (2021). Every rule is a hypothesis, "it loses more than is allowed". The tuning
half puts the promising ones in an order, from the safest to the cheapest. On the other half they are tested in this
order, each with the whole error, until one is not rejected (fixed-sequence testing): the chance that any rule that
passed loses more than allowed is at most the error, however many candidates there were. The last one that passed is
the policy.

The order costs nothing, since it is made of other problems; what it must not do is begin with a rule that fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from s1m.analysis.statistics.held_out import halves
from s1m.analysis.statistics.paired_loss import loss_p_value, problems_needed, score
from s1m.analysis.tuning.candidates import candidates
from s1m.analysis.tuning.walks import Outcome, Walks
from s1m.forcing.stopping import Rule


@dataclass(frozen=True, kw_only=True)
class Half:
    """What a rule makes of one half of the problems, beside the reference level."""

    problems: int
    accuracy: float
    tokens: float
    """Mean per problem."""
    lost: int
    """Problems that only the reference answers correctly."""
    gained: int
    """Problems that only the rule answers correctly."""

    @property
    def loss(self) -> float:
        """Accuracy of the reference less that of the rule."""
        return (self.lost - self.gained) / self.problems


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A candidate: what it makes of either half, and the p-value of its test where it was tested."""

    rule: Rule
    tuning: Half
    certification: Half
    p: float | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The rule that was chosen; ``certified`` is None where none passed, and the rule is the reference level."""

    reference: Trial
    trials: tuple[Trial, ...]
    """All candidates; those that were tested have a p-value."""
    sequence: tuple[Trial, ...]
    """Those that the tuning half found promising, in the order of their tests."""
    certified: Trial | None
    tuning_rows: tuple[int, ...]
    certification_rows: tuple[int, ...]

    @property
    def chosen(self) -> Trial:
        """The certified rule, or else the reference level."""
        return self.certified or self.reference

    def needed(self, allowed: float, error: float) -> tuple[Trial, int] | None:
        """The promising rule that the fewest problems would certify, and about how many; None where none would."""
        numbers = [(trial, _needed(trial, allowed, error)) for trial in self.sequence]
        possible = [(trial, number) for trial, number in numbers if number is not None]
        return min(possible, key=lambda each: each[1]) if possible else None


def choose(walks: Walks, *, allowed: float, error: float, reference: int | None = None, seed: int = 0) -> Choice:
    """The rule that spends the fewest tokens among those whose loss is shown to be at most ``allowed``, a fraction.

    The loss is against level ``reference``, by default the most accurate level on the tuning half, of equals the
    highest. ``error`` is the chance that the claim is wrong.
    """
    second = halves(len(walks), seed=seed)
    tuning = [row for row in range(len(walks)) if not second[row]]
    certification = [row for row in range(len(walks)) if second[row]]
    level = best_level(walks, tuning) if reference is None else reference
    fixed = Rule(kind="level", levels=tuple(each for each in walks.levels if each <= level), first=level)
    before = {"tuning": walks.outcome(fixed, tuning), "certification": walks.outcome(fixed, certification)}

    def tried(rule: Rule) -> Trial:
        return Trial(
            rule=rule,
            tuning=beside(walks.outcome(rule, tuning), before["tuning"]),
            certification=beside(walks.outcome(rule, certification), before["certification"]),
        )

    base = tried(fixed)
    trials = [tried(rule) for rule in candidates(walks, tuning, level)]
    sequence, certified = tested(promising(trials, base, allowed), allowed, error)
    by_rule = {id(trial.rule): trial for trial in sequence}
    return Choice(
        reference=base,
        trials=tuple(by_rule.get(id(trial.rule), trial) for trial in trials),
        sequence=tuple(sequence),
        certified=certified,
        tuning_rows=tuple(tuning),
        certification_rows=tuple(certification),
    )


def best_level(walks: Walks, rows: Sequence[int]) -> int:
    """The most accurate level, of equals the highest: nothing is then certified against too low a level."""

    def accuracy(level: int) -> float:
        upto = tuple(each for each in walks.levels if each <= level)
        return float(walks.outcome(Rule(kind="level", levels=upto, first=level), rows).correct.mean())

    return max(walks.levels, key=lambda level: (accuracy(level), level))


def beside(outcome: Outcome, reference: Outcome) -> Half:
    """A rule's outcome beside that of the reference on the same problems."""
    return Half(
        problems=len(outcome.correct),
        accuracy=float(outcome.correct.mean()),
        tokens=float(outcome.tokens.mean()),
        lost=int((reference.correct & ~outcome.correct).sum()),
        gained=int((outcome.correct & ~reference.correct).sum()),
    )


def promising(trials: Sequence[Trial], base: Trial, allowed: float) -> list[Trial]:
    """The candidates on the front of tokens and safety on the tuning half, from the safest to the cheapest.

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


def danger(half: Half, allowed: float) -> float:
    """The statistic of the test of a loss above ``allowed``: the lower, the safer."""
    return score(half.lost, half.gained, half.problems, allowed)


def tested(sequence: Sequence[Trial], allowed: float, error: float) -> tuple[list[Trial], Trial | None]:
    """The sequence with the p-values of the tests that were made, and the last rule that passed, None for none."""
    done: list[Trial] = []
    passed: Trial | None = None
    for number, trial in enumerate(sequence):
        half = trial.certification
        p = loss_p_value(half.lost, half.gained, half.problems, allowed)
        done.append(Trial(rule=trial.rule, tuning=trial.tuning, certification=half, p=p))
        if p > error:
            return [*done, *sequence[number + 1 :]], passed
        passed = done[-1]
    return done, passed


def _needed(trial: Trial, allowed: float, error: float) -> int | None:
    halves_ = (trial.tuning, trial.certification)
    problems = sum(half.problems for half in halves_)
    lost, gained = sum(half.lost for half in halves_), sum(half.gained for half in halves_)
    return problems_needed((lost - gained) / problems, (lost + gained) / problems, allowed, error=error)
