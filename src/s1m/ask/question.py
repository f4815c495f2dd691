"""A question with its pictures, from whatever names them, as the problem that an engine is given."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from s1m.errors import UsageError
from s1m.files.images import ImageError, size_of, within_pixels
from s1m.files.paths import ForeignPath, read_image, user_path
from s1m.types import Problem

Picture = str | Path | bytes
"""The path of an image file, or its bytes."""


def question_of(text: str, images: Sequence[Picture] | Picture = (), max_image_pixels: int | None = None) -> Problem:
    """The problem of a question and its images, a single one alone or in a sequence.

    Raises ``UsageError`` for a question without text, and for an image that cannot be read.
    """
    if not text.strip():
        raise UsageError("the question is empty; write what is to be answered")
    given = [images] if isinstance(images, str | Path | bytes) else images
    encoded = tuple(_encoded(image, max_image_pixels) for image in given)
    # Servers keep the past of a problem by its name, so equal questions share it and others do not.
    digest = hashlib.sha256(repr((text, [hashlib.sha256(image).hexdigest() for image in encoded])).encode())
    return Problem(id=f"question-{digest.hexdigest()[:16]}", question=text, images=encoded, gold="")


def _encoded(image: Picture, max_image_pixels: int | None) -> bytes:
    if not isinstance(image, str | Path | bytes):
        raise UsageError(f"an image is the path of a file or its bytes, not {type(image).__name__}")
    shown = f"an image of {len(image):,} bytes" if isinstance(image, bytes) else str(image)
    try:
        encoded = image if isinstance(image, bytes) else read_image(user_path(str(image)))
        size_of(encoded)
        return encoded if max_image_pixels is None else within_pixels(encoded, max_image_pixels)
    except ImageError as error:
        raise UsageError(f"{shown} {error}") from None
    except ForeignPath as error:
        raise UsageError(str(error)) from None
