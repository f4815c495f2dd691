"""Small encoded pictures of every kind."""

from __future__ import annotations

import io

from PIL import Image


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def drawn() -> Image.Image:
    """White, 40 x 20, its upper left corner red: turning it shows."""
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste("red", (0, 0, 10, 10))
    return picture


def held(orientation: int, kind: str = "JPEG") -> bytes:
    """The drawing as a camera held otherwise would write it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(drawn(), kind, exif=exif)


def line_on_nothing() -> bytes:
    """A black line on a transparent ground, whose hidden colour is black, too."""
    picture = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 10, 1))
    return encoded(picture)


def wide_grey() -> bytes:
    """16 bits a pixel: black, the middle, white."""
    picture = Image.new("I;16", (3, 1))
    for place, value in enumerate((0, 32768, 65535)):
        picture.putpixel((place, 0), value)
    return encoded(picture)
