"""The images of a row: those of its columns in the slots of its turns, beside those that stand in the turns already."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from s1m.datasets.example import IMAGE, Slot, Turn, Unusable
from s1m.datasets.formats.draft import Content, Row, Utterance
from s1m.datasets.pictures import Picture, picture_from
from s1m.files.paths import Roots

IMAGE_COLUMNS = (
    "images", "image", "image_paths", "image_path", "image_urls", "image_url", "image_files", "image_file", "img",
    "pictures", "picture",
)  # fmt: skip
"""Columns that hold images; the first that is not null is read."""
OTHER_MEDIA = ("videos", "video", "audios", "audio")
IMAGE_NAME = re.compile(r"image|img|picture|photo|figure|screenshot|diagram", re.IGNORECASE)
IMAGE_FILE = re.compile(r".+\.(?:png|jpe?g|webp|gif|bmp|tiff?)", re.IGNORECASE)


WRITTEN_IMAGE = ("data:image/", "iVBORw0KGgo", "/9j/", "UklGR", "R0lGOD")
"""How an image begins that is written as text: a data URI, or base64 of PNG, JPEG, WebP, GIF."""


def column_images(fields: Row, roots: Roots) -> tuple[Picture, ...]:
    """The images in the columns of a row, or the fields of a turn. Raises ``Unusable`` for a value that is not one."""
    value = next((fields[name] for name in IMAGE_COLUMNS if fields.get(name) is not None), None)
    if value is None:
        return ()
    return tuple(picture_from(image, roots) for image in (value if isinstance(value, list) else [value]))


def placed(utterances: Sequence[Utterance], images: Sequence[Picture]) -> tuple[list[Turn], list[Picture]]:
    """The turns with a slot for every image, and all images in the order of their slots.

    Images of a column fill the slots in order; where there is no slot they come before the first question. Where the
    turns show as many images of their own, both are the same ones. Raises ``Unusable`` where the numbers differ.
    """
    contents = [utterance.content for utterance in utterances]
    slots = sum(piece is IMAGE for content in contents for piece in content)
    own = sum(isinstance(piece, Picture) for content in contents for piece in content)
    if images and not slots and own == len(images):
        contents, slots = [_with_slots(content) for content in contents], own
    elif images and not slots and not own:
        contents, slots = _images_first(utterances, len(images)), len(images)
    if slots != len(images):
        raise Unusable("images and placeholders differ", f"{len(images)} images, {slots} placeholders")
    waiting = iter(images)
    shown = [
        piece if isinstance(piece, Picture) else next(waiting)
        for content in contents
        for piece in content
        if not isinstance(piece, str)
    ]
    pairs = zip(utterances, contents, strict=True)
    return [Turn(role=utterance.role, content=_with_slots(content)) for utterance, content in pairs], shown


def _with_slots(content: Content) -> tuple[str | Slot, ...]:
    return tuple(piece if isinstance(piece, str) else IMAGE for piece in content)


def _images_first(utterances: Sequence[Utterance], count: int) -> list[Content]:
    first = next((index for index, utterance in enumerate(utterances) if utterance.role == "user"), None)
    if first is None:
        raise Unusable("empty question", "there is no user's turn")
    contents = [utterance.content for utterance in utterances]
    contents[first] = ((IMAGE,) * count) + contents[first]
    return contents


def check_none_unread(row: Row, read: Collection[str]) -> None:
    """Raise ``Unusable`` for videos and sounds, and for an image in a column that is not read; called without images.

    A model that does not see the picture of a question learns to guess.
    """
    for name in OTHER_MEDIA:
        if row.get(name):
            raise Unusable("unknown kind of content", name)
    for name, value in row.items():
        if name not in read and any(_is_image(name, item) for item in (value if isinstance(value, list) else [value])):
            raise Unusable("an image in a column that is not read", f"{name}; call it image or images, or leave it out")


def _is_image(name: str, value: object) -> bool:
    if isinstance(value, Mapping):
        return isinstance(value.get("bytes"), bytes)
    written = isinstance(value, str) and (IMAGE_FILE.fullmatch(value) or value.startswith(WRITTEN_IMAGE))
    named = written and IMAGE_NAME.search(name)
    return bool(named) or isinstance(value, bytes | Picture)
