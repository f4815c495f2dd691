"""The JSON of a reply as what it should be, or a failure that another try may cure."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from s1m.errors import EngineError
from s1m.files.decoding import Undecodable, decode_reply

T = TypeVar("T")


class Unreadable(Exception):
    """The reply is not what the endpoint should send; another try may bring a better one."""


class Model(msgspec.Struct, frozen=True):
    """A model that a server offers; vLLM and SGLang say how long its context is, llama.cpp in ``meta``."""

    id: str
    max_model_len: int | float | None = None
    meta: Any = None
    root: Any = None
    owned_by: Any = None

    @property
    def context_tokens(self) -> int | None:
        """How long its context is, with llama.cpp that of one slot; None where the server does not say."""
        if self.max_model_len is not None:
            return int(self.max_model_len)
        stated = self.meta.get("n_ctx") if isinstance(self.meta, dict) else None
        return int(stated) if isinstance(stated, int | float) else None


class Models(msgspec.Struct, frozen=True):
    """The reply of /v1/models."""

    data: list[Model]


def decode(body: bytes, kind: type[T]) -> T:
    """The JSON of a reply as a ``kind``; half characters in it become U+FFFD. Raises ``Unreadable``."""
    try:
        return decode_reply(body, kind)
    except Undecodable as error:
        raise Unreadable("the reply is not the JSON expected") from error


def read_models(body: bytes) -> list[Model]:
    """The models in the reply of /v1/models. Raises ``Unreadable``."""
    return decode(body, Models).data


def encode(body: object) -> bytes:
    """A request as JSON. Raises ``EngineError`` for text with half a character in it."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError as error:
        raise EngineError("the prompt holds half a character (a lone surrogate); correct the data") from error
