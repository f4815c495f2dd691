"""Preference pairs as a sequence: of each row the chosen conversation and the rejected one, about the same images.

pairs = load_preferences(settings.data, seed=settings.seed, delimiters=settings.delimiters)
pairs[7]            a Preference with its images
pairs.outline(7)    the same with their sizes instead
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from s1m.datasets.checks import check_example
from s1m.datasets.example import Example, Unusable
from s1m.datasets.formats import REJECTED
from s1m.datasets.source import Source
from s1m.datasets.sources.examples import Examples, is_generated, load_examples
from s1m.errors import UsageError
from s1m.families import Delimiters

PREFERENCE = "preference"

STOP = "rejected_stop"
"""The column that says how a rejected response ends, where ``s1m data pairs`` wrote it; without it they are whole."""
CUT_OFF = ("looped", "capped")
"""Ends that the model did not write."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preference:
    """Two conversations that differ in their last turn, and which is better."""

    chosen: Example
    rejected: Example


class Preferences:
    """The pairs of some sources, each as often as its weight says. Small when pickled."""

    def __init__(self, chosen: Examples, rejected: Examples) -> None:
        self._chosen, self._rejected = chosen, rejected
        self.names, self.sources = chosen.names, chosen.sources

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, index: int) -> Preference:
        """A pair with its images. Raises ``Unusable`` for a row that cannot become one."""
        return _pair(self._chosen[index], self._rejected[index])

    def outline(self, index: int) -> Preference:
        """A pair with the sizes of its images instead of the images. Raises ``Unusable`` as ``[index]`` does."""
        return _pair(self._chosen.outline(index), self._rejected.outline(index))

    def location(self, index: int) -> str:
        """File and number of a pair's row, for messages."""
        return self._chosen.location(index)

    def source(self, index: int) -> int:
        """Which of the sources a pair is from."""
        return self._chosen.source(index)


def load_preferences(sources: Sequence[Source], *, seed: int, delimiters: Delimiters) -> Preferences:
    """The pairs of all sources, one source after the other.

    Raises ``UsageError`` for a source that has none, and as ``load_examples`` does.
    """
    for source in sources:
        if is_generated(source):
            raise UsageError(f"data: {source.path} is a synthetic set without rejected responses; make pairs of a run")
    sides = (load_examples(sources, seed=seed, delimiters=delimiters, form=form) for form in (PREFERENCE, REJECTED))
    return Preferences(*sides)


def check_preference(pair: Preference, delimiters: Delimiters) -> None:
    """Raise ``Unusable`` for a pair that nothing can be learned from. A rejected response may be of any form."""
    check_example(pair.chosen, delimiters)
    (*asked, chosen), (*asked_too, rejected) = pair.chosen.turns, pair.rejected.turns
    if rejected.role != "assistant" or not rejected.text.strip():
        raise Unusable("empty rejected response")
    if asked != asked_too:
        raise Unusable("chosen and rejected answer different questions")
    if chosen.text == rejected.text and pair.rejected.ended:
        raise Unusable("chosen and rejected are the same")


def _pair(chosen: Example, rejected: Example) -> Preference:
    ended = rejected.facts.get(STOP) not in CUT_OFF
    return Preference(chosen=chosen, rejected=replace(rejected, ended=ended))
