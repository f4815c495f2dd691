"""Whether requests still look like what a policy was tuned on: the population stability index of each of its features.

    PSI = sum over bins of (seen - tuned) * ln(seen / tuned)

Shares of both sides are counts with half a request added to every bin, so that an empty bin stays finite. Above 0.25 a
population is commonly taken to have changed (Siddiqi, Credit Risk Scorecards, 2006). Of few requests the index is large
by chance alone: divided by 1/n + 1/m it is distributed as chi-squared with one degree of freedom less than there are
bins (Yurdakul and Naranjo, 2020), so the limit is never below that distribution's 99.9 % quantile.
"""

from __future__ import annotations

import logging
import math
from collections import Counter, deque
from collections.abc import Sequence

from s1m.evaluate.distributions import Distribution
from s1m.forcing.stopping import Features

logger = logging.getLogger("s1m.gateway")

WINDOW = 1000
"""The last requests that are looked at: enough for a limit of 0.25, few enough to see a change within hours."""
CHANGED = 0.25
ONE_IN_A_THOUSAND = 3.0902
"""The 99.9 % quantile of the standard normal distribution."""
NOT_WATCHED = ("kind",)
"""Requests do not say what kind of question they ask."""
HALF = 0.5


class Drift:
    """How the features of the last ``window`` requests are distributed, beside those of the tuned run."""

    def __init__(self, tuned: Sequence[Distribution], window: int = WINDOW) -> None:
        self._features = tuple(Watched(each, window) for each in tuned if each.name not in NOT_WATCHED)
        self.requests = 0
        """Requests of which the policy decided."""
        self.outside = 0
        """Of these, those with a value that the tuned run never had."""

    def count(self, features: Features) -> None:
        """Take in what was known where the policy stopped; a feature that has left its distribution is logged once."""
        self.requests += 1
        new = [each.take(features) for each in self._features]  # every feature, not up to the first that is new
        self.outside += any(new)
        for each in self._features:
            if each.drifted != (each.index > each.limit):
                each.drifted = not each.drifted
                if each.drifted:
                    logger.warning(
                        "the policy's feature %s has left what it was tuned on: stability index %.2f, limit %.2f, over "
                        "the last %d requests; tune it again on such requests",
                        each.name, each.index, each.limit, each.seen,
                    )  # fmt: skip

    def gauges(self) -> dict[str, tuple[float, float]]:
        """By feature, its stability index and the limit above which it has drifted."""
        return {each.name: (each.index, each.limit) for each in self._features}


class Watched:
    """One feature. The bin after those of its distribution holds requests without a value."""

    def __init__(self, tuned: Distribution, window: int) -> None:
        self.name = tuned.name
        self.drifted = False
        self._tuned = tuned
        self._expected = (*(fraction * (1 - tuned.missing) for fraction in tuned.shares), tuned.missing)
        self._last: deque[int] = deque(maxlen=window)
        self._counts: Counter[int] = Counter()

    @property
    def seen(self) -> int:
        """Requests that are looked at."""
        return len(self._last)

    def take(self, features: Features) -> bool:
        """Take in a request; whether the tuned run never had such a value."""
        number = self._tuned.bin_of(features)
        index = len(self._tuned.shares) if number is None else number
        if len(self._last) == self._last.maxlen:
            self._counts[self._last[0]] -= 1
        self._last.append(index)
        self._counts[index] += 1
        return self._expected[index] == 0

    @property
    def index(self) -> float:
        """The population stability index; 0 before the first request."""
        if not self._last:
            return 0.0
        used = self._used
        seen, tuned = self.seen + HALF * len(used), self._tuned.count + HALF * len(used)
        total = 0.0
        for each in used:
            now = (self._counts[each] + HALF) / seen
            then = (self._expected[each] * self._tuned.count + HALF) / tuned
            total += (now - then) * math.log(now / then)
        return total

    @property
    def limit(self) -> float:
        """What the index may be."""
        if not self._last:
            return CHANGED
        chance = chi_squared(len(self._used) - 1) * (1 / self.seen + 1 / max(1, self._tuned.count))
        return max(CHANGED, chance)

    @property
    def _used(self) -> list[int]:
        """The bins that either side has something in."""
        return [number for number, expected in enumerate(self._expected) if expected or self._counts[number]]


def chi_squared(degrees: int) -> float:
    """The 99.9 % quantile of the chi-squared distribution, within 4 %, by the cube of Wilson and Hilferty (1931)."""
    if degrees < 1:
        return 0.0
    part = 2 / (9 * degrees)
    return float(degrees * (1 - part + ONE_IN_A_THOUSAND * math.sqrt(part)) ** 3)
