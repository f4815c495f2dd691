"""What every picture is drawn with: colours that stay apart for colour-blind readers, one font, PNG.

The colours are those of M. Okabe and K. Ito (https://jfly.uni-koeln.de/color/).
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


def sheet(width: int, height: int) -> tuple[Sheet, ImageDraw]:
    """A white picture of this many pixels, and the pen for it."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), WHITE)
    return image, ImageDraw.Draw(image)


@cache
def font(size: int) -> FreeTypeFont | BitmapFont:
    """The font that comes with Pillow, ``size`` pixels high."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def write(pen: ImageDraw, at: tuple[float, float], text: str, size: int, fill: str = INK, anchor: str = "mm") -> None:
    """Text at a place, by default around it."""
    pen.text(at, text, fill=fill, font=font(size), anchor=anchor)


def png(image: Sheet) -> bytes:
    """The encoded file: few colours, hence a palette."""
    from PIL import Image

    buffer = io.BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(buffer, format="PNG")
    return buffer.getvalue()
