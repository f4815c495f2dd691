"""The reply of a chat server, decoded once for engine and judge: what was written, why it ended, its tokens.

    {"choices": [{"message": {"content": "B"}, "finish_reason": "stop"}], "usage": {"completion_tokens": 2}}

Servers and gateways differ in how they spell this: content as a list of parts, the thinking in a field of its own,
other names of the same endings, counts as floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from s1m.engines.remote.reply import Unreadable, decode
from s1m.errors import EngineError, Withheld

Ending = Literal["stop", "stop string", "end of turn", "length"]
"""Why a server says that generation ended; "stop" is one of the next two, and the server does not say which."""

ENDINGS: Mapping[str, Ending] = {
    "stop": "stop",
    "complete": "stop",
    "completed": "stop",
    "finish": "stop",
    "finished": "stop",
    "stop_sequence": "stop string",  # Anthropic, and gateways to it
    "stop_string": "stop string",
    "stop_str": "stop string",
    "stop_token": "end of turn",
    "eos": "end of turn",
    "eos_token": "end of turn",  # text-generation-inference, and gateways to it
    "end_turn": "end of turn",  # Anthropic
    "end_of_turn": "end of turn",
    "length": "length",
    "max_tokens": "length",  # Anthropic, Gemini
    "max_length": "length",
    "max_new_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",  # Mistral
    "model_context_window_exceeded": "length",  # Anthropic
}
"""Names of endings, in lower case: Gemini writes them in capitals."""

WITHHELD: Mapping[str, Literal["refusal", "content filter"]] = {
    "refusal": "refusal",  # Anthropic
    "content_filter": "content filter",  # OpenAI, Azure, OpenRouter
    "content_filtered": "content filter",
    "sensitive": "content filter",  # GLM
    "safety": "content filter",  # this one and those below: Gemini
    "recitation": "content filter",
    "blocklist": "content filter",
    "prohibited_content": "content filter",
    "spii": "content filter",
    "image_safety": "content filter",
}
"""Endings after which whatever text there is must not be taken for an answer."""

BROKEN_OFF = frozenset(
    {"abort", "aborted", "cancelled", "canceled", "error", "timeout", "unknown", "insufficient_system_resource"}
)
"""Endings that say nothing of the request: another try may bring a whole reply."""


class Part(msgspec.Struct, frozen=True):
    """A part of a content that is given as a list; Mistral's thinking is itself a list of parts."""

    type: str = ""
    text: str | None = None
    thinking: str | list[str | Part] | None = None


Content = str | list[str | Part] | None


class ChatMessage(msgspec.Struct, frozen=True):
    """The assistant's message; the two names of reasoning are vLLM's new and old one."""

    content: Content = None
    reasoning: Content = None
    reasoning_content: Content = None
    refusal: str | None = None
    """OpenAI's name for what stands in place of an answer that the model will not give."""


class ChatChoice(msgspec.Struct, frozen=True):
    """A completion, ended by a stop string or token id that vLLM calls ``stop_reason`` and SGLang ``matched_stop``."""

    message: ChatMessage
    finish_reason: str | None = None
    stop_reason: str | int | None = None
    matched_stop: str | int | None = None
    logprobs: msgspec.Raw = msgspec.Raw(b"null")
    provider_specific_fields: Any = None
    """Where LiteLLM's proxy puts fields that OpenAI does not have, ``stop_reason`` and ``matched_stop`` among them."""

    @property
    def stopped_by(self) -> frozenset[str | int]:
        """The stop strings or token ids that are named as what ended the completion."""
        moved = self.provider_specific_fields if isinstance(self.provider_specific_fields, dict) else {}
        named = (self.stop_reason, self.matched_stop, moved.get("stop_reason"), moved.get("matched_stop"))
        return frozenset(name for name in named if isinstance(name, str | int) and name != "")


class PromptDetails(msgspec.Struct, frozen=True):
    """Of the prompt tokens, those that were read from a cache, which hosted models sell for less."""

    cached_tokens: int | float | str | None = None


class UsageDetails(msgspec.Struct, frozen=True):
    """What the tokens of a completion were."""

    reasoning_tokens: int | float | str | None = None


class Usage(msgspec.Struct, frozen=True):
    """Token counts as the server reports them; see ``whole_number``."""

    prompt_tokens: int | float | str | None = None
    completion_tokens: int | float | str | None = None
    total_tokens: int | float | str | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: UsageDetails | None = None


class Verbose(msgspec.Struct, frozen=True):
    """What llama.cpp adds to a chat reply on request: the stop string that ended it, and the prompt as it was read."""

    stopping_word: str = ""
    prompt: str = ""


class ChatReply(msgspec.Struct, frozen=True):
    """The reply of /v1/chat/completions, as far as it is read here."""

    choices: list[ChatChoice]
    usage: Usage | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")
    verbose: Verbose | None = msgspec.field(default=None, name="__verbose")


