"""The row that the building of data hands on: a question about images, a response with thinking, and where it is from.

On disk it has the columns of S1-M's data, image, prompt and response, followed by what is known of its origin.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s1m.datasets.checks import check_example
from s1m.datasets.example import IMAGE, Example, Turn, Unusable
from s1m.families import Delimiters

ORIGIN: Mapping[str, str] = {
    "id": "string",
    "source": "string",
    "problem": "string",
    "domain": "string",
    "answer": "string",
    "answer_type": "string",
    "teacher": "string",
    "described_by": "string",
    "composed_of": "int64",
    "num_ignore": "int64",
    "samples": "int64",
    "samples_right": "int64",
    "tokens": "int64",
    "licence": "string",
}
"""Columns after S1-M's, and what they hold; null where a source does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceRow:
    """One question, the response to it, encoded images, and what is known of its origin by column."""

    prompt: str
    response: str
    images: tuple[bytes, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """A hash of its content: 16 hexadecimal digits."""
        parts = [self.prompt.encode(), self.response.encode(), *self.images]
        digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts))
        return digest.hexdigest()[:16]

    def thinking(self, delimiters: Delimiters) -> str:
        """What stands between the delimiters."""
        return self.response.partition(delimiters.opening)[2].partition(delimiters.closing)[0].strip()

    def answer(self, delimiters: Delimiters) -> str:
        """What follows the thinking."""
        return self.response.rpartition(delimiters.closing)[2].strip()


def trace_row(example: Example, delimiters: Delimiters) -> TraceRow:
    """An example of one question and one response as a row; a system prompt is left out.

    Raises ``Unusable`` for a conversation of several turns, and for what could not be trained on.
    """
    check_example(example, delimiters)
    turns = [turn for turn in example.turns if turn.role != "system"]
    if len(turns) != 2:
        raise Unusable("several turns", f"{len(turns)}")
    question, response = turns
    return TraceRow(
        prompt=_marked(question), response=response.text.strip(), images=example.images, origin=_origin(example.facts)
    )


def _marked(question: Turn) -> str:
    """The question with a marker at every image, or without any where all of them come first."""
    parts = list(question.content)
    while parts and parts[0] is IMAGE:
        parts.pop(0)
    if IMAGE in parts:
        parts = list(question.content)
    return "".join("<image>" if part is IMAGE else str(part) for part in parts).strip()


def _origin(facts: Mapping[str, Any]) -> dict[str, Any]:
    held = {name: _held(facts.get(name), kind) for name, kind in ORIGIN.items()}
    return {name: value for name, value in held.items() if value is not None}


def _held(value: object, kind: str) -> str | int | None:
    """A value as its column holds it: numbers are texts where texts stand; None for what it cannot hold."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "string":
        return str(value).encode(errors="replace").decode() if number or isinstance(value, str) else None
    return value if number and isinstance(value, int) else None
