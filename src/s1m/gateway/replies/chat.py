"""Chat completions: the whole reply, and its stream.

https://platform.openai.com/docs/api-reference/chat/object
The reasoning stands in two fields, as vLLM and OpenRouter (``reasoning``) and DeepSeek (``reasoning_content``) name it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from s1m.gateway.errors import ApiError
from s1m.gateway.replies.deltas import Content, Delta, End, Note, Reasoning
from s1m.gateway.replies.outcome import Call, Outcome
from s1m.gateway.replies.sse import DONE, event
from s1m.gateway.requests.asked import Asked


def chat_completion(asked: Asked, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The reply to a request that is not streamed; of several choices each has an ``s1m`` object of its own."""
    choices = [_choice(asked, index, outcome) for index, outcome in enumerate(outcomes)]
    if len(outcomes) > 1:
        choices = [{**choice, "s1m": outcome.extra} for choice, outcome in zip(choices, outcomes, strict=True)]
    return {
        **_head(asked, "chat.completion", int(time.time())),
        "choices": choices,
        "usage": chat_usage(*outcomes),
        "s1m": outcomes[0].extra,
    }


def _choice(asked: Asked, index: int, outcome: Outcome) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": outcome.content or None, "refusal": None}
    if not outcome.calls:
        message["content"] = outcome.content
    if asked.shows_reasoning:
        message |= reasoning_fields(outcome.reasoning)
    if outcome.calls:
        message["tool_calls"] = tool_calls(asked, outcome.calls)
    return {"index": index, "message": message, "finish_reason": outcome.ended, "logprobs": None}


def reasoning_fields(text: str) -> dict[str, str]:
    """The reasoning under both names."""
    return {"reasoning": text, "reasoning_content": text}


def chat_usage(*outcomes: Outcome) -> dict[str, Any]:
    """What a request cost: the conversation once, however often the engine read it, and all that was generated."""
    prompt, written = outcomes[0].prompt_tokens, sum(outcome.completion_tokens for outcome in outcomes)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
        "completion_tokens_details": {"reasoning_tokens": sum(outcome.reasoning_tokens for outcome in outcomes)},
    }


def tool_calls(asked: Asked, calls: tuple[Call, ...]) -> list[dict[str, Any]]:
    """The tools that are called, each by an id of its own."""
    return [
        {
            "id": f"call_{asked.id.partition('-')[2]}_{index}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for index, call in enumerate(calls)
    ]


def _head(asked: Asked, kind: str, created: int) -> dict[str, Any]:
    return {"id": asked.id, "object": kind, "created": created, "model": asked.model}


@dataclass
class ChatStream:
    """Writes one request's stream."""

    asked: Asked
    created: int = field(default_factory=lambda: int(time.time()))
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    """Of the choices that have ended."""

    def start(self) -> bytes:
        """What is sent before anything was generated."""
        begun = {"role": "assistant", "content": ""}
        return b"".join(self._chunk(choice, begun) for choice in range(self.asked.choices))

    def write(self, delta: Delta) -> bytes:
        """A delta as chunks."""
        match delta:
            case Reasoning():
                if not self.asked.shows_reasoning:
                    return b""
                return self._chunk(delta.choice, reasoning_fields(delta.text))
            case Content():
                return self._chunk(delta.choice, {"content": delta.text})
            case Note():
                return self._chunk(delta.choice, {}, s1m=delta.value)
            case End():
                return self._end(delta.choice, delta.outcome)

    def fail(self, error: ApiError) -> bytes:
        """What ends a stream that failed: clients raise for it."""
        return event(error.body()) + DONE

    def _end(self, choice: int, outcome: Outcome) -> bytes:
        """What ends a choice, and after the last of them the stream."""
        self.outcomes[choice] = outcome
        calls = b""
        if outcome.calls:
            listed = [{"index": index, **call} for index, call in enumerate(tool_calls(self.asked, outcome.calls))]
            calls = self._chunk(choice, {"tool_calls": listed})
        last = self._chunk(choice, {}, finish=outcome.ended, s1m=outcome.extra)
        if len(self.outcomes) < self.asked.choices:
            return calls + last
        usage = b""
        if self.asked.echoed.get("include_usage"):
            head = _head(self.asked, "chat.completion.chunk", self.created)
            usage = event(
                {**head, "choices": [], "usage": chat_usage(*(self.outcomes[each] for each in sorted(self.outcomes)))}
            )
        return calls + last + usage + DONE

    def _chunk(
        self, index: int, delta: dict[str, Any], *, finish: str | None = None, s1m: dict[str, Any] | None = None
    ) -> bytes:
        choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}
        extra = {} if s1m is None else {"s1m": s1m}
        return event({**_head(self.asked, "chat.completion.chunk", self.created), "choices": [choice], **extra})
