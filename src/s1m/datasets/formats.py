r"""What the rows of training sets look like, and the one conversation that each becomes.

    s1m       {"image": …, "prompt": "How many sides?", "response": "<think>…</think>It has 3."}
    s1k       {"question": …, "deepseek_thinking_trajectory": …, "deepseek_attempt": …}
    messages  {"messages": [{"role": "user", "content": "<image>How many?"}, …], "images": […]}
    sharegpt  {"conversations": [{"from": "human", "value": "<image>\nHow many?"}, …], "image": …}

Any of them may have ``images``, a list, or ``image``, one or null. Images stand where ``<image>`` or a part of type
image is; where there is neither, before the first question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from s1m.datasets.example import IMAGE, Slot, Turn, Unusable
from s1m.datasets.pictures import Picture, picture_from
from s1m.datasets.responses import CLOSE, OPEN, Delimiters, canonical
from s1m.errors import DataError
from s1m.files.paths import Roots

Row = Mapping[str, Any]
Role = Literal["system", "user", "assistant"]
Said = tuple[object, object]
"""Who speaks, as the row spells it, and what."""

IMAGE_COLUMNS = ("images", "image")

MARKER = re.compile(r"\n?<image>\n?")

ROLES: Mapping[object, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A conversation, its images, of which none has been read, and what else its row says, by column."""

    turns: tuple[Turn, ...]
    images: tuple[Picture, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def pick_format(name: str, columns: Sequence[str], where: str) -> str:
    """The format called ``name``, or for ``auto`` the one whose columns are there.

    Raises ``DataError`` that lists what is there and what the formats need.
    """
    names = FORMATS if name == "auto" else (name,)
    for candidate in names:
        if set(FORMATS[candidate].columns) <= set(columns):
            return candidate
    needs = "; ".join(f"{candidate} needs {', '.join(FORMATS[candidate].columns)}" for candidate in names)
    raise DataError(f"{where} has the columns {', '.join(columns)}, of which no example can be made: {needs}")


def read_row(row: Row, name: str, delimiters: Delimiters, roots: Roots) -> Draft:
    """The conversation of a row in the format called ``name``; paths of images lead within ``roots``.

    Raises ``Unusable`` with the reason for a row that is malformed.
    """
    images = tuple(picture_from(image, roots) for image in _images(row))
    turns = [_turn(role, content, delimiters) for role, content in FORMATS[name].said(row)]
    places = sum(turn.content.count(IMAGE) for turn in turns)
    if images and not places:
        turns = _images_first(turns, len(images))
    elif places != len(images):
        raise Unusable("images and their places differ", f"{len(images)} images, {places} places")
    known = (*FORMATS[name].columns, *IMAGE_COLUMNS)
    facts = {column: value for column, value in row.items() if column not in known}
    return Draft(turns=tuple(turns), images=images, facts=facts)


def read_responses(row: Row, name: str, delimiters: Delimiters) -> str:
    """All that the assistant says in a row, one turn behind the other, its images untouched.

    Raises ``Unusable`` with the reason for a row that is malformed.
    """
    turns = (_turn(role, content, delimiters) for role, content in FORMATS[name].said(row))
    return "\n".join(turn.text for turn in turns if turn.role == "assistant")


def _said_s1m(row: Row) -> Iterable[Said]:
    return (("user", row.get("prompt")), ("assistant", row.get("response")))


def _said_s1k(row: Row) -> Iterable[Said]:
    thinking, answer = (_text(row.get(name)) for name in ("deepseek_thinking_trajectory", "deepseek_attempt"))
    return (("user", row.get("question")), ("assistant", Delimiters(OPEN, CLOSE).around(thinking, answer)))


def _said_messages(row: Row) -> Iterable[Said]:
    return ((one.get("role"), one.get("content")) for one in _listed(row.get("messages")))


def _said_sharegpt(row: Row) -> Iterable[Said]:
    return ((one.get("from"), one.get("value")) for one in _listed(row.get("conversations")))


@dataclass(frozen=True)
class _Layout:
    columns: tuple[str, ...]
    said: Callable[[Row], Iterable[Said]]


FORMATS: Mapping[str, _Layout] = {
    "messages": _Layout(("messages",), _said_messages),
    "sharegpt": _Layout(("conversations",), _said_sharegpt),
    "s1m": _Layout(("prompt", "response"), _said_s1m),
    "s1k": _Layout(("question", "deepseek_thinking_trajectory", "deepseek_attempt"), _said_s1k),
}


def _listed(value: object) -> Iterable[Row]:
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise Unusable("no conversation", "its column is no list of turns")
    return value


def _turn(spelled: object, content: object, delimiters: Delimiters) -> Turn:
    role = ROLES.get(spelled) if isinstance(spelled, str) else None
    if role is None:
        raise Unusable("unknown role", repr(spelled)[:60])
    parts = _typed_parts(content) if isinstance(content, list) else (content,)
    if role != "user":  # only who asks shows images; a marker in an answer is text
        text = "".join(_text(part) for part in parts)
        return Turn(role=role, content=(canonical(text, delimiters) if role == "assistant" else text,))
    return Turn(role=role, content=tuple(piece for part in parts for piece in _marked(part)))


def _typed_parts(parts: Sequence[object]) -> Iterable[object]:
    for part in parts:
        if isinstance(part, Mapping) and part.get("type") == "image":
            yield IMAGE
        elif isinstance(part, Mapping) and part.get("type") == "text":
            yield part.get("text")
        else:
            raise Unusable("unknown kind of content", repr(part)[:60])


def _marked(part: object) -> Iterable[str | Slot]:
    """The texts of a part between its markers, and a place for an image at each."""
    if part is IMAGE:
        yield IMAGE
        return
    for index, text in enumerate(MARKER.split(_text(part))):
        if index:
            yield IMAGE
        if text:
            yield text


def _images_first(turns: Sequence[Turn], count: int) -> list[Turn]:
    first = next((place for place, turn in enumerate(turns) if turn.role == "user"), None)
    if first is None:
        raise Unusable("empty question", "nobody asks")
    shown = Turn(role="user", content=(IMAGE,) * count + turns[first].content)
    return [*turns[:first], shown, *turns[first + 1 :]]


def _images(row: Row) -> tuple[object, ...]:
    value = next((row[name] for name in IMAGE_COLUMNS if row.get(name) is not None), None)
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def _text(value: object) -> str:
    """A text; null is an empty one, which is found to be missing later."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unusable("no text", f"where text should be is {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unusable("no text", "half a character of UTF-16 stands in it") from None
    return value
