"""Responses: the whole object, and its stream.

https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from s1m.gateway.errors import ApiError
from s1m.gateway.replies.deltas import Content, Delta, End, Note, Reasoning
from s1m.gateway.replies.outcome import Outcome
from s1m.gateway.replies.sse import event
from s1m.gateway.requests.asked import Asked


def response_object(asked: Asked, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The reply to a request that is not streamed, which has one outcome."""
    (outcome,) = outcomes
    return _finished(asked, outcome, int(time.time()))


def _finished(asked: Asked, outcome: Outcome, created: int) -> dict[str, Any]:
    cut = outcome.ended == "length"
    return {
        **_skeleton(asked, "incomplete" if cut else "completed", created),
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": output_of(asked, outcome),
        "usage": response_usage(outcome),
        "s1m": outcome.extra,
    }


def _skeleton(asked: Asked, status: str, created: int) -> dict[str, Any]:
    return {
        "id": asked.id,
        "object": "response",
        "created_at": created,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": asked.model,
        "output": [],
        "parallel_tool_calls": False,
        "previous_response_id": None,
        "store": False,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "truncation": "disabled",
        "usage": None,
        **asked.echoed,
    }


def response_usage(outcome: Outcome) -> dict[str, Any]:
    """What a request cost. See ``chat_usage``."""
    return {
        "input_tokens": outcome.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": outcome.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": outcome.reasoning_tokens},
        "total_tokens": outcome.prompt_tokens + outcome.completion_tokens,
    }


def output_of(asked: Asked, outcome: Outcome) -> list[dict[str, Any]]:
    """The items of a reply: the reasoning, then the message or the calls."""
    items = []
    if asked.shows_reasoning and outcome.reasoning:
        items.append(reasoning_item(asked, outcome.reasoning))
    calls = [
        {
            "id": f"fc_{_key(asked)}_{index}",
            "type": "function_call",
            "call_id": f"call_{_key(asked)}_{index}",
            "name": call.name,
            "arguments": call.arguments,
            "status": "completed",
        }
        for index, call in enumerate(outcome.calls)
    ]
    return items + (calls or [message_item(asked, outcome.content, "completed")])


def reasoning_item(asked: Asked, text: str, status: str = "completed") -> dict[str, Any]:
    """The thinking as an item; an item that has just begun has no text yet."""
    item: dict[str, Any] = {"id": f"rs_{_key(asked)}", "type": "reasoning", "summary": [], "content": []}
    if text:
        item["summary" if is_summed_up(asked) else "content"] = [reasoning_part(asked, text)]
    return {**item, "status": status}


def is_summed_up(asked: Asked) -> bool:
    """Whether the client reads thinking as a summary only; it gets the thinking itself there, whole."""
    return asked.echoed["reasoning"]["summary"] is not None


def reasoning_part(asked: Asked, text: str) -> dict[str, Any]:
    """The text of a thought."""
    return {"type": "summary_text" if is_summed_up(asked) else "reasoning_text", "text": text}


def message_item(asked: Asked, text: str, status: str) -> dict[str, Any]:
    """The answer as an item."""
    content = [text_part(text)] if status == "completed" else []
    item = {"id": f"msg_{_key(asked)}", "type": "message", "role": "assistant", "status": status}
    return {**item, "content": content}


