"""Server-sent events: how a stream is written over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec

DONE = b"data: [DONE]\n\n"
"""What ends a stream of chat completions."""
ALIVE = b": still thinking\n\n"
"""A comment, which clients pass over."""

_encoder = msgspec.json.Encoder()


def event(value: dict[str, Any], name: str = "") -> bytes:
    """One event; JSON has no line breaks of its own, so its text cannot end the event."""
    data = b"data: " + encoded(value) + b"\n\n"
    return b"event: " + name.encode() + b"\n" + data if name else data


def encoded(value: Any) -> bytes:
    """A value as JSON; half a character, which a model can write and UTF-8 cannot, becomes U+FFFD."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_repaired(value))


def _repaired(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {name: _repaired(each) for name, each in value.items()}
    return [_repaired(each) for each in value] if isinstance(value, list) else value
