"""Ways in which a benchmark's picture turns up elsewhere: cropped, at another size, encoded again, grey, framed."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

from PIL import Image, ImageEnhance, ImageOps


def opened(encoded: bytes) -> Image.Image:
    """The picture of a file, in colour, on white."""
    picture: Image.Image = Image.open(io.BytesIO(encoded))
    if picture.mode in ("RGBA", "LA", "P"):
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def png(picture: Image.Image) -> bytes:
    """A picture as a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """A picture as a JPEG file."""
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def cropped(picture: Image.Image, rng: random.Random) -> Image.Image:
    """2 to 10 percent off every side, each side drawn on its own."""
    width, height = picture.size
    left, top, right, bottom = (rng.uniform(0.02, 0.10) for _ in range(4))
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return picture.crop(tuple(round(edge) for edge in box))  # type: ignore[arg-type]


def rescaled(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Half to twice the size."""
    scale = 2 ** rng.uniform(-1, 1)
    size = (max(8, round(picture.width * scale)), max(8, round(picture.height * scale)))
    return picture.resize(size, rng.choice((Image.Resampling.BICUBIC, Image.Resampling.BILINEAR)))


def framed(picture: Image.Image, rng: random.Random) -> Image.Image:
    """White borders of up to a fifth of the picture, each of its own width."""
    width, height = (round(rng.uniform(0, 0.2) * side) for side in picture.size)
    border = (width, height, round(width * rng.random()), round(height * rng.random()))
    return ImageOps.expand(picture, border, "white")


def brighter(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Up to a tenth brighter or darker, and as much more or less contrast."""
    lit = ImageEnhance.Brightness(picture).enhance(rng.uniform(0.9, 1.1))
    return ImageEnhance.Contrast(lit).enhance(rng.uniform(0.9, 1.1))


def grey(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Without colours."""
    return picture.convert("L").convert("RGB")


Alteration = Callable[[bytes, random.Random], bytes]

STEPS = (cropped, rescaled, framed, brighter, grey)


def several(encoded: bytes, rng: random.Random) -> bytes:
    """Two or three of the others, one after the other, then JPEG."""
    picture = opened(encoded)
    for step in rng.sample(STEPS, rng.choice((2, 3))):
        picture = step(picture, rng)
    return jpeg(picture, rng.randint(40, 90))


ALTERATIONS: dict[str, Alteration] = {
    "cropped 2-10 % a side": lambda encoded, rng: png(cropped(opened(encoded), rng)),
    "rescaled 0.5-2x": lambda encoded, rng: png(rescaled(opened(encoded), rng)),
    "JPEG, quality 40-90": lambda encoded, rng: jpeg(opened(encoded), rng.randint(40, 90)),
    "grey": lambda encoded, rng: png(grey(opened(encoded), rng)),
    "brightness and contrast": lambda encoded, rng: png(brighter(opened(encoded), rng)),
    "white borders": lambda encoded, rng: png(framed(opened(encoded), rng)),
    "two or three of these, then JPEG": several,
}
