"""Images are scaled down only where the user asks for it, and only those that are too large."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from s1m.errors import EngineError
from s1m.evaluate.runner import with_small_images
from s1m.types import Problem


def encoded(width: int, height: int, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


def problem(*images: bytes) -> Problem:
    return Problem(id="p1", question="?", images=images, gold="")


def test_only_larger_images_become_smaller_and_keep_their_shape() -> None:
    small, large = encoded(30, 20), encoded(400, 200)
    first, second = with_small_images(problem(small, large), 5000).images
    assert first == small
    assert Image.open(io.BytesIO(second)).size == (100, 50)
    assert with_small_images(problem(large), 1).images != (large,)


def test_a_picture_that_its_file_turns_stays_upright() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    (image,) = with_small_images(problem(encoded(400, 200, exif=turned)), 5000).images
    assert Image.open(io.BytesIO(image)).size == (50, 100)


def test_an_image_that_cannot_be_read_fails_its_problem() -> None:
    with pytest.raises(EngineError, match="problem p1: one of its images is not an image that can be read"):
        with_small_images(problem(b"junk"), 5000)
