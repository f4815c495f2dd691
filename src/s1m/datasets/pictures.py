"""An image that has not been read yet: its size is told by its first bytes, and only these are touched for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, runtime_checkable

from s1m.datasets.example import Unusable
from s1m.files.images import ImageError, size_of
from s1m.files.paths import ForeignPath, Roots, open_regular, read_image


@runtime_checkable
class Picture(Protocol):
    """An image of an example. Both ways to look at it raise ``Unusable`` when it cannot be read."""

    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    def read(self) -> bytes:
        """The encoded file."""
        ...


@dataclass(frozen=True)
class Encoded:
    """An image in memory, or in a file that is mapped into it."""

    content: Any
    """Anything that has the buffer protocol."""

    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return _size(memoryview(self.content))

    def read(self) -> bytes:
        """The encoded file."""
        return bytes(self.content)


@dataclass(frozen=True)
class Filed:
    """An image in a file of its own."""

    path: Path

    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        try:
            with os.fdopen(open_regular(self.path), "rb") as file:
                return _size(file)
        except OSError as error:
            raise Unusable("missing image", f"{self.path}: {error.strerror or error}") from None

    def read(self) -> bytes:
        """The encoded file."""
        try:
            return read_image(self.path)
        except ForeignPath as error:
            raise Unusable("missing image", str(error)) from None


def picture_from(value: object, roots: Roots) -> Picture:
    """The image that a column holds: encoded, a path within ``roots``, or the Hub's struct of both.

    Raises ``Unusable`` when it holds none.
    """
    if isinstance(value, Mapping):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, bytes):
        value = Encoded(value)
    if isinstance(value, str) and value:
        try:
            return Filed(roots.find(value))
        except ForeignPath as error:
            raise Unusable("missing image", str(error)) from None
    if isinstance(value, Picture):
        return value
    raise Unusable("missing image", f"its column holds {type(value).__name__}" if value else "")


def _size(image: BinaryIO | memoryview) -> tuple[int, int]:
    try:
        return size_of(image)
    except ImageError as error:
        raise Unusable("image unreadable", f"it {error}") from None
