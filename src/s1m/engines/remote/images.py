"""How an image travels to a server: in a data: URL, its own bytes where every server sees the same picture in them.

An opaque, upright PNG, JPEG or WebP of eight bits goes as it is; anything else goes as a PNG of the picture that the
other engines and the trainer see. See ``s1m.files.images``.
"""

from __future__ import annotations

import asyncio
import base64

from s1m.errors import EngineError
from s1m.files.images import ImageError, as_sent
from s1m.types import Problem


async def encoded_images(problem: Problem) -> tuple[str, ...]:
    """The images of a problem and of the turns before it as data: URLs, made in a thread.

    Raises ``EngineError`` for one that cannot be sent.
    """
    if not problem.every_image:
        return ()
    try:
        return await asyncio.to_thread(data_urls, problem.every_image)
    except ImageError as error:
        raise EngineError(f"problem {problem.id}: {error}") from error


def data_url(image: bytes) -> str:
    """The image as a data: URL. Raises ``ImageError`` when the bytes are not an image that can be read."""
    content, mime = as_sent(image)
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"


def data_urls(images: tuple[bytes, ...]) -> tuple[str, ...]:
    """Every image as a data: URL, in order. Raises ``ImageError`` that says which of several cannot be sent."""
    urls = []
    for number, image in enumerate(images, start=1):
        try:
            urls.append(data_url(image))
        except ImageError as error:
            raise ImageError(f"image {number} of {len(images)} {error}") from error
    return tuple(urls)