def text_part(text: str) -> dict[str, Any]:
    """The text of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _key(asked: Asked) -> str:
    return asked.id.removeprefix("resp_")


@dataclass
class ResponseStream:
    """Writes one request's stream: items are opened, filled and closed one after another."""

    asked: Asked
    created: int = field(default_factory=lambda: int(time.time()))
    sequence: int = 0
    index: int = -1
    reasoning: str = ""
    content: str = ""
    open_item: str = ""
    """``reasoning`` or ``message``, while an item is open."""

    def start(self) -> bytes:
        """What is sent before anything was generated."""
        skeleton = _skeleton(self.asked, "in_progress", self.created)
        return self._event("created", response=skeleton) + self._event("in_progress", response=skeleton)

    def write(self, delta: Delta) -> bytes:
        """A delta as events."""
        match delta:
            case Reasoning():
                if not self.asked.shows_reasoning:
                    return b""
                self.reasoning += delta.text
                opened = self._open("reasoning")
                return opened + self._event(f"{self._thought}.delta", **self._within(), delta=delta.text)
            case Content():
                self.content += delta.text
                return self._open("message") + self._event(
                    "output_text.delta", **self._within(), delta=delta.text, logprobs=[]
                )
            case Note():
                return self._event("s1m", s1m=delta.value)
            case End():
                return self._end(delta.outcome)

    def fail(self, error: ApiError) -> bytes:
        """What ends a stream that failed: clients raise for it."""
        skeleton = _skeleton(self.asked, "failed", self.created)
        skeleton["error"] = {"code": error.code or "server_error", "message": error.message}
        return self._event("failed", response=skeleton)

    def _end(self, outcome: Outcome) -> bytes:
        written = b""
        if outcome.calls:
            written += self._close()
            for item in output_of(self.asked, outcome):
                if item["type"] == "function_call":
                    written += self._call(item)
        else:
            written += self._open("message") + self._close()
        finished = _finished(self.asked, outcome, self.created)
        return written + self._event(finished["status"], response=finished)

    def _open(self, kind: str) -> bytes:
        """The events that open an item, after those that close the one before."""
        if self.open_item == kind:
            return b""
        written = self._close()
        self.open_item, self.index = kind, self.index + 1
        if kind == "reasoning":
            item, part = reasoning_item(self.asked, "", "in_progress"), reasoning_part(self.asked, "")
        else:
            item, part = message_item(self.asked, "", "in_progress"), text_part("")
        written += self._event("output_item.added", output_index=self.index, item=item)
        return written + self._event(f"{self._part}.added", **self._within(), part=part)

    def _close(self) -> bytes:
        kind = self.open_item
        if not kind:
            return b""
        if kind == "reasoning":
            item, part = reasoning_item(self.asked, self.reasoning), reasoning_part(self.asked, self.reasoning)
            written = self._event(f"{self._thought}.done", **self._within(), text=self.reasoning)
        else:
            item, part = message_item(self.asked, self.content, "completed"), text_part(self.content)
            written = self._event("output_text.done", **self._within(), text=self.content, logprobs=[])
        written += self._event(f"{self._part}.done", **self._within(), part=part)
        self.open_item = ""
        return written + self._event("output_item.done", output_index=self.index, item=item)

    def _call(self, item: dict[str, Any]) -> bytes:
        self.index += 1
        where = {"item_id": item["id"], "output_index": self.index}
        started = {**item, "arguments": "", "status": "in_progress"}
        return (
            self._event("output_item.added", output_index=self.index, item=started)
            + self._event("function_call_arguments.delta", **where, delta=item["arguments"])
            + self._event("function_call_arguments.done", **where, arguments=item["arguments"], name=item["name"])
            + self._event("output_item.done", output_index=self.index, item=item)
        )

    @property
    def _is_summary(self) -> bool:
        return self.open_item == "reasoning" and is_summed_up(self.asked)

    @property
    def _thought(self) -> str:
        return "reasoning_summary_text" if self._is_summary else "reasoning_text"

    @property
    def _part(self) -> str:
        return "reasoning_summary_part" if self._is_summary else "content_part"

    def _within(self) -> dict[str, Any]:
        prefix = "rs" if self.open_item == "reasoning" else "msg"
        part = "summary_index" if self._is_summary else "content_index"
        return {"item_id": f"{prefix}_{_key(self.asked)}", "output_index": self.index, part: 0}

    def _event(self, event_name: str, /, **values: Any) -> bytes:
        kind = f"response.{event_name}"
        value = {"type": kind, "sequence_number": self.sequence, **values}
        self.sequence += 1
        return event(value, kind)
