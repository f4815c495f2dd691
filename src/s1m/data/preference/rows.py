"""A pair as a row in TRL's conversational preference format, with images in a column and where it is from beside it.

{"images": [...], "prompt": [{"role": "user", "content": ...}],
 "chosen": [{"role": "assistant", "content": ...}], "rejected": [{"role": "assistant", "content": ...}], "reason": ...}
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s1m.data.preference.match import Match
from s1m.data.shards import Sized
from s1m.types import Problem

FACTS: Mapping[str, str] = {
    "id": "string",
    "reason": "string",
    "rejected_stop": "string",
    "num_ignore": "int64",
    "chosen_tokens": "int64",
    "rejected_tokens": "int64",
    "source": "string",
    "problem": "string",
    "domain": "string",
    "answer": "string",
    "model": "string",
    "licence": "string",
}
"""Columns after those that are trained on, and what they hold.

``rejected_stop`` is closed where the rejected response is whole, unclosed where the model ended its turn within the
thinking, looped or capped where it was cut off: then no end of turn belongs after it.
"""


@dataclass(frozen=True, kw_only=True)
class PairRow:
    """One pair."""

    problem: Problem
    question: str
    """As the model was asked it."""
    system_prompt: str
    match: Match
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """A hash of its content: 16 hexadecimal digits."""
        texts = (self.system_prompt, self.question, self.match.chosen.text, self.match.rejected.text)
        parts = [*(text.encode() for text in texts), *self.problem.images]
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]

    def sized(self) -> Sized:
        """Its columns, and how many bytes of images and texts they hold."""
        chosen, rejected = self.match.chosen, self.match.rejected
        own = {
            "id": self.id,
            "reason": self.match.reason,
            "rejected_stop": rejected.ending,
            "num_ignore": rejected.level,
            "chosen_tokens": chosen.tokens,
            "rejected_tokens": rejected.tokens,
            "problem": self.problem.id,
            "answer": self.problem.gold,
        }
        system = [_turn("system", self.system_prompt)] if self.system_prompt else []
        columns = {
            "images": [{"bytes": image, "path": None} for image in self.problem.images],
            "prompt": [*system, _turn("user", self.question)],
            "chosen": [_turn("assistant", chosen.text)],
            "rejected": [_turn("assistant", rejected.text)],
            **{name: {**self.facts, **own}.get(name) for name in FACTS},
        }
        size = len(self.question) + len(chosen.text) + len(rejected.text) + sum(map(len, self.problem.images))
        return Sized(columns=columns, size=size)


def features() -> Any:
    """The types of all columns, as ``datasets`` has them."""
    from datasets import Features, Image, List, Value

    turns = List({"role": Value("string"), "content": Value("string")})
    texts = {name: Value(kind) for name, kind in FACTS.items()}
    return Features({"images": List(Image()), "prompt": turns, "chosen": turns, "rejected": turns, **texts})


def _turn(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}
