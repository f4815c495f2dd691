"""What is learned from: one conversation about some images, whatever format it came in.

Example(
    id="traces.parquet row 1",
    turns=(Turn(role="user", content=(IMAGE, "What is the sum?")), Turn(role="assistant", content=("<think>...",))),
    images=(b"...",),
)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal


class Slot(Enum):
    """A place in a turn where the next image stands."""

    IMAGE = "image"


IMAGE = Slot.IMAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What one side says: texts, and places for images in the order of the example's images."""

    role: Literal["system", "user", "assistant"]
    content: tuple[str | Slot, ...]

    @property
    def text(self) -> str:
        """Its texts without the images."""
        return "".join(part for part in self.content if isinstance(part, str))


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A conversation that ends with an assistant's turn; ``id`` says where it stands, for people.

    ``images`` are encoded image files, as the source has them.
    """

    id: str
    turns: tuple[Turn, ...]
    images: tuple[bytes, ...] = ()


class Unusable(Exception):
    """An example that cannot be learned from; ``reason`` is the same for all that fail alike, so it can be counted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
