"""The content of a turn: a text, or a list of typed parts as the chat APIs and transformers' templates have them.

{"type": "text", "text": "How many?"}                                          also input_text, output_text
{"type": "image"}                                                              the next of the row's column
{"type": "image", "image": "a.png"}, {"type": "image", "url": ...}             an image of its own
{"type": "image_url", "image_url": {"url": "data:image/png;base64,..."}}       the same, as OpenAI has it
{"type": "image", "source": {"type": "base64", "data": ...}}                   the same, as Anthropic has it
{"type": "thinking", "thinking": "I count."}                                   also reasoning
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from s1m.datasets.example import IMAGE, Slot, Unusable
from s1m.datasets.formats.draft import Content, Row, text_of
from s1m.datasets.formats.thinking import flattened
from s1m.datasets.pictures import PAYLOADS, Picture, picture_from
from s1m.files.paths import Roots

TEXT_TYPES = ("text", "input_text", "output_text")
IMAGE_TYPES = ("image", "image_url", "input_image")
THINKING_TYPES = ("thinking", "reasoning")
MARKER = re.compile(r"\n?<image>\n?")
"""Where LLaVA's and LLaMA-Factory's sets put an image, with the line breaks that only set it apart."""


def read_content(content: object, roots: Roots, *, markers: bool) -> tuple[Content, str]:
    """What a turn shows and says, and the thinking among its parts; paths of images lead within ``roots``.

    ``markers`` says whether ``<image>`` in a text stands for an image: in a question it does, in an answer it is text.
    Raises ``Unusable`` for a part of unknown kind.
    """
    parts = content if isinstance(content, list) else [content]
    pieces: list[str | Slot | Picture] = []
    thinking: list[str] = []
    for part in parts:
        if not isinstance(part, Mapping):
            pieces += _marked(text_of(part)) if markers else [text_of(part)]
            continue
        kind = _kind(part)
        if kind in TEXT_TYPES and isinstance(part.get("text"), str):
            pieces += _marked(text_of(part["text"])) if markers else [text_of(part["text"])]
        elif kind in IMAGE_TYPES:
            pieces.append(picture_from(part, roots) if any(part.get(name) for name in PAYLOADS) else IMAGE)
        elif kind in THINKING_TYPES:
            thinking.append(flattened({name: value for name, value in part.items() if name != "type"}))
        else:
            raise Unusable("unknown kind of content", repr(part)[:60])
    return tuple(piece for piece in pieces if piece != ""), "\n\n".join(filter(None, thinking))


def _kind(part: Row) -> object:
    """The type of a part; Qwen's sets leave it out and have one key: ``{"image": "a.png"}``, ``{"text": ...}``."""
    if part.get("type") is not None:
        return part["type"]
    given = [name for name, value in part.items() if value is not None]
    return given[0] if len(given) == 1 else None


def _marked(text: str) -> Iterator[str | Slot]:
    """The texts between the markers, and a slot for an image at each."""
    for index, piece in enumerate(MARKER.split(text)):
        if index:
            yield IMAGE
        if piece:
            yield piece
