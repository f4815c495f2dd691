"""What a rule makes of one part of the problems, and how much it may lose in truth.

Problems are drawn independently, samples of one problem are not: the loss of a problem is a mean over its samples, from
-1 to 1, and every bound is over problems. With one sample a loss is -1, 0 or 1, and the exact paired test needs the
fewest problems; with several, a bet on their mean does, since means spread less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from s1m.analysis.statistics.betting import betting_bound, betting_p_values
from s1m.analysis.statistics.paired_loss import loss_bound, loss_p_value, problems_needed, score
from s1m.analysis.tuning.walks import Outcome, Walks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT = "exact unconditional test of paired problems (Sidik, Statistics in Medicine 22, 2003)"
BETTING = (
    "test by betting on the mean loss of each problem over its samples (Waudby-Smith and Ramdas, JRSS B 86, 2024; "
    "stakes of arXiv 2505.22422)"
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a rule makes of one part of the problems, beside the reference level."""

    problems: int
    samples: int
    """The most of any problem."""
    accuracy: float
    tokens: float
    """Mean per problem."""
    lost: float
    """Problems that only the reference answers correctly; one with several samples counts in part."""
    gained: float
    """Problems that only the rule answers correctly, counted in the same way."""
    losses: NDArray[np.float64] = field(compare=False, repr=False)
    """Of shape (problems,): accuracy of the reference less that of the rule."""

    @property
    def loss(self) -> float:
        """Accuracy of the reference less that of the rule."""
        return (self.lost - self.gained) / self.problems


class Beside:
    """The outcomes of rules beside that of the reference, on the problems of one part."""

    def __init__(self, walks: Walks, reference: Outcome, rows: NDArray[np.int64]) -> None:
        self._walks, self._reference, self._rows = walks, reference, rows

    def part(self, outcome: Outcome) -> Part:
        """What a rule makes of the part."""
        lost = self._means(self._reference.correct & ~outcome.correct)
        gained = self._means(outcome.correct & ~self._reference.correct)
        return Part(
            problems=len(self._rows),
            samples=self._walks.samples,
            accuracy=float(self._means(outcome.correct).mean()),
            tokens=float(self._means(outcome.tokens).mean()),
            lost=float(lost.sum()),
            gained=float(gained.sum()),
            losses=lost - gained,
        )

    def _means(self, values: NDArray[np.bool_] | NDArray[np.float64]) -> NDArray[np.float64]:
        return self._walks.by_problem(values)[self._rows]


def danger(part: Part, allowed: float) -> float:
    """How far the loss lies above ``allowed``, in standard errors: the lower, the safer.

    The statistic of the exact test with one sample. With several it is that of the mean with one more problem, lost as
    a whole, so that a rule under which nothing happened to change is not taken for certain.
    """
    import numpy as np

    if part.samples == 1:
        return score(round(part.lost), round(part.gained), part.problems, allowed)
    losses = np.append(part.losses, 1.0)
    spread = max(float(losses.std()), 1e-9)  # 0 where every problem is lost as a whole
    return (float(losses.mean()) - allowed) / (spread / math.sqrt(len(losses)))


def p_values(pairs: Sequence[tuple[Part, Part]], allowed: float, error: float) -> Iterator[float]:
    """Of the hypothesis that more than ``allowed`` is lost, for rules on the part that tests and on the other one."""
    import numpy as np

    if pairs and pairs[0][0].samples > 1:  # bets cost as much for many rules as for one
        columns = [np.stack([pair[side].losses for pair in pairs], axis=1) for side in (0, 1)]
        yield from betting_p_values(columns[0], allowed, columns[1], error=error).tolist()
    else:
        for part, _ in pairs:
            yield loss_p_value(round(part.lost), round(part.gained), part.problems, allowed)


def upper_bound(part: Part, other: Part, error: float) -> float:
    """The upper confidence bound on the loss, by the same test."""
    if part.samples == 1:
        return loss_bound(round(part.lost), round(part.gained), part.problems, error=error)
    return betting_bound(part.losses, other.losses, error=error)


def needed(part: Part, other: Part, allowed: float, error: float) -> int | None:
    """About how many problems that certify would show a loss of at most ``allowed``; None where none would."""
    import numpy as np

    losses = np.concatenate([part.losses, other.losses])
    return problems_needed(float(losses.mean()), float((losses**2).mean()), allowed, error=error)
