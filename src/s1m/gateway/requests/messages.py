"""The messages of a request as a conversation: system prompts, earlier turns, and the question with its images.

Images stand before the text of their turn, as everywhere in s1m, whatever their order among the parts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from s1m.gateway.errors import ApiError
from s1m.gateway.requests.fields import shown
from s1m.gateway.requests.pictures import PictureRules, read_picture
from s1m.types import Turn

MOST_MESSAGES = 2000
"""Of one conversation; more is a program that went wrong."""

SYSTEM_ROLES = ("system", "developer")
TEXT_PARTS = ("text", "input_text", "output_text", "refusal")
IMAGE_PARTS = ("image_url", "input_image")


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """What was said before the question, and the question."""

    turns: tuple[Turn, ...]
    question: str
    images: tuple[bytes, ...]


async def read_messages(messages: Any, name: str, rules: PictureRules, system: str = "") -> Conversation:
    """The conversation in a list of messages, the field ``name``. Raises ``ApiError``.

    ``system`` is put before them. System messages become one turn at the beginning: templates take no other.
    """
    if not isinstance(messages, list) or not messages:
        raise ApiError(f"{name} must be a list of at least one message", name, code="invalid_value")
    if len(messages) > MOST_MESSAGES:
        raise ApiError(f"{name} has {len(messages):,} messages, more than {MOST_MESSAGES:,}", name)
    turns = [
        await read_message(message, f"{name}[{index}]", rules)
        for index, message in enumerate(messages)
        if not (isinstance(message, dict) and message.get("type") == "reasoning")
    ]
    shown_images = sum(len(turn.images) for turn in turns)
    if shown_images > rules.most_images:
        raise ApiError(f"{name} shows {shown_images} images, more than {rules.most_images}", name)
    said = [turn for turn in turns if turn.role != "system"]
    systems = [text for text in (system, *(turn.text for turn in turns if turn.role == "system")) if text]
    if systems and not said:  # a program with one prompt and no role for it; templates need a user's turn
        return Conversation(turns=(), question="\n\n".join(systems), images=())
    if not said or said[-1].role != "user":
        raise ApiError(f"the last of {name} must be the user's; s1m continues no assistant's turn", name)
    before = (Turn(role="system", text="\n\n".join(systems)),) if systems else ()
    *earlier, last = said
    return Conversation(turns=(*before, *earlier), question=last.text, images=last.images)


async def read_message(message: Any, where: str, rules: PictureRules) -> Turn:
    """One message as a turn. Raises ``ApiError``."""
    if not isinstance(message, dict):
        raise ApiError(f"{where} must be an object, not {shown(message)}", where, code="invalid_value")
    kind = message.get("type", "message")
    if kind == "function_call_output":
        return await _tool_turn(message.get("call_id"), message.get("output"), f"{where}.output", rules)
    if kind == "function_call":
        return Turn(role="assistant", text=tool_call(message))
    if kind == "item_reference":
        raise ApiError(
            f"{where} refers to an item of an earlier reply: nothing is kept; send the item itself (store: false)",
            where,
            code="unsupported_parameter",
        )
    if kind != "message":
        raise ApiError(f"{where}.type {shown(kind)} is not supported", f"{where}.type", code="unsupported_parameter")
    role = message.get("role")
    if role == "tool":
        return await _tool_turn(message.get("tool_call_id"), message.get("content"), f"{where}.content", rules)
    text, images = await read_content(message.get("content"), f"{where}.content", rules)
    if role in SYSTEM_ROLES:
        if images:
            raise ApiError(f"{where} shows an image; only the user can", where)
        return Turn(role="system", text=text)
    if role == "assistant":
        return Turn(role="assistant", text=_with_calls(text, message.get("tool_calls"), where), images=images)
    if role == "user":
        return Turn(role="user", text=text, images=images)
    allowed = "system, developer, user, assistant or tool"
    raise ApiError(f"{where}.role must be {allowed}, not {shown(role)}", f"{where}.role", code="invalid_value")


async def read_content(content: Any, where: str, rules: PictureRules) -> tuple[str, tuple[bytes, ...]]:
    """The text of a message and its images, in order. Raises ``ApiError``."""
    if content is None or isinstance(content, str):
        return content or "", ()
    if not isinstance(content, list):
        raise ApiError(f"{where} must be a text or a list of parts, not {shown(content)}", where, code="invalid_value")
    texts: list[str] = []
    images: list[bytes] = []
    for index, part in enumerate(content):
        at = f"{where}[{index}]"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in TEXT_PARTS:
            texts.append(_text_of(part, at))
        elif kind in IMAGE_PARTS and len(images) < rules.most_images:
            images.append(await read_picture(*_url_of(part, at), rules))
        elif kind in IMAGE_PARTS:
            raise ApiError(f"{where} shows more than {rules.most_images} images", where)
        else:
            raise ApiError(f"{at}.type must be text or image_url, not {shown(kind)}", f"{at}.type")
    return "\n".join(texts), tuple(images)


def _text_of(part: dict[str, Any], where: str) -> str:
    text = part.get("refusal" if part["type"] == "refusal" else "text")
    if not isinstance(text, str):
        raise ApiError(f"{where}.text must be a text, not {shown(text)}", f"{where}.text", code="invalid_value")
    return text


def _url_of(part: dict[str, Any], where: str) -> tuple[str, str]:
    given = part.get("image_url")
    url, at = (given.get("url"), f"{where}.image_url.url") if isinstance(given, dict) else (given, f"{where}.image_url")
    if not isinstance(url, str):
        raise ApiError(f"{at} must be a text, not {shown(url)}", at, code="invalid_value")
    return url, at


def _with_calls(text: str, calls: Any, where: str) -> str:
    if not calls:
        return text
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise ApiError(f"{where}.tool_calls must be a list of objects", f"{where}.tool_calls", code="invalid_value")
    functions: Sequence[Any] = [call.get("function") for call in calls]
    written = [tool_call(function if isinstance(function, dict) else {}) for function in functions]
    return "\n".join([*([text] if text else []), *written])


def tool_call(function: dict[str, Any]) -> str:
    """An earlier call as the assistant wrote it: the JSON that answers with tools are bound to."""
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        with suppress(ValueError, RecursionError):
            arguments = json.loads(arguments)
    return json.dumps({"tool": function.get("name"), "arguments": arguments}, ensure_ascii=False)


async def _tool_turn(call_id: Any, output: Any, where: str, rules: PictureRules) -> Turn:
    """The result of a call as the user's turn: chat templates differ in whether they know the role ``tool``."""
    images: tuple[bytes, ...] = ()
    if isinstance(output, list) and all(isinstance(part, dict) and "type" in part for part in output):
        text, images = await read_content(output, where, rules)
    else:
        text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False) if output else ""
    named = f" of {call_id}" if isinstance(call_id, str) else ""
    return Turn(role="user", text=f"Result{named}: {text}", images=images)
