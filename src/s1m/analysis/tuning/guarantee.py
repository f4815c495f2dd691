"""From a choice to a policy file: what is guaranteed, in words and in numbers."""

from __future__ import annotations

import math
from dataclasses import fields

import s1m
from s1m.analysis.statistics.intervals import Interval, percentile_interval, resampled_means
from s1m.analysis.tuning.choose import Choice, Trial
from s1m.analysis.tuning.part import BETTING, EXACT, upper_bound
from s1m.analysis.tuning.walks import Walks
from s1m.evaluate.distributions import distributions
from s1m.evaluate.policy import Guarantee, Policy, TunedOn
from s1m.evaluate.store import Run

METHOD = "Learn then Test, fixed sequence (arXiv 2110.01052)"
DIGITS = 4


def policy_of(run: Run, walks: Walks, choice: Choice, *, allowed: float, error: float, seed: int) -> Policy:
    """The policy file of a choice made with these settings."""
    return Policy(
        rule=choice.chosen.rule,
        tuned_on=tuned_on(run, walks, seed),
        guarantee=guarantee_of(walks, choice, allowed=allowed, error=error),
        features=distributions(walks.stopped(choice.chosen.rule), len(walks)),
    )


def tuned_on(run: Run, walks: Walks, seed: int) -> TunedOn:
    """The run that a policy is from."""
    own = {"run", "problems", "samples", "seed", "weights", "s1m"}
    names = {each.name for each in fields(TunedOn)} - own
    values = {name: value for name, value in run.settings.items() if name in names}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    weights = str(run.provenance[-1].get("weights", "")) if run.provenance else ""
    return TunedOn(
        **values,
        weights=weights,
        run=run.folder.name,
        problems=len(walks),
        samples=walks.samples,
        seed=seed,
        s1m=s1m.__version__,
    )


def guarantee_of(walks: Walks, choice: Choice, *, allowed: float, error: float) -> Guarantee:
    """What is known of the chosen rule from the certification part."""
    part, reference = choice.chosen.certification, choice.reference.certification
    saved = tokens_fraction(walks, choice)
    bound = upper_bound(part, choice.chosen.tuning, error) if choice.certified else 0.0
    return Guarantee(
        words=words(choice, allowed, error),
        certified=choice.certified is not None,
        allowed_loss=_points(allowed),
        confidence=round(1 - error, DIGITS),
        reference_level=choice.reference.rule.first,
        loss_bound=_points(bound),
        loss=_points(part.loss),
        accuracy=_points(part.accuracy),
        reference_accuracy=_points(reference.accuracy),
        tokens=round(part.tokens, 1),
        reference_tokens=round(reference.tokens, 1),
        tokens_fraction=round(part.tokens / reference.tokens, DIGITS),
        tokens_fraction_low=round(saved.low, DIGITS),
        tokens_fraction_high=round(saved.high, DIGITS),
        lost=round(part.lost, DIGITS),
        gained=round(part.gained, DIGITS),
        tuning_problems=choice.reference.tuning.problems,
        certification_problems=part.problems,
        candidates=len(choice.trials),
        tested=sum(trial.p is not None for trial in choice.sequence),
        method=f"{METHOD}; {EXACT if part.samples == 1 else BETTING}",
    )


def words(choice: Choice, allowed: float, error: float) -> str:
    """The guarantee in one sentence."""
    level = choice.reference.rule.first
    if choice.certified is None:
        return f"nothing was certified: the policy is level {level} itself, so nothing is lost against it or saved"
    return (
        f"loss at most {100 * allowed:g} point{'s' * (allowed != 0.01)} of accuracy against level {level} with "
        f"{100 * (1 - error):g} % confidence, on problems like these"
    )


def refusal_sentence(choice: Choice, allowed: float, error: float) -> str:
    """Why nothing was certified, and how many problems might do."""
    part = choice.reference.certification
    text = f"nothing can be certified at {100 * allowed:g} points with {counted(part.problems, part.samples)}"
    if choice.sequence:
        bound = upper_bound(choice.sequence[0].certification, choice.sequence[0].tuning, error)
        text += f": the safest rule ({choice.sequence[0].rule.words()}) may lose {100 * bound:.1f}"
    needed = choice.needed(allowed, error)
    if needed is None:
        return f"{text}; no rule that saves tokens loses so little, so more problems would hardly help: allow more"
    return f"{text}; {needed_words(needed)} might do"


def counted(problems: int, samples: int) -> str:
    """``256 problems``, or ``256 problems of 8 samples``."""
    return f"{problems:,} problems" + (f" of {samples:,} samples" if samples > 1 else "")


def needed_words(needed: tuple[Trial, int]) -> str:
    """How many problems, those that tune among them, rounded up to two digits."""
    trial, certifying = needed
    number = math.ceil(certifying * (1 + trial.tuning.problems / trial.certification.problems))
    step: int = 10 ** max(0, len(str(number)) - 2)
    return f"a run of about {-(-number // step) * step:,} problems"


def tokens_fraction(walks: Walks, choice: Choice) -> Interval:
    """The tokens spent on the certification part as a fraction of those of the reference: their bootstrap interval.

    Problems are resampled, each with all its samples.
    """
    import numpy as np

    rows = np.array(choice.certification_rows)
    spent, full = (
        walks.by_problem(walks.outcome(trial.rule).tokens)[rows] for trial in (choice.chosen, choice.reference)
    )
    means = resampled_means(np.column_stack([spent, full]))
    interval = None if means is None else percentile_interval(means[:, 0] / means[:, 1])
    return interval or Interval(low=1.0, high=1.0)


def _points(fraction: float) -> float:
    return round(100 * fraction, 2) + 0.0
