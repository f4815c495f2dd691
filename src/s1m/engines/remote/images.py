"""How an image travels to a server: its own bytes in a data: URL, untouched if servers can be expected to read them.

PNG, JPEG (CMYK too), WebP, GIF and BMP go as they are; any other format that pillow reads becomes PNG, pixel for pixel.
"""

from __future__ import annotations

import asyncio
import base64
import io

from s1m.errors import EngineError
from s1m.types import Problem

BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Two letters alone would take any text that begins with BM for a bitmap; the size of its second header tells."""

PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
"""Pixel formats of pillow that PNG holds exactly."""

CONVERTED_MODES = {"PA": "RGBA", "La": "LA", "RGBa": "RGBA", "CMYK": "RGB", "YCbCr": "RGB", "LAB": "RGB", "HSV": "RGB"}
"""What PNG has no room for, as the colours that a server would have decoded itself."""


async def encoded_images(problem: Problem) -> tuple[str, ...]:
    """The images of a problem as data: URLs, made in a thread. Raises ``EngineError`` for one that cannot be sent."""
    if not problem.images:
        return ()
    try:
        return await asyncio.to_thread(data_urls, problem.images)
    except ValueError as error:
        raise EngineError(f"problem {problem.id}: {error}") from error


def data_url(image: bytes) -> str:
    """The image as a data: URL. Raises ``ValueError`` when the bytes are not an image that can be sent without loss."""
    mime = mime_type(image)
    if mime is None:
        image, mime = as_png(image), "image/png"
    return f"data:{mime};base64,{base64.b64encode(image).decode('ascii')}"


def data_urls(images: tuple[bytes, ...]) -> tuple[str, ...]:
    """Every image as a data: URL, in order. Raises ``ValueError`` that says which of several cannot be sent."""
    urls = []
    for number, image in enumerate(images, start=1):
        try:
            urls.append(data_url(image))
        except ValueError as error:
            raise ValueError(f"image {number} of {len(images)} {error}") from error
    return tuple(urls)


def mime_type(image: bytes) -> str | None:
    """The type that the first bytes show, or None when it is not one that every server reads."""
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if image.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if image.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return "image/webp"
    if image.startswith(b"BM") and int.from_bytes(image[14:18], "little") in BMP_HEADER_SIZES:
        return "image/bmp"
    return None


def as_png(image: bytes) -> bytes:
    """The first frame of an image as PNG. Raises ``ValueError`` when it is none, or PNG cannot hold its pixels."""
    from PIL import Image

    buffer = io.BytesIO()
    try:
        with Image.open(io.BytesIO(image)) as opened:
            opened.load()
            mode = CONVERTED_MODES.get(opened.mode, opened.mode)
            if mode not in PNG_MODES:
                raise ValueError(f"has {opened.mode} pixels, which PNG cannot hold; convert it to PNG or JPEG")
            # A colour profile of the old pixel format would be wrong for the new one.
            profile = opened.info.get("icc_profile") if mode == opened.mode else None
            (opened if mode == opened.mode else opened.convert(mode)).save(buffer, "PNG", icc_profile=profile)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"is no image that can be read ({len(image)} bytes)") from error
    return buffer.getvalue()
