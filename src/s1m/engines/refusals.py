"""What an HTTP status means for a run: try again, give up on this problem, or give up altogether."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from s1m.engines.chat import EXTENSIONS
from s1m.engines.retry import Transient, retry_after_seconds
from s1m.errors import EngineError, EngineUnavailable, PromptTooLong

TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""Worth another try; those from 520 on are what content networks and hosted models say when they are overloaded."""

TOO_LONG = re.compile(
    r"context[ _](?:length|size|window)|maximum context|maximum (?:model |sequence |input |prompt )?length"
    r"|max_model_len|too long|too many (?:\w+ )?tokens|token limit",
    re.IGNORECASE,
)

UNKNOWN_FIELD = re.compile(
    r"unknown|unrecogni[sz]ed|unexpected|unsupported|not supported|not permitted|not allowed|extra_forbidden",
    re.IGNORECASE,
)


class Refused(EngineError):
    """The server will not do this request as it stands."""


def refusal(status: int, retry_after: str | None, message: str, url: str, model: str) -> EngineError | Transient:
    """The error to raise for a status other than 200; ``message`` is what the server says, on one line."""
    said = f"HTTP {status}" + (f": {message}" if message else "")
    if status in TRANSIENT_STATUSES:
        return Transient(said, retry_after_seconds=retry_after_seconds(retry_after, datetime.now(UTC)))
    if status in (401, 403):
        return EngineUnavailable(f"{url} refused the key ({said}); set S1M_API_KEY to one that it accepts")
    if status in (404, 405) or 300 <= status < 400:
        named = f" or it has no model {model!r}" if model else ""
        return EngineUnavailable(f"{url} is no chat endpoint{named} ({said}); check --base-url and --model")
    if status in (400, 413, 422) and TOO_LONG.search(message):
        return PromptTooLong(f"the prompt does not fit the server's context ({said})")
    unknown = [name for name in EXTENSIONS if re.search(rf"\b{name}\b", message)]
    if unknown and UNKNOWN_FIELD.search(message):
        return EngineUnavailable(
            f"the server does not know {unknown[0]}, without which no turn can be forced; use vLLM or SGLang ({said})"
        )
    return Refused(f"the server refused the request ({said})")


def server_message(body: bytes, limit: int = 300) -> str:
    """What an error body says, on one line of at most ``limit`` characters; empty for HTML, whose text says nothing."""
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return ""
    try:
        found = find_message(json.loads(text))
    except (ValueError, RecursionError):
        found = text
    line = " ".join(found.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def find_message(value: object) -> str:
    """The message in the JSON of an error, in the shapes of OpenAI, vLLM, SGLang, FastAPI and llama.cpp."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for key in ("error", "message", "msg", "detail"):
            if value.get(key):
                return find_message(value[key])
    if isinstance(value, list) and value:
        return find_message(value[0])
    return json.dumps(value)