@dataclass(frozen=True, kw_only=True)
class Probed:
    """A reply to a request of one token: its text, and the tokens of prompt and completion where they are counted.

    ``prompt`` is the text that the model read, empty where the server does not say it.
    """

    text: str
    prompt: str
    prompt_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a server says that the model wrote: its thinking, where the server split it away, and the rest.

    ``reasoning_tokens`` are those of the completion that were thinking, where the server counts them. ``stopped_by``
    are the stop strings or token ids that the server names as the reason; ``logprobs`` is raw JSON.
    """

    thinking: str
    text: str
    ending: Ending
    stopped_by: frozenset[str | int]
    completion_tokens: int | None
    logprobs: bytes
    reasoning_tokens: int | None = None
    prompt_tokens: int | None = None
    cached_tokens: int = 0
    total_tokens: int | None = None


def read_reply(body: bytes) -> Written:
    """What a chat reply says.

    Raises ``Unreadable`` where another try may bring a better one, ``Withheld`` for a refusal in place of an answer,
    else ``EngineError``.
    """
    reply = decode(body, ChatReply)
    if bytes(reply.error) not in (b"null", b"{}", b'""', b"false"):
        raise Unreadable("the server reports an error")
    if not reply.choices:
        raise Unreadable("the reply has no choices")
    choice = reply.choices[0]
    message = choice.message
    if message.refusal:
        raise Withheld(f"the model refused to answer: {shortened(message.refusal)}", kind="refusal")
    usage = reply.usage or Usage()
    details = usage.completion_tokens_details or UsageDetails()
    stopping_word = reply.verbose.stopping_word if reply.verbose else ""
    thinking, text = split_content(message.content)
    return Written(
        thinking=whole_text(message.reasoning_content) or whole_text(message.reasoning) or thinking,
        text=text,
        ending=read_ending(choice.finish_reason),
        stopped_by=choice.stopped_by | ({stopping_word} if stopping_word else set()),
        completion_tokens=whole_number(usage.completion_tokens),
        logprobs=bytes(choice.logprobs),
        reasoning_tokens=whole_number(details.reasoning_tokens),
        prompt_tokens=whole_number(usage.prompt_tokens),
        cached_tokens=cached(usage),
        total_tokens=whole_number(usage.total_tokens),
    )


def read_probe(body: bytes) -> Probed:
    """What a reply to a request of one token says. Raises ``Unreadable``."""
    reply = decode(body, ChatReply)
    usage = reply.usage or Usage()
    message = reply.choices[0].message if reply.choices else ChatMessage()
    parts = (message.reasoning_content or message.reasoning, message.content)
    return Probed(
        text="\n".join(filter(None, map(whole_text, parts))),
        prompt=reply.verbose.prompt if reply.verbose else "",
        prompt_tokens=whole_number(usage.prompt_tokens),
        completion_tokens=whole_number(usage.completion_tokens),
    )


def read_ending(finish_reason: str | None) -> Ending:
    """Why generation ended.

    Raises ``Unreadable`` for one that broke off, ``Withheld`` for one that a filter or the model's refusal ended,
    ``EngineError`` for one that is unknown.
    """
    name = (finish_reason or "").lower()
    if name in WITHHELD:
        raise Withheld(f"the answer was withheld (finish_reason {finish_reason})", kind=WITHHELD[name])
    if not name or name in BROKEN_OFF:
        raise Unreadable(f"the server broke off (finish_reason {finish_reason})")
    if name not in ENDINGS:
        raise EngineError(f"the server ended with finish_reason {finish_reason!r}, not stop or length")
    return ENDINGS[name]


def split_content(content: Content) -> tuple[str, str]:
    """The thinking and the rest of a message's content. Raises ``Unreadable`` for a part that holds no text."""
    if content is None or isinstance(content, str):
        return "", content or ""
    thinking, text = [], []
    for part in content:
        if isinstance(part, str):
            text.append(part)
        elif part.thinking is not None:
            thinking.append(whole_text(part.thinking))
        elif part.text is not None:
            text.append(part.text)
        else:
            raise Unreadable(f"the reply has a part of type {part.type!r} where text was expected")
    return "".join(thinking), "".join(text)


def whole_text(content: Content) -> str:
    """All text of a content, thinking included."""
    return "".join(split_content(content))


def shortened(text: str, most: int = 120) -> str:
    """A text on one line of at most ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def cached(usage: Usage) -> int:
    """Of the prompt tokens, those that were read from a cache; 0 where it is not said."""
    return whole_number((usage.prompt_tokens_details or PromptDetails()).cached_tokens) or 0


def whole_number(count: int | float | str | None) -> int | None:
    """A count of tokens, which gateways written in JavaScript or Lua send as 12.0 or "12"; None for anything else."""
    try:
        number = float(count) if count is not None else None
    except ValueError:
        return None
    return int(number) if number is not None and number.is_integer() else None
