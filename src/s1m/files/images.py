"""Opening an image, the one way: upright, on white, eight bits of red, green and blue.

Every engine, the trainer, the curator, the search for leaks, thumbnails and ``--max-image-pixels`` open images here, so
that all see the same picture:

    transparent        composited on white; a black line on nothing would become a black picture
    EXIF orientation   applied, as viewers do
    palette, CMYK      converted
    16 bits a pixel    scaled to 8; conversion alone would clip all but the darkest shades to white
    animated           the first frame
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from s1m.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")

MOST_BYTES = 128 << 20
"""Of an encoded file; a TIFF of 40 megapixels without compression fits."""
MOST_PIXELS = 89_478_485
"""Pillow's own limit, a quarter of a gigabyte of colours, from which it warns of files made to fill the memory."""
MOST_ASPECT = 200
"""Longer side to shorter one: what the image processors of Qwen2-VL and its successors take."""

ORIENTATION = 0x0112
"""The EXIF tag that says how a camera was held; 1 is upright, from 5 on the sides are swapped."""
BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Two letters alone would take any text that begins with BM for a bitmap; the size of its second header decides."""
SENT_AS_THEY_ARE = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp"}
"""Formats that every server reads. An MPO is a JPEG followed by others, which no decoder shows."""

PNG_BIT_DEPTH = 24
"""The byte of a PNG that says how many bits a sample has."""
PNG_EXIF = frozenset({"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"})
"""Where Pillow keeps what a PNG says before its pixels and the orientation may stand in."""

_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, EOFError,
    NotImplementedError, RecursionError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's decoders raise for damaged files; it names no set of its own, so this one was found by fuzzing."""


class ImageError(DataError):
    """An image that cannot be opened. The message says what the image is: ``is cut off or broken``."""


def picture_of(encoded: bytes) -> Image:
    """The picture in an encoded file, mode RGB. Raises ``ImageError``."""
    return _guarded(lambda: _normalised(_opened(io.BytesIO(encoded), len(encoded))), len(encoded))


def size_of(image: BinaryIO | bytes | memoryview) -> tuple[int, int]:
    """Width and height of the upright picture, read from the first bytes of a file or a buffer alone.

    Raises ``ImageError``.
    """
    file: BinaryIO | io.BufferedReader | io.BytesIO
    if isinstance(image, bytes):
        file = io.BytesIO(image)  # which shares them
    elif isinstance(image, memoryview):
        file = io.BufferedReader(_View(image.cast("B")))
    else:
        file = image

    def upright_size() -> tuple[int, int]:
        with _opened(file) as opened:
            width, height = opened.size
            # Pillow gives the sides of a TIFF, and of that alone, as they are once it is upright.
            swapped = opened.format != "TIFF" and _orientation(opened) >= 5
            return (height, width) if swapped else (width, height)

    return _guarded(upright_size)


def as_sent(encoded: bytes) -> tuple[bytes, str]:
    """What goes to a server, and its type: the file itself where every decoder sees the same picture in it, else PNG.

    Raises ``ImageError``.
    """
    mime = _guarded(lambda: _mime_as_it_is(encoded), len(encoded))
    return (encoded, mime) if mime else (as_png(picture_of(encoded)), "image/png")


def within_pixels(encoded: bytes, most: int) -> bytes:
    """The file as it is, or as a smaller PNG of at most ``most`` pixels, its shape kept. Raises ``ImageError``."""
    width, height = size_of(encoded)
    if width * height <= most:
        return encoded
    picture = picture_of(encoded)
    scale = (most / (picture.width * picture.height)) ** 0.5
    size = (max(1, int(picture.width * scale)), max(1, int(picture.height * scale)))
    from PIL.Image import Resampling

    return as_png(picture.resize(size, Resampling.LANCZOS))


def side_by_side(images: Sequence[bytes], longest: int) -> bytes:
    """The pictures in a row as one PNG, at most ``longest`` pixels wide and high. Raises ``ImageError``."""
    from PIL import Image

    sizes = [size_of(image) for image in images]
    # Each is made small before they are put together: a high and a wide picture of few bytes would span gigabytes.
    scale = min(1.0, longest / sum(width for width, _ in sizes), longest / max(height for _, height in sizes))
    small = [
        picture_of(image).resize((max(1, int(width * scale)), max(1, int(height * scale))), Image.Resampling.BICUBIC)
        for image, (width, height) in zip(images, sizes, strict=True)
    ]
    sheet = Image.new(
        "RGB", (sum(picture.width for picture in small), max(picture.height for picture in small)), "white"
    )
    left = 0
    for picture in small:
        sheet.paste(picture, (left, 0))
        left += picture.width
    return as_png(sheet)


def check_aspect(size: tuple[int, int]) -> None:
    """Raise ``ImageError`` for a picture too narrow for the image processors of Qwen models."""
    long, short = max(size), min(size)
    if long > MOST_ASPECT * short:
        raise ImageError(
            f"is {size[0]:,} x {size[1]:,} pixels: Qwen models take sides of at most {MOST_ASPECT} to 1; crop or pad it"
        )


