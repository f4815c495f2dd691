"""The questions of benchmarks, to find the one that a text repeats.

Runs of three words find questions that share some; each of the nearest is then aligned with the text, word for word.
What counts is not how many words are shared but what they are worth (``evidence``), and whether the numbers agree: the
same template with other numbers is another question.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from s1m.data.contamination.evidence import Counts, codes, runs
from s1m.data.contamination.families import templates
from s1m.data.contamination.words import is_number, variables, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RUN = 3
"""Words of a run by which questions are looked up."""
COMMON = 50
"""A run in more questions than this is a phrase of templates and is not looked up."""
NAME_BITS = 1.0
"""What the name of a point or an unknown is worth: it is easily changed."""
CLOSEST = 4
"""Questions that are aligned with a text."""
HINT_BITS = 8.0
"""What the shared runs must be worth for that, at least, and ..."""
HINT_SHARE = 0.2
"""... their share of what the question is worth."""
MISSING = 0.25
"""Fraction of a question's numbers that may be left out."""
CHANGED = 0.1
"""Fraction of a question's numbers that may be others."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What a text has in common with a question: ``bits`` of its evidence, the ``fraction`` that this is of all of it.

    ``whole`` when the question stands in the text from its first to its last word, and ``fills`` at
    least half of it; ``agree`` unless numbers differ; ``template`` when many questions are like this one.
    """

    problem: int
    bits: float
    fraction: float
    whole: bool
    fills: bool
    agree: bool
    template: bool


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Questions as arrays: their words one after the other, and for every run the questions that have it."""

    words: NDArray[np.uint64]
    """Of all questions."""
    bits: NDArray[np.float32]
    """Of every word."""
    numbers: NDArray[np.bool_]
    """Whether a word is a number."""
    templates: NDArray[np.bool_]
    """Whether a question is made from a template."""
    starts: NDArray[np.int64]
    """Where each question begins, and the end; (questions + 1,)."""
    runs: NDArray[np.uint64]
    """All runs, sorted."""
    places: NDArray[np.int64]
    """For each run, the place of its last word."""

    @classmethod
    def build(cls, questions: Sequence[str], background: Iterable[str]) -> Texts:
        """Of the questions of some benchmarks; ``background`` are texts that show what is template."""
        import numpy as np

        spoken = [words(question) for question in questions]
        coded = [codes(sequence) for sequence in spoken]
        others = [codes(words(text)) for text in background]
        counts = Counts([*coded, *others])
        bits = [counts.bits(sequence) for sequence in coded]
        for question, own, worth in zip(questions, spoken, bits, strict=True):
            names = variables(question)
            named = np.array([word in names for word in own], dtype=np.bool_)
            worth[named] = np.minimum(worth[named], NAME_BITS)
        starts = np.cumsum([0, *map(len, spoken)])
        every_run = np.concatenate([np.zeros(0, np.uint64), *(runs(sequence, RUN) for sequence in coded)])
        # Not strict: starts has one more, the end of the last question.
        ends = [start + np.arange(RUN - 1, len(sequence)) for start, sequence in zip(starts, coded, strict=False)]
        last_words = np.concatenate([np.zeros(0, np.int64), *ends])
        # Stable: the file of an index is the same, to the byte, wherever it is built.
        order = np.argsort(every_run, kind="stable")
        return cls(
            words=np.concatenate([np.zeros(0, np.uint64), *coded]),
            bits=np.concatenate([np.zeros(0, np.float32), *bits]),
            numbers=np.array([is_number(word) for sequence in spoken for word in sequence], dtype=np.bool_),
            templates=templates(coded, others),
            starts=starts.astype(np.int64),
            runs=every_run[order],
            places=last_words[order].astype(np.int64),
        )

    def shared(self, text: str) -> list[Shared]:
        """The questions that a text may repeat, the one with most shared evidence first."""
        own = words(text)
        coded = codes(own)
        numbers = {int(code) for code, word in zip(coded, own, strict=True) if is_number(word)}
        aligned = [self._align(problem, coded, numbers) for problem in self._closest(coded)]
        return sorted(aligned, key=lambda candidate: (not candidate.agree, -candidate.bits, candidate.problem))

    def _closest(self, coded: NDArray[np.uint64]) -> list[int]:
        import numpy as np

        own = np.unique(runs(coded, RUN))
        first, last = np.searchsorted(self.runs, own, "left"), np.searchsorted(self.runs, own, "right")
        worth: defaultdict[int, float] = defaultdict(float)
        for start, end in zip(first, last, strict=True):
            if start == end or end - start > COMMON:
                continue
            last_words = self.places[start:end]
            problems = np.searchsorted(self.starts, last_words, "right") - 1
            for problem, position in zip(problems, last_words, strict=True):
                # Runs overlap in all but the last word: a question's first run counts whole, a later one by that word.
                before = position - RUN + 1 if position - self.starts[problem] == RUN - 1 else position
                worth[int(problem)] += float(self.bits[before : position + 1].sum())
        nearest = sorted(worth.items(), key=lambda pair: (-pair[1], pair[0]))[:CLOSEST]
        hinted = [(problem, bits) for problem, bits in nearest if bits >= HINT_BITS]
        return [problem for problem, bits in hinted if bits >= HINT_SHARE * self._worth(problem)]

    def _worth(self, problem: int) -> float:
        return float(self.bits[self.starts[problem] : self.starts[problem + 1]].sum())

    def _align(self, problem: int, coded: NDArray[np.uint64], numbers: set[int]) -> Shared:
        import numpy as np

        span = slice(self.starts[problem], self.starts[problem + 1])
        asked, bits = self.words[span], self.bits[span]
        text = coded[_around(asked, coded)].tolist()
        # Without autojunk, which takes the commonest words of 200 or more for noise and aligns nothing by them.
        steps = SequenceMatcher(None, asked.tolist(), text, autojunk=False).get_opcodes()
        kept = np.zeros(len(asked), dtype=np.bool_)
        missing, changed = 0, 0
        for kind, start, end, other_start, other_end in steps:
            if kind == "equal":
                kept[start:end] = True
                continue
            lost = Counter(asked[start:end][self.numbers[span][start:end]].tolist())
            gained = Counter(code for code in text[other_start:other_end] if code in numbers)
            gone, new = (lost - gained).total(), (gained - lost).total()
            changed += min(gone, new)
            missing += max(0, gone - new)
        count = int(self.numbers[span].sum())
        blocks = [end - start for kind, start, end, *_ in steps if kind == "equal"]
        return Shared(
            problem=problem,
            bits=float(bits[kept].sum()),
            fraction=float(bits[kept].sum() / max(1.0, bits.sum())),
            whole=blocks == [len(asked)],
            fills=2 * len(asked) >= len(coded),
            agree=changed <= CHANGED * count and missing <= MISSING * count,
            template=bool(self.templates[problem]),
        )


def _around(asked: NDArray[np.uint64], coded: NDArray[np.uint64]) -> slice:
    """The part of a long text where most of a question's runs are, with as many words again on either side."""
    import numpy as np

    if len(coded) <= 4 * len(asked):
        return slice(None)
    starts = np.flatnonzero(np.isin(runs(coded, RUN), runs(asked, RUN)))
    within = np.searchsorted(starts, starts + 2 * len(asked)) - np.arange(len(starts))
    start = int(starts[int(np.argmax(within))])
    return slice(max(0, start - len(asked)), start + 3 * len(asked))
