"""The card of a dataset: what is in it, how long it is, how it came to be, what was left out, and whose it is.

The words are in ``s1m/assets/dataset_card.md.jinja``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from s1m import __version__
from s1m.data.funnel import Funnel
from s1m.data.stats.measure import Spread
from s1m.datasets.lengths import LONG, Lengths, describe

MOST_REASONS = 5
"""Reasons of a filter that the card names, the commonest."""
MEANINGS = {
    "id": "hash of question, response and images",
    "source": "where the row is from",
    "problem": "id of the problem there",
    "domain": "what it is about",
    "answer": "the right answer",
    "answer_type": "how it is compared: choice, integer, number, list, yes_no, text or expression",
    "teacher": "the model that wrote the response",
    "described_by": "the model that described the images to a teacher which saw none",
    "composed_of": "how many attempts the thinking was put together from, wrong ones first",
    "num_ignore": "how often the end of thinking was ignored",
    "samples": "chains that the teacher thought about this problem",
    "samples_right": "how many of them ended with the right answer",
    "tokens": "length of the response",
    "licence": "of the source",
}
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True, kw_only=True)
class Published:
    """One of the things that were put together: its name, and funnel and figure where it has some."""

    name: str
    funnel: Funnel | None
    figure: str
    targets: Sequence[str]
    """Benchmarks that it was checked against."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """What the card says."""

    name: str
    licence: str
    rows: int
    spread: Spread
    counted: str
    """Who counted the tokens."""
    sources: Counter[tuple[str, str]]
    """Rows by source and its licence."""
    origins: Sequence[Published]
    contaminated: Counter[str]
    """Rows that were left out for standing in one, by how that was found."""
    several_images: bool

    @property
    def size(self) -> str:
        """How many rows, as the Hub says it."""
        return next((name for limit, name in SIZES if self.rows < limit), "n>1M")

    @property
    def lengths(self) -> list[tuple[str, Lengths]]:
        """How long the responses are: all, then those of each source where there are several."""
        groups = self.spread.groups if len(self.spread.groups) > 1 else []
        return [
            ("all", describe(self.spread.lengths())),
            *((name, describe(self.spread.lengths(name))) for name in groups),
        ]

    def text(self) -> str:
        """The card, in the Markdown of the Hub."""
        from s1m.analysis.display.page import environment

        markdown = environment().overlay(autoescape=False)
        markdown.filters |= {"count": _count, "cell": _cell, "reasons": _reasons, "kinds": _kinds}
        template = markdown.get_template("dataset_card.md.jinja")
        return template.render(card=self, version=__version__, limits=LONG, meanings=MEANINGS) + "\n"


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _cell(text: str) -> str:
    """A text within a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _reasons(reasons: Mapping[str, int]) -> str:
    return "; ".join(f"{reason} ({count:,})" for reason, count in list(reasons.items())[:MOST_REASONS])


def _kinds(kinds: Counter[str]) -> str:
    return "; ".join(f"{kind}: {count:,}" for kind, count in kinds.most_common())
