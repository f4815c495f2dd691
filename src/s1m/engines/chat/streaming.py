"""A chat reply that comes event by event: put together again as if it had come whole, and resumed where it breaks.

    data: {"choices": [{"delta": {"content": " I read"}}], "usage": {"completion_tokens": 2}}

Only servers that count the tokens with every event are asked for a stream: where one is ended early no count comes at
its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import structs

from s1m.engines.chat.reply import Content, Usage, cached, read_ending, whole_number, whole_text
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import Unreadable, decode, encode
from s1m.engines.remote.retry import GaveUp
from s1m.engines.stops import first_stop, without_partial_stop
from s1m.types import Completion, Step

OPTIONS = {"include_usage": True, "continuous_usage_stats": True}
HEARD_INTERVAL, READ_INTERVAL = 4, 16
"""Tokens an event, for servers that can: of text that is shown as it is written, and that the loop watch reads."""
SEED_STEP = 1_000_003
"""Added to the seed for every token that has arrived where a request goes on, so that no noise is used twice."""


class Delta(msgspec.Struct, frozen=True):
    """What is new of a message."""

    content: Content = None
    reasoning: Content = None
    reasoning_content: Content = None


class DeltaChoice(msgspec.Struct, frozen=True):
    """What is new of a completion."""

    delta: Delta = Delta()
    finish_reason: str | None = None
    stop_reason: str | int | None = None
    matched_stop: str | int | None = None
    logprobs: Any = None


class Event(msgspec.Struct, frozen=True):
    """An event of /v1/chat/completions; the last one may have no choice and the count alone."""

    choices: list[DeltaChoice] = []
    usage: Usage | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


class ChatWriting:
    """What has arrived for a step, in all tries together."""

    def __init__(self, step: Step) -> None:
        self.step = step
        """With the budget that the whole stream has."""
        self.before, self.spent = "", 0
        """Text and tokens of the tries that broke off."""
        self._begin()

    def _begin(self) -> None:
        self._parts: dict[str, str] = {"content": "", "reasoning": ""}
        self._heard = 0
        self._tokens = 0
        self._usage = Usage()
        self._logprobs: list[Any] = []
        self._ended: DeltaChoice | None = None
        self.cut = False

    @property
    def arrived(self) -> int:
        """Tokens that have come."""
        return self.spent + self._tokens

    def resumed(self) -> Step:
        """The step of the next try: what is left of it after the text that has arrived."""
        self.before += self._visible
        self.spent += self._tokens
        self._begin()
        if self.spent >= self.step.max_tokens:
            self.before, self.spent = "", 0  # all had arrived but the end
        left = self.step.max_tokens - self.spent
        return replace(
            self.step,
            max_tokens=left,
            min_tokens=max(0, self.step.min_tokens - self.spent),
            seed=(self.step.seed + SEED_STEP * self.spent) & 0x7FFFFFFF,
        )

    def take(self, data: bytes) -> int | None:
        """The tokens in an event; None when a listener has heard enough. Raises ``Unreadable``."""
        event = decode(data, Event)
        if bytes(event.error) != b"null":
            raise Unreadable("the stream reports an error")
        self._usage = event.usage or self._usage
        counted = whole_number(event.usage.completion_tokens) if event.usage else None
        new = max(0, (self._tokens if counted is None else counted) - self._tokens)
        self._tokens += new
        for choice in event.choices[:1]:
            self._parts["reasoning"] += whole_text(choice.delta.reasoning_content or choice.delta.reasoning)
            self._parts["content"] += whole_text(choice.delta.content)
            if isinstance(choice.logprobs, dict):
                self._logprobs += choice.logprobs.get("content") or ()
            if choice.finish_reason is not None:
                read_ending(choice.finish_reason)  # one that broke off is asked for again
                self._ended = choice
        visible, heard = self._visible, self._heard
        self._heard = max(heard, len(visible))
        if len(visible) > heard and self._enough(visible[heard:]) and self._ended is None:
            self.cut = True
            return None
        return new

    def completion(self, read: Callable[[bytes], Completion]) -> Completion:
        """The completion that ``read`` makes of the whole reply. Raises ``Unreadable`` for one that broke off."""
        if self.cut:
            return Completion(
                text=self.before + self._visible,
                tokens=self.arrived,
                finish="length",
                prompt_tokens=whole_number(self._usage.prompt_tokens),
                cached_tokens=cached(self._usage),
            )
        if self._ended is None:
            raise Unreadable("the stream ended before the text did")
        done = read(encode(self._assembled(self._ended)))
        return replace(done, text=self.before + done.text, tokens=self.spent + done.tokens)

    def _assembled(self, ended: DeltaChoice) -> dict[str, Any]:
        choice = {
            "message": self._parts,
            "finish_reason": ended.finish_reason,
            "stop_reason": ended.stop_reason,
            "matched_stop": ended.matched_stop,
            "logprobs": {"content": self._logprobs} if self._logprobs else None,
        }
        return {"choices": [choice], "usage": structs.replace(self._usage, completion_tokens=self._tokens)}

    @property
    def _visible(self) -> str:
        """The text so far, without a stop string or what may be the beginning of one."""
        text = "".join(self._parts[name] for name in ("reasoning", "content"))
        start = first_stop(text, self.step.stop)
        return without_partial_stop(text.rstrip("\ufffd"), self.step.stop) if start is None else text[:start]

    def _enough(self, text: str) -> bool:
        on_text, at_once = self.step.on_text, self.step.at_once
        heard = on_text(text) if on_text else False
        return (at_once.reads(text) if at_once else False) or heard


def stream_fields(step: Step) -> dict[str, Any]:
    """What a request says so that its reply is streamed."""
    return {
        "stream": True,
        "stream_options": OPTIONS,
        "stream_interval": HEARD_INTERVAL if step.on_text else READ_INTERVAL,
    }


def all_at_once(step: Step) -> Step:
    """A step with the budget of the whole stream."""
    if step.at_once is None:
        return step
    return replace(step, max_tokens=step.at_once.max_tokens, min_tokens=step.at_once.min_tokens)


async def counts_in_streams(servers: Servers, server: Server, model: str) -> bool:
    """Whether a server streams and counts the tokens with every event: asked for one token."""
    seen: list[Sequence[object]] = []

    async def body(_server: Server) -> bytes:
        messages = [{"role": "user", "content": "Hi"}]
        return encode(
            {"model": model, "messages": messages, "max_tokens": 1, "stream": True, "stream_options": OPTIONS}
        )

    def take(data: bytes) -> int:
        event = decode(data, Event)
        counted = whole_number(event.usage.completion_tokens) if event.usage else None
        seen.append((bool(event.choices and event.choices[0].finish_reason), counted))
        return 0

    try:
        request = Request(path="chat/completions", body=body, read=lambda _: None, on_event=take)
        await servers.ask(request, at=server)
    except (GaveUp, NotOffered, Refused):
        return False
    return (True, 1) in seen