def as_png(picture: Image) -> bytes:
    """A picture as the bytes of a PNG file, without loss."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def begins_as_image(head: bytes) -> bool:
    """Whether a file whose first 32 bytes these are begins as an image does."""
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")):
        return True
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return True
    if head.startswith(b"\x00\x00\x00\x0cjP  ") or head[4:12] in (b"ftypavif", b"ftypheic", b"ftypmif1"):
        return True
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in BMP_HEADER_SIZES


class _View(io.RawIOBase):
    """A buffer as a file, of which only what is read is touched: it may be mapped from a disk."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        part = self._content[self._at : self._at + len(into)]
        into[: len(part)] = part
        self._at += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._content)}[whence]
        self._at = max(0, start + offset)
        return self._at


def _opened(file: BinaryIO | io.BufferedReader, size: int = 0) -> Image:
    """An image of which only the header was read. Raises ``ImageError`` for one that is too large to decode."""
    from PIL import Image

    if size > MOST_BYTES:
        raise ImageError(f"has {size:,} bytes, more than {MOST_BYTES:,}; make it smaller")
    # It warns of what is refused below, and of damaged EXIF data, which does not matter here.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    opened = Image.open(file)
    if opened.width * opened.height > MOST_PIXELS:
        raise ImageError(f"is {opened.width:,} x {opened.height:,} pixels, more than {MOST_PIXELS:,}; make it smaller")
    return opened


def _normalised(opened: Image) -> Image:
    from PIL.Image import Transpose

    turns = (None, None, Transpose.FLIP_LEFT_RIGHT, Transpose.ROTATE_180, Transpose.FLIP_TOP_BOTTOM,
             Transpose.TRANSPOSE, Transpose.ROTATE_270, Transpose.TRANSVERSE, Transpose.ROTATE_90)  # fmt: skip
    with opened:
        # A PNG may name its orientation after the pixels, which are not read for its size: then it is ignored.
        orientation = _orientation(opened) if opened.format == "PNG" else None
        opened.load()
        orientation = _orientation(opened) if orientation is None else orientation
        picture = _on_white(_eight_bits(opened))
    turn = turns[orientation]
    return picture if turn is None else picture.transpose(turn)


def _orientation(opened: Image) -> int:
    """How the picture is to be turned, from 1 to 8; 1 where the EXIF data is damaged or says nothing."""
    if opened.format == "PNG" and not PNG_EXIF & opened.info.keys():
        return 1
    try:
        orientation = opened.getexif().get(ORIENTATION, 1)
    except _BROKEN:
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _eight_bits(picture: Image) -> Image:
    if not picture.mode.startswith(("I", "F")):
        return picture
    is_float = picture.mode == "F"
    wide = picture if is_float else picture.convert("I")
    _, brightest = wide.getextrema()
    white = _white_of(picture.mode, float(brightest))  # type: ignore[arg-type]
    scale, half = 255 / white, 0.0 if is_float else 0.5  # whole numbers are cut off, not rounded
    return wide.point(lambda value: value * scale + half).convert("L")


def _white_of(mode: str, brightest: float) -> float:
    """The value that is white: of 16 bits all of them, else by the brightest value of the picture."""
    if mode.startswith("I;16"):
        return 65535.0
    steps = (1.0, 255.0, 65535.0) if mode == "F" else (255.0, 65535.0)
    return next((white for white in steps if brightest <= white), brightest)


def _on_white(picture: Image) -> Image:
    """The picture as RGB, whatever is transparent white."""
    from PIL import Image

    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.mode not in ("RGBA", "RGBa", "LA", "PA") and "transparency" not in picture.info:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")


def _mime_as_it_is(encoded: bytes) -> str | None:
    """The type of a file that needs no change, found by its header; None where it needs one."""
    with _opened(io.BytesIO(encoded), len(encoded)) as opened:
        mime = SENT_AS_THEY_ARE.get(opened.format or "")
        is_plain = opened.mode in ("RGB", "L") and "transparency" not in opened.info
        if mime is None or not is_plain or _orientation(opened) != 1:
            return None
        if opened.format == "PNG" and (encoded[PNG_BIT_DEPTH] == 16 or b"eXIf" in encoded):
            return None
        return None if opened.format != "MPO" and getattr(opened, "is_animated", False) else mime


def _guarded(look: Callable[[], T], size: int | None = None) -> T:
    """What ``look`` returns; whatever a broken file makes Pillow raise becomes an ``ImageError``."""
    from PIL import Image

    what = "" if size is None else f" ({size:,} bytes)"
    try:
        return look()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(f"has more than {MOST_PIXELS:,} pixels{what}; make it smaller") from None
    except MemoryError:
        raise ImageError(f"needs more memory than there is{what}; make it smaller") from None
    except _BROKEN as error:
        raise ImageError(f"is not an image that can be read, or is cut off{what}") from error
