"""Images on their way to a server: untouched, or without loss, or not at all."""

from __future__ import annotations

import asyncio
import base64
import io

import pytest
from PIL import Image

from s1m.engines.chat import ChatEngine
from s1m.engines.remote.images import data_url
from s1m.errors import EngineError
from s1m.files.images import picture_of
from tests.engines.asking import GREEDY, always, ask, problem, servers, step
from tests.engines.chat_server import ChatServer, chat_model, completion


def picture(mode: str = "RGB") -> Image.Image:
    colours = Image.linear_gradient("L").resize((9, 7))
    return Image.merge("RGB", (colours, colours.rotate(90), colours.rotate(180))).convert(mode)


def encoded(kind: str, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    picture(mode).save(buffer, kind)
    return buffer.getvalue()


def sent_image(url: str) -> tuple[str, bytes]:
    head, data = url.split(",", 1)
    return head.removeprefix("data:").removesuffix(";base64"), base64.b64decode(data, validate=True)


@pytest.mark.parametrize(
    ("kind", "mode", "mime"),
    [
        ("PNG", "RGB", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("PNG", "L", "image/png"),
        ("WEBP", "RGB", "image/webp"),
    ],
)
def test_images_travel_byte_for_byte_before_the_question(kind: str, mode: str, mime: str) -> None:
    image = encoded(kind, mode)
    with ChatServer(always(completion("hm", tokens=2))) as server:
        ask(server, of=problem(image, encoded("PNG")))
    first, second, text = server.bodies()[0]["messages"][0]["content"]
    assert sent_image(first["image_url"]["url"]) == (mime, image)
    assert sent_image(second["image_url"]["url"]) == ("image/png", encoded("PNG"))
    assert text == {"type": "text", "text": "How many?"}


@pytest.mark.parametrize(
    ("kind", "mode"), [("GIF", "P"), ("BMP", "RGB"), ("JPEG", "CMYK"), ("TIFF", "1"), ("TIFF", "RGBA"), ("PNG", "P")]
)
def test_what_servers_might_see_differently_becomes_png_of_the_picture(kind: str, mode: str) -> None:
    image = encoded(kind, mode)
    mime, png = sent_image(data_url(image))
    with Image.open(io.BytesIO(png)) as sent:
        assert (mime, sent.format, sent.mode) == ("image/png", "PNG", "RGB")
        assert sent.tobytes() == picture_of(image).tobytes()


@pytest.mark.parametrize("junk", [b"", b"BMX is not a bitmap", b"<html>", encoded("TIFF")[:-50]])
def test_bytes_that_are_not_an_image_fail_the_problem_by_name(junk: bytes) -> None:
    with (
        ChatServer(always(completion("hm", tokens=2))) as server,
        pytest.raises(EngineError, match="problem p7: image 2 of 2 is not an image"),
    ):
        ask(server, of=problem(encoded("PNG"), junk))
    assert server.requests == []


def test_image_is_encoded_once_a_problem() -> None:
    asked = problem(encoded("PNG"))
    other = problem(encoded("PNG", "L"))

    async def main(url: str) -> None:
        engine = ChatEngine(servers(url, max_concurrency=1), "m")
        await engine.generate(asked, step(), GREEDY)
        first = await engine._images.get(asked)
        await engine.generate(asked, step(), GREEDY)
        assert await engine._images.get(asked) is first
        await engine.generate(other, step(), GREEDY)
        assert await engine._images.get(asked) is not first  # no more are kept than can be under way
        await engine.close()

    with ChatServer(chat_model(lambda _: "four")) as server:
        asyncio.run(main(server.url))
