"""Images within a limit of pixels, where the user sets one: smaller, else as they are."""

from __future__ import annotations

import io
from dataclasses import replace

from s1m.errors import EngineError
from s1m.types import Problem


def within_pixels(problem: Problem, max_image_pixels: int | None) -> Problem:
    """The problem with every larger image scaled down to at most so many pixels, as PNG, its shape kept.

    Raises ``EngineError`` for an image that cannot be read.
    """
    if max_image_pixels is None:
        return problem
    return replace(problem, images=tuple(_within(image, max_image_pixels, problem.id) for image in problem.images))


def _within(image: bytes, max_pixels: int, problem_id: str) -> bytes:
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(image)) as opened:
            if opened.width * opened.height <= max_pixels:
                return image
            # A file's own rotation is not kept by another format: the pixels are turned instead.
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise EngineError(f"problem {problem_id}: one of its images cannot be read: {error}") from error
    scale = (max_pixels / (upright.width * upright.height)) ** 0.5
    size = (max(1, int(upright.width * scale)), max(1, int(upright.height * scale)))
    buffer = io.BytesIO()
    upright.resize(size, Image.Resampling.LANCZOS).save(buffer, "PNG")
    return buffer.getvalue()
