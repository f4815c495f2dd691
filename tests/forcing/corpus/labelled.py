"""What a text of the corpus is known to be, and the words that made texts are made of."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A text; for one that loops, the characters before its first copy and up to the end of its third."""

    family: str
    text: str
    first: int | None = None
    third: int | None = None
    held_out: bool = False

    @property
    def loops(self) -> bool:
        """Whether the text loops."""
        return self.third is not None


@dataclass(frozen=True, kw_only=True)
class Words:
    """A small language: every sentence is a link, a subject, a verb and an object."""

    links: tuple[str, ...]
    subjects: tuple[str, ...]
    verbs: tuple[str, ...]
    objects: tuple[str, ...]

    def sentence(self, rng: random.Random) -> str:
        """A sentence, a number in every third."""
        ending = rng.choice(("", "", f", which gives {rng.randint(2, 400)}"))
        parts = (self.links, self.subjects, self.verbs, self.objects)
        return " ".join(rng.choice(part) for part in parts) + ending + "."

    def length(self, rng: random.Random) -> str:
        """A sentence with a length."""
        return f"{rng.choice(self.links)} {rng.choice(self.subjects)} is {rng.randint(3, 90)} cm long."

    def prose(self, rng: random.Random, sentences: int) -> str:
        """Sentences that rarely come twice, in paragraphs."""
        said = [self.sentence(rng) for _ in range(sentences)]
        return "".join(sentence + ("\n\n" if rng.random() < 0.15 else " ") for sentence in said)


GEOMETRY = Words(
    links=(
        "So", "Now", "Then", "Next", "Hence", "We see that", "It follows that", "Notice that", "By symmetry,",
        "In other words,", "From the figure,", "Since they are equal,", "Suppose that", "I think", "Looking closer,",
    ),
    subjects=(
        "the triangle", "the circle", "the larger square", "the shaded region", "the outer path", "the left bar",
        "the first term", "the graph", "the second row", "the diagonal", "the tangent", "each vertex", "the median",
    ),
    verbs=(
        "is bounded by", "can be split into", "has the same area as", "lies opposite", "must be compared with",
        "is covered by", "follows from", "is twice as long as", "touches", "depends on", "is parallel to", "contains",
    ),
    objects=(
        "two smaller pieces", "the base and the height", "a line through the centre", "the sum of both sides",
        "the remaining angle", "half of the rectangle", "the value on the axis", "the previous result",
        "every second point", "the radius of the arc", "what was to be shown", "one third of the whole",
    ),
)  # fmt: skip

EVERYDAY = Words(
    links=(
        "Therefore", "At this point", "As before,", "Because of that", "On the other hand", "Clearly", "Again",
        "If we look closely,", "For this reason", "Consequently", "To begin with,", "In the picture", "After an hour",
        "Finally",
    ),
    subjects=(
        "train A", "the younger brother", "this beaker", "the red counter", "our estimate", "the cheaper ticket",
        "a random card", "the pendulum", "the tallest column", "the third runner", "the shopkeeper", "the lamp",
    ),
    verbs=(
        "arrives before", "is heavier than", "was bought with", "contributes to", "cannot exceed", "moves towards",
        "was counted among", "swings past", "shares a border with", "doubles", "pays for", "hides",
    ),
    objects=(
        "the northern station", "what remains of the salt", "all tokens on the table", "the monthly budget",
        "its neighbour", "the finish line", "the numbers drawn so far", "a quarter of the total", "the legend",
        "its starting height", "the empty seat", "both of the blue boxes",
    ),
)  # fmt: skip
