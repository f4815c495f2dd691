"""A training example: one conversation about some images, whatever format it came in.

Example(
    id="traces.parquet row 1",
    turns=(Turn(role="user", content=(IMAGE, "What is the sum?")), Turn(role="assistant", content=("<think>...",))),
    images=(b"...",),
)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal


class Slot(Enum):
    """Stands for the next image in a turn."""

    IMAGE = "image"


IMAGE = Slot.IMAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What one side says: texts, and slots for images in the order of the example's images."""

    role: Literal["system", "user", "assistant"]
    content: tuple[str | Slot, ...]

    @property
    def text(self) -> str:
        """Its texts without the images."""
        return "".join(part for part in self.content if isinstance(part, str))


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A conversation that ends with an assistant's turn; ``id`` names file and row, for messages.

    ``images`` are encoded image files, as the source has them. An outline, made for measuring, has none; it has the
    ``sizes`` of its images instead: width and height in pixels. ``facts`` are what else its row says, by column.
    """

    id: str
    turns: tuple[Turn, ...]
    images: tuple[bytes, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    ended: bool = True
    """Whether the last turn was ended by who wrote it; not where it was cut off, so that no end of turn follows."""


class Unusable(Exception):
    """Nothing can be learned from an example. Reasons are few and counted; ``detail`` is about this example."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason
