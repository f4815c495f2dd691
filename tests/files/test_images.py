"""An image is the same picture wherever it is opened."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image, ImageOps

from s1m.benchmarks import find_benchmark
from s1m.data.contamination.appearance import look
from s1m.datasets.pictures import Encoded
from s1m.errors import EngineError
from s1m.evaluate.runner import with_small_images
from s1m.files import images
from s1m.files.images import (
    ImageError,
    as_sent,
    begins_as_image,
    check_aspect,
    picture_of,
    side_by_side,
    size_of,
    within_pixels,
)
from s1m.types import Problem
from tests.files.pictures import drawn, encoded, held, line_on_nothing, wide_grey


def test_transparent_parts_are_white() -> None:
    picture = picture_of(line_on_nothing())
    assert [picture.getpixel((5, row)) for row in (0, 5)] == [(0, 0, 0), (255, 255, 255)]


@pytest.mark.parametrize("mode", ["LA", "PA", "RGBA"])
def test_every_mode_with_transparency_is_put_on_white(mode: str) -> None:
    nothing = Image.new("RGBA", (4, 4), (0, 0, 0, 0)).convert(mode)
    assert picture_of(encoded(nothing, "TIFF" if mode == "PA" else "PNG")).getpixel((1, 1)) == (255, 255, 255)


def test_a_transparent_colour_of_a_palette_is_white() -> None:
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    assert picture_of(encoded(picture, transparency=0)).getpixel((1, 1)) == (255, 255, 255)
    assert picture_of(encoded(picture)).getpixel((1, 1)) == (0, 0, 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_to_picture_and_size(kind: str, orientation: int) -> None:
    image = held(orientation, kind)
    with Image.open(io.BytesIO(image)) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    assert picture_of(image).tobytes() == upright.tobytes()
    assert picture_of(image).size == upright.size == size_of(image) == Encoded(image).size()


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_does_not_exist_is_upright(orientation: int) -> None:
    assert picture_of(held(orientation)).size == (40, 20)


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    picture = picture_of(wide_grey())
    assert [picture.getpixel((column, 0)) for column in range(3)] == [(0,) * 3, (128,) * 3, (255,) * 3]


def test_cmyk_becomes_its_colour() -> None:
    assert picture_of(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")).getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize("image", [line_on_nothing(), held(6), held(3, "PNG"), wide_grey()])
def test_engines_trainer_curator_and_thumbnails_see_one_picture(image: bytes) -> None:
    from s1m.engines.embedded.prompt import picture as seen_by_the_engine
    from s1m.train.batches.encode import decoded

    picture = picture_of(image)
    sent, _ = as_sent(image)
    problem = with_small_images(Problem(id="p", question="?", images=(image,), gold=""), 10**6)
    assert seen_by_the_engine(image, "p").tobytes() == picture.tobytes()
    assert decoded(image).tobytes() == picture.tobytes()
    assert picture_of(sent).tobytes() == picture.tobytes()
    assert look(image).pixels == look(sent).pixels
    assert picture_of(problem.images[0]).tobytes() == picture.tobytes()
    assert picture_of(side_by_side([image], 384)).tobytes() == picture.tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_opaque_upright_picture_is_sent_as_it_is(kind: str) -> None:
    image = encoded(drawn(), kind)
    assert as_sent(image) == (image, f"image/{kind.lower()}")


def test_what_servers_might_see_differently_is_sent_as_png() -> None:
    animated = encoded(drawn(), "WEBP", save_all=True, append_images=[drawn().rotate(180)])
    deep = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 16, 2, 0, 0, 0]))
    deep += chunk(b"IDAT", zlib.compress(b"\0" + b"\xff\x80" * 3)) + chunk(b"IEND", b"")
    for image in (line_on_nothing(), held(6), held(2, "PNG"), wide_grey(), animated, deep):
        sent, mime = as_sent(image)
        assert (mime, sent != image) == ("image/png", True)


def test_the_bundled_benchmark_is_sent_byte_for_byte() -> None:
    for problem in find_benchmark("digits").load(split="test", limit=3, data=None):
        assert [as_sent(image)[0] for image in problem.images] == list(problem.images)


def test_thumbnails_of_few_bytes_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    high, wide = encoded(Image.new("L", (1, 60_000))), encoded(Image.new("L", (60_000, 1)))
    made: list[int] = []
    new = Image.new

    def counted(mode: str, size: tuple[int, int], *rest: str) -> Image.Image:
        made.append(size[0] * size[1])
        return new(mode, size, *rest)

    monkeypatch.setattr(Image, "new", counted)
    picture = picture_of(side_by_side([high, wide], 384))
    assert max(picture.size) <= 384
    assert max(made) <= 384 * 384


def test_limits_of_bytes_and_pixels_are_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_PIXELS", 700)
    for look_at in (picture_of, as_sent, lambda image: size_of(image)):
        with pytest.raises(ImageError, match=r"^is 40 x 20 pixels, more than 700; make it smaller$"):
            look_at(encoded(drawn()))
    monkeypatch.setattr(images, "MOST_BYTES", 10)
    with pytest.raises(ImageError, match=r"bytes, more than 10; make it smaller$"):
        picture_of(encoded(drawn()))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    header = chunk(b"IHDR", bytes([0, 1, 0, 0, 0, 1, 0, 0, 8, 2, 0, 0, 0]))  # 65,536 x 65,536
    with pytest.raises(ImageError, match="pixels"):
        picture_of(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)))


def test_a_picture_too_narrow_for_qwen_is_named() -> None:
    check_aspect((200, 1))
    with pytest.raises(ImageError, match=r"is 201 x 1 pixels: Qwen models take sides of at most 200 to 1"):
        check_aspect((201, 1))


def test_only_larger_images_are_scaled() -> None:
    image = held(6)
    assert within_pixels(image, 800) is image
    assert size_of(within_pixels(image, 200)) == (10, 20)


@pytest.mark.parametrize("junk", [b"", b"junk", encoded(drawn())[:60], b"BM" + b"\0" * 40, b"RIFF0000WEBP", b"II*\0"])
def test_what_is_not_an_image_raises_one_error(junk: bytes) -> None:
    with pytest.raises(ImageError, match="is not an image that can be read, or is cut off"):
        picture_of(junk)
    with pytest.raises(EngineError, match="problem p: one of its images"):
        with_small_images(Problem(id="p", question="?", images=(b"junk",), gold=""), 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_signatures_of_images_are_known(kind: str) -> None:
    assert begins_as_image(encoded(drawn(), kind)[:32])


@pytest.mark.parametrize("head", [b"", b"root:x:0:0:root:/root:/bin/bash", b"BMX is text", b"\x7fELF", b"%PDF-1.7"])
def test_other_files_are_not_taken_for_images(head: bytes) -> None:
    assert not begins_as_image(head)


def chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")
