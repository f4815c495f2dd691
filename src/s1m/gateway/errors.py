"""Errors of the gateway in the form that OpenAI's clients read.

    {"error": {"message": "temperature must be at most 2, not 7", "type": "invalid_request_error",
               "param": "temperature", "code": null}}

The text of an engine's error may name servers, so it goes to the log and not to the client.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s1m.errors import EngineError, EngineUnavailable, PromptTooLong
from s1m.files.images import ImageError

RETRY_SECONDS = 2
"""How long a client waits that is refused for load: about one chunk of thinking."""


@dataclass(eq=False)
class ApiError(Exception):
    """A refusal: its HTTP status, a message for people, and the field of the request that it is about."""

    message: str
    param: str | None = None
    status: int = 400
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message

    @property
    def kind(self) -> str:
        """OpenAI's word for the kind of error."""
        if self.status in (401, 403):
            return "authentication_error"
        if self.status == 429:
            return "rate_limit_error"
        return "invalid_request_error" if self.status < 500 else "server_error"

    def body(self) -> dict[str, Any]:
        """The JSON that is sent."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}


def refusal_of(error: EngineError, request_id: str) -> ApiError:
    """What a client gets for an engine's error."""
    if isinstance(error, PromptTooLong):
        return ApiError(
            "the conversation, the thinking and the answer do not fit the model's context; shorten the messages or "
            "lower the thinking budget",
            "messages",
            code="context_length_exceeded",
        )
    if isinstance(error.__cause__, ImageError):
        return ApiError(f"an image cannot be read: it {error.__cause__}", "messages", code="invalid_image")
    if isinstance(error, EngineUnavailable):
        message = "the model cannot be reached; try again later"
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return ApiError(f"{message} (request {request_id})", status=503, code="engine_unavailable", headers=headers)
    return ApiError(f"the model's server failed (request {request_id})", status=502, code="engine_error")
