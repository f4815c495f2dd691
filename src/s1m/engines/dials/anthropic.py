"""Anthropic's own API, ``/v1/messages``: ``thinking`` with ``budget_tokens``, or ``output_config`` with an ``effort``.

Its OpenAI-compatible address takes a budget too but returns no thinking, so the native one is spoken: other headers,
images in blocks, thinking in blocks of its own, and a refusal as ``stop_reason``. Models from Claude 4.7 on take an
effort and refuse a budget, older ones the reverse; the server's refusal says so. Thinking is shown in summary, and
where the usage does not count it, its tokens are estimated by characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from s1m.engines.chat.dial import Asking, Dial
from s1m.engines.chat.reply import Written, read_ending, whole_number
from s1m.engines.chat.whole import whole_completion
from s1m.engines.messages import messages_before, said_before
from s1m.engines.remote.reply import decode
from s1m.types import Completion


class Block(msgspec.Struct, frozen=True):
    """A block of content; one of thinking that the provider hides holds neither."""

    type: str
    text: str = ""
    thinking: str = ""


class Details(msgspec.Struct, frozen=True):
    """What the tokens of the output were."""

    thinking_tokens: int | None = None


class Usage(msgspec.Struct, frozen=True):
    """Token counts; ``output_tokens`` include those of the thinking, ``input_tokens`` none that the cache is read or
    written with.
    """

    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens: int | None = None
    output_tokens_details: Details | None = None


class MessagesReply(msgspec.Struct, frozen=True):
    """The reply of /v1/messages, as far as it is read here."""

    content: list[Block]
    stop_reason: str | None = None
    usage: Usage | None = None


class Anthropic(Dial):
    """The Messages API."""

    name: ClassVar[str] = "anthropic"
    summary: ClassVar[str] = "thinking, output_config"
    hosts: ClassVar[tuple[str, ...]] = ("anthropic.com",)
    efforts: ClassVar[tuple[str, ...]] = ("none", "low", "medium", "high", "xhigh")
    least_budget: ClassVar[int | None] = 1024
    takes_sampling: ClassVar[tuple[str, ...]] = ("temperature", "top_p", "top_k")
    path: ClassVar[str] = "messages"

    @classmethod
    def headers(cls, key: str | None) -> Mapping[str, str]:
        return {"anthropic-version": "2023-06-01", **({"x-api-key": key} if key else {})}

    @classmethod
    def effort_fields(cls, effort: str) -> dict[str, Any]:
        if effort == "none":
            return {"thinking": {"type": "disabled"}}
        return {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": effort}}

    @classmethod
    def budget_fields(cls, budget: int) -> dict[str, Any]:
        if not budget:
            return {"thinking": {"type": "disabled"}}
        return {"thinking": {"type": "enabled", "budget_tokens": budget, "display": "summarized"}}

    @classmethod
    def request(cls, asking: Asking) -> dict[str, Any]:
        blocks = iter([image_block(url) for url in asking.images])
        system, *said = messages_before(said_before(asking.problem), asking.options, blocks) or [{}]
        if system and system["role"] != "system":
            system, said = {}, [system, *said]
        content = [*blocks, {"type": "text", "text": asking.problem.question}]
        body: dict[str, Any] = {
            "model": asking.model,
            "messages": [*said, {"role": "user", "content": content}],
            "max_tokens": asking.step.max_tokens,
        }
        if system:
            body["system"] = system["content"]
        return body | cls.sampling_fields(asking.sampling, asking.step.seed)

    @classmethod
    def read(cls, body: bytes, asking: Asking) -> Completion:
        reply = decode(body, MessagesReply)
        usage = reply.usage or Usage()
        details = usage.output_tokens_details or Details()
        written = Written(
            thinking="".join(block.thinking for block in reply.content if block.type == "thinking"),
            text="".join(block.text for block in reply.content if block.type == "text"),
            ending=read_ending(reply.stop_reason),
            stopped_by=frozenset(),
            completion_tokens=whole_number(usage.output_tokens),
            reasoning_tokens=details.thinking_tokens,
            prompt_tokens=prompt_tokens(usage),
            cached_tokens=usage.cache_read_input_tokens or 0,
            logprobs=b"null",
        )
        return whole_completion(written, asking.step, asking.whole)


def prompt_tokens(usage: Usage) -> int | None:
    """All tokens that were read; those that a cache was written with count as others."""
    if usage.input_tokens is None:
        return None
    return usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)


def image_block(url: str) -> dict[str, Any]:
    """A data: URL as a block of content."""
    kind, _, data = url.removeprefix("data:").partition(";base64,")
    return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}
