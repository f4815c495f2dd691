"""What a row is on its way to an example: what each side says, then the conversation with its images still unread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from s1m.datasets.example import Slot, Turn, Unusable
from s1m.datasets.pictures import Picture

Row = Mapping[str, Any]
Role = Literal["system", "user", "assistant"]
Content = tuple[str | Slot | Picture, ...]
"""Texts and images of a turn: a ``Slot`` stands for the next image of the row's column, a ``Picture`` for itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Utterance:
    """What one side says, and the thinking that the row gives beside it, empty without."""

    role: Role
    content: Content
    thinking: str = ""

    @property
    def text(self) -> str:
        """Its texts without the images."""
        return "".join(piece for piece in self.content if isinstance(piece, str))


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A conversation, its images, of which none has been read, and what else its row says, by column."""

    turns: tuple[Turn, ...]
    images: tuple[Picture, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def text_of(value: object) -> str:
    """A text; null is an empty one, which is missed later. Raises ``Unusable`` for any other kind of value."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unusable("no text", f"where text should be is {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unusable("no text", "it holds half a character of UTF-16") from None
    return value
