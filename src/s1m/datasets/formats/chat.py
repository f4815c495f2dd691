r"""Conversations as lists of turns, in either spelling whatever their column is called.

{"role": "user", "content": "<image>How many?"}             OpenAI, TRL, transformers
{"from": "human", "value": "<image>\nHow many?"}            ShareGPT, LLaVA

A turn may have images of its own, as Ollama's have: ``{"role": "user", "content": ..., "images": ["a.png"]}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.datasets.example import IMAGE, Unusable
from s1m.datasets.formats.draft import Content, Role, Row, Utterance
from s1m.datasets.formats.images import column_images
from s1m.datasets.formats.parts import read_content
from s1m.datasets.formats.thinking import check_none_lost, thinking_beside
from s1m.datasets.pictures import Picture
from s1m.datasets.responses import holds_thinking
from s1m.files.paths import Roots

ROLES: Mapping[object, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}
SPELLINGS = (("role", "content"), ("from", "value"))
CALLS = ("tool_calls", "function_call")
"""What a turn says beside its content that no text holds."""


def read_turns(value: object, roots: Roots) -> list[Utterance]:
    """What each turn of a list says. Raises ``Unusable`` for what is not such a list, or a turn of unknown shape."""
    if not isinstance(value, list) or not all(isinstance(turn, Mapping) for turn in value):
        raise Unusable("no conversation", "its column is not a list of turns")
    return [_read_turn(turn, roots) for turn in value]


def has_roles(value: object) -> bool:
    """Whether a value is a list of turns and not one of parts: each says who speaks."""
    turns = value if isinstance(value, list) else []
    return bool(turns) and all(isinstance(turn, Mapping) and any(who in turn for who, _ in SPELLINGS) for turn in turns)


def _read_turn(turn: Row, roots: Roots) -> Utterance:
    who, what = next((keys for keys in SPELLINGS if turn.get(keys[0]) is not None), SPELLINGS[0])
    spelled = turn.get(who)
    role = ROLES.get(spelled.lower()) if isinstance(spelled, str) else None
    if role is None:
        raise Unusable("unknown role", repr(spelled)[:60])
    for name in CALLS:
        if turn.get(name):
            raise Unusable("unknown kind of content", name)
    content, among = read_content(turn.get(what), roots, markers=role == "user")
    thinking = "\n\n".join(dict.fromkeys(filter(None, (thinking_beside(turn), among))))
    if thinking and role != "assistant":
        raise Unusable("thinking outside a response", f"in a turn of the {spelled}")
    if role == "user":
        return Utterance(role=role, content=_with_own_images(content, column_images(turn, roots)))
    if any(not isinstance(piece, str) for piece in content):
        raise Unusable("an image outside a question", f"in a turn of the {spelled}")
    text = "".join(str(piece) for piece in content)
    if role == "assistant" and not thinking and not holds_thinking(text):
        check_none_lost(turn, (who, what))
    return Utterance(role=role, content=(text,), thinking=thinking)


def _with_own_images(content: Content, images: Sequence[Picture]) -> Content:
    """A question with the images of its own turn in their slots, or before everything."""
    if not images:
        return content
    slots = content.count(IMAGE)
    if not slots:
        return (*images, *content)
    if slots != len(images):
        raise Unusable("images and placeholders differ", f"{len(images)} images, {slots} placeholders in a turn")
    waiting = iter(images)
    return tuple(next(waiting) if piece is IMAGE else piece for piece in content)
