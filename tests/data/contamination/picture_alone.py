"""Ways in which a benchmark's picture turns up with another question, so that nothing but the picture can tell."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw, ImageOps

from tests.data.contamination.altered_pictures import Alteration, grey, jpeg, opened, png
from tests.data.contamination.clean import picture_of


def stamped(picture: Image.Image) -> Image.Image:
    """With a word written over it, in letters of a thirtieth of its width."""
    marked = picture.copy()
    size = max(10, picture.width // 30)
    ImageDraw.Draw(marked).text((picture.width * 0.05, picture.height * 0.05), "SAMPLE", "red", font_size=size)
    return marked


def smaller(picture: Image.Image) -> Image.Image:
    """A third of the size."""
    size = (max(8, picture.width // 3), max(8, picture.height // 3))
    return picture.resize(size, Image.Resampling.LANCZOS)


def rotated(picture: Image.Image, degrees: float) -> Image.Image:
    """Rotated, the corners white."""
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white")


def beside(picture: Image.Image, rng: random.Random) -> Image.Image:
    """To the left of another drawing, to its right or above it."""
    other = opened(picture_of(rng))
    gap, side = rng.choice((0, 10, 30)), rng.choice(("left", "right", "above"))
    first, second = (other, picture) if side == "right" else (picture, other)
    if side == "above":
        page = Image.new("RGB", (max(first.width, second.width), first.height + gap + second.height), "white")
        page.paste(second, (0, first.height + gap))
    else:
        page = Image.new("RGB", (first.width + gap + second.width, max(first.height, second.height)), "white")
        page.paste(second, (first.width + gap, 0))
    page.paste(first, (0, 0))
    return page


PICTURE_ALONE: dict[str, Alteration] = {
    "grey": lambda encoded, rng: png(grey(opened(encoded), rng)),
    "white border": lambda encoded, rng: png(ImageOps.expand(opened(encoded), 40, "white")),
    "JPEG, quality 15": lambda encoded, rng: jpeg(opened(encoded), 15),
    "stamped text": lambda encoded, rng: png(stamped(opened(encoded))),
    "a third of the size": lambda encoded, rng: png(smaller(opened(encoded))),
    "mirrored": lambda encoded, rng: png(ImageOps.mirror(opened(encoded))),
    "upside down": lambda encoded, rng: png(ImageOps.flip(opened(encoded))),
    "turned by 90 degrees": lambda encoded, rng: png(opened(encoded).transpose(Image.Transpose.ROTATE_90)),
    "inverted": lambda encoded, rng: png(ImageOps.invert(opened(encoded))),
    "rotated by 3 degrees": lambda encoded, rng: png(rotated(opened(encoded), 3)),
    "rotated by -5 degrees": lambda encoded, rng: png(rotated(opened(encoded), -5)),
    "rotated by 3 degrees, black corners": lambda encoded, rng: png(opened(encoded).rotate(3, expand=True)),
    "beside a second drawing": lambda encoded, rng: png(beside(opened(encoded), rng)),
}
