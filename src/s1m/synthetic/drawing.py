"""The sheet, pen, font and colours that every generated picture is drawn with, and its PNG file.

The colours are those of M. Okabe and K. Ito (https://jfly.uni-koeln.de/color/): colour-blind readers can tell them
apart.
"""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as Sheet
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as BitmapFont

COLOURS = {"blue": "#0072B2", "orange": "#E69F00", "green": "#009E73", "pink": "#CC79A7", "grey": "#9AA0A6"}
INK = "#24292f"
MUTED = "#6a737d"
RULE = "#e4e7eb"
PALE = "#f3f5f7"
WHITE = "#ffffff"

PALETTE = 64
"""Colours of the saved PNG: the drawings have about ten and their antialiased edges, so 64 lose nothing visible."""


def sheet(width: int, height: int) -> tuple[Sheet, ImageDraw]:
    """A white picture of ``width`` times ``height`` pixels, and a pen that draws on it."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), WHITE)
    return image, ImageDraw.Draw(image)


@cache
def font(size: int) -> FreeTypeFont | BitmapFont:
    """Pillow's bundled font, ``size`` pixels high: the only one that is the same on every machine."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def write(pen: ImageDraw, at: tuple[float, float], text: str, size: int, fill: str = INK, anchor: str = "mm") -> None:
    """Write ``text`` at a point in pixels; the default anchor centres it there."""
    pen.text(at, text, fill=fill, font=font(size), anchor=anchor)


def png(image: Sheet) -> bytes:
    """The encoded file. A palette halves its size; dithering would add noise to flat colours."""
    from PIL import Image

    buffer = io.BytesIO()
    image.quantize(PALETTE, dither=Image.Dither.NONE).save(buffer, format="PNG")
    return buffer.getvalue()
