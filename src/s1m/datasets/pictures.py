"""Images that have not been read yet: their size is in their first bytes, and only these are read for it."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, runtime_checkable

from s1m.datasets.example import Unusable
from s1m.files.images import ImageError, size_of
from s1m.files.paths import ForeignPath, Roots, open_regular, read_image

PAYLOADS = ("bytes", "image", "image_url", "url", "path", "base64", "data", "source")
"""Keys under which a mapping holds an image, in the words of datasets, Qwen, OpenAI, transformers and Anthropic."""
DATA_URI = re.compile(r"data:[^,]*,", re.IGNORECASE)
WEB = re.compile(r"https?://", re.IGNORECASE)
BASE64 = re.compile(
    r"""(?: iVBORw0KGgo    # PNG
        | /9j/             # JPEG
        | R0lGOD           # GIF
        | UklGR            # WebP
    )[\w+/\s-]{48,}={0,2}\s*""",
    re.VERBOSE,
)
"""Encoded images as they begin. A path that looks like it would have 50 such characters and no dot."""


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
        return _size(memoryview(self.content).cast("B"))  # pyarrow's bytes are signed, which no copy takes

    def read(self) -> bytes:
        """The encoded file."""
        return bytes(self.content)


@dataclass(frozen=True)
class Spelled:
    """An image as base64 text, decoded when it is looked at."""

    text: str

    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return _size(memoryview(self.read()))

    def read(self) -> bytes:
        """The encoded file. Takes both alphabets, line breaks, and text without its padding."""
        plain = "".join(self.text.split()).replace("-", "+").replace("_", "/").rstrip("=")
        try:
            return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise Unusable("image unreadable", "its base64 text is damaged") from None


@dataclass(frozen=True)
class Filed:
    """An image in a file of its own, which is looked for when the image is."""

    name: str
    roots: Roots

    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        try:
            with os.fdopen(open_regular(self.roots.find(self.name)), "rb") as file:
                return _size(file)
        except ForeignPath as error:
            raise Unusable("missing image", str(error)) from None
        except OSError as error:
            raise Unusable("missing image", f"{self.name}: {error.strerror or error}") from None

    def read(self) -> bytes:
        """The encoded file."""
        try:
            return read_image(self.roots.find(self.name))
        except ForeignPath as error:
            raise Unusable("missing image", str(error)) from None


def picture_from(value: object, roots: Roots) -> Picture:
    """The image that a column or part holds: encoded, base64, a data URI, a path, or a mapping of one.

    Paths lead within ``roots``. Raises ``Unusable`` when it holds none, or only an address on the web: nothing is
    downloaded here.
    """
    if isinstance(value, Mapping):
        held = next((name for name in PAYLOADS if value.get(name)), None)
        if held is None:
            raise Unusable("missing image", f"it has only {', '.join(map(str, value))}"[:80])
        if held in ("base64", "data") and isinstance(value[held], str) and not DATA_URI.match(value[held]):
            return Spelled(value[held])
        return picture_from(value[held], roots)
    if isinstance(value, bytes):
        return Encoded(value)
    if isinstance(value, Picture):
        return value
    if not isinstance(value, str) or not value:
        raise Unusable("missing image", f"its column holds {type(value).__name__}" if value else "")
    return _from_text(value, roots)


def _from_text(text: str, roots: Roots) -> Picture:
    if head := DATA_URI.match(text):
        if not head[0].lower().endswith(";base64,"):
            raise Unusable("image unreadable", f"only base64 is read of data URIs, not {head[0][:40]}")
        return Spelled(text[head.end() :])
    if BASE64.fullmatch(text):
        return Spelled(text)
    if WEB.match(text):
        raise Unusable("missing image", f"{text[:60]} is on the web; download it and give its path")
    return Filed(text.removeprefix("file://"), roots)


def _size(image: BinaryIO | memoryview) -> tuple[int, int]:
    try:
        return size_of(image)
    except ImageError as error:
        raise Unusable("image unreadable", f"it {error}") from None
