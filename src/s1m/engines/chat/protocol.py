"""What a chat request says for a step, and what the reply to it means: how it ended, its text, its tokens.

Speaks the OpenAI chat format with the extensions that vLLM, SGLang and (but for a few) llama.cpp share.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import msgspec

from s1m.engines.remote.reply import Unreadable, decode
from s1m.engines.stops import first_stop, without_partial_stop
from s1m.errors import EngineError
from s1m.families import END_OF_TURN_MARKS, without_end_of_turn
from s1m.types import Completion, Finish, Sampling, Step


class Uncounted(Unreadable):
    """The tokens of the reply are not counted, or wrongly."""


class Usage(msgspec.Struct, frozen=True):
    """Token counts as the server reports them."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Message(msgspec.Struct, frozen=True):
    """The assistant's message; the two names of reasoning are vLLM's new and old one."""

    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None


class Drawn(msgspec.Struct, frozen=True):
    """A token that was generated, and the natural logarithm of its probability."""

    token: str
    logprob: float


class Drawns(msgspec.Struct, frozen=True):
    """All of them, in order."""

    content: list[Drawn] | None = None


class Choice(msgspec.Struct, frozen=True):
    """A completion, ended by a stop string or token id that vLLM calls ``stop_reason`` and SGLang ``matched_stop``."""

    message: Message
    finish_reason: str | None = None
    stop_reason: str | int | None = None
    matched_stop: str | int | None = None
    logprobs: msgspec.Raw = msgspec.Raw(b"null")


class Reply(msgspec.Struct, frozen=True):
    """The reply of /v1/chat/completions, as far as it is read here."""

    choices: list[Choice]
    usage: Usage | None = None


def chat_request(
    *, model: str, question: str, images: Sequence[str], prefix: str, step: Step, sampling: Sampling
) -> dict[str, Any]:
    """The body of a chat request for ``step``; ``images`` are URLs, ``prefix`` is the assistant's turn so far."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": user_content(question, images)}],
        "max_tokens": step.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        # Said also where they do nothing: servers fill in what is left out from the model's own recommendation
        # (Qwen2-VL's is top_k 1 and a repetition penalty), and would sample otherwise than the record says.
        "top_k": -1,
        "min_p": 0.0,
        "repetition_penalty": sampling.repetition_penalty,
        "seed": step.seed,
        # vLLM looks for stop strings in the decoded text. Where </think> is a special token, the default would strip
        # it from that text and it could never stop; where it is ordinary text this changes nothing.
        "skip_special_tokens": False,
        # So that the text itself shows whether a stop string ended it, also where no stop_reason is sent.
        "include_stop_str_in_output": True,
    }
    if prefix:
        body["messages"].append({"role": "assistant", "content": prefix})
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    if step.stop:
        body["stop"] = list(step.stop)
    if step.min_tokens > 0:
        body["min_tokens"] = step.min_tokens
    return body


def wishes(step: Step) -> dict[str, Any]:
    """What is asked for where the server knows it; without it the step is done all the same."""
    wished: dict[str, Any] = {}
    if not step.stop:
        wished["logprobs"] = True
    if step.choices:
        wished["structured_outputs"] = {"choice": list(step.choices)}
    return wished


def user_content(question: str, images: Sequence[str]) -> str | list[dict[str, Any]]:
    """The images followed by the question; a plain string where there are no images, which any server takes."""
    if not images:
        return question
    parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": url}} for url in images]
    return [*parts, {"type": "text", "text": question}]


def read_completion(body: bytes, step: Step) -> Completion:
    """The completion in a reply.

    Raises ``Unreadable`` when there is none to read, the server broke off or its tokens are not counted;
    ``EngineError`` when it ended in an unknown way.
    """
    reply = decode(body, Reply)
    if not reply.choices:
        raise Unreadable("the reply has no choices")
    choice = reply.choices[0]
    if choice.finish_reason in (None, "abort", "error"):
        raise Unreadable(f"the server broke off (finish_reason {choice.finish_reason})")
    if choice.finish_reason not in ("stop", "length"):
        raise EngineError(f"the server ended with finish_reason {choice.finish_reason!r}, not stop or length")
    written = as_written(choice.message, step.stop)
    text, finish = read_ending(choice, written, step.stop)
    tokens = count_tokens(reply.usage, step.max_tokens)
    if tokens == 0 and written:
        raise Uncounted("the server counts 0 tokens for a text that is not empty")
    return Completion(text=text, tokens=tokens, finish=finish, logprob=mean_logprob(choice.logprobs))


def mean_logprob(logprobs: msgspec.Raw) -> float | None:
    """The mean over all tokens but the one that ended the turn; None where none are sent that can be read."""
    try:
        drawn = decode(bytes(logprobs), Drawns)
    except Unreadable:
        return None
    content = drawn.content or []
    if content and content[-1].token in END_OF_TURN_MARKS:
        content = content[:-1]
    return fmean(token.logprob for token in content) if content else None


def as_written(message: Message, stops: Sequence[str]) -> str:
    """The text in the order in which the model wrote it.

    A server with a reasoning parser splits the thinking away and drops the delimiter between it and the rest; there it
    is put back. Answers that such a server takes for thinking, since no delimiter follows them, are answers again.
    """
    parts = [message.reasoning_content or message.reasoning or "", message.content or ""]
    return (stops[0] if stops else "\n").join(part for part in parts if part)


def read_ending(choice: Choice, text: str, stops: Sequence[str]) -> tuple[str, Finish]:
    """The text without what ended it, and why it ended.

    The text is cut at the first stop string wherever it is, also within ``min_tokens``, where vLLM does not look for
    stop strings (before 0.10.1 it did): a delimiter left inside the thinking would spoil every step after it.
    """
    found = first_stop(text, stops)
    if found is not None:
        return text[:found], "stop"
    if choice.finish_reason == "length":
        # The limit can fall inside a character too; the next step writes it again as a whole.
        return without_partial_stop(text.rstrip("\ufffd"), stops), "length"
    if choice.stop_reason in stops or choice.matched_stop in stops:
        return text, "stop"
    return without_end_of_turn(text), "eos"


def count_tokens(usage: Usage | None, max_tokens: int) -> int:
    """The tokens generated, those of the stop string or end of turn included, though their text is not.

    Some servers count the token that ended the turn beyond ``max_tokens``; that one is left out, so that the count
    never exceeds what was asked for. Raises ``Uncounted`` when the count is missing or cannot be true.
    """
    tokens = usage.completion_tokens if usage is not None else None
    if tokens is None or not 0 <= tokens <= max_tokens + 1:
        raise Uncounted(
            f"the server reports no usable token usage (completion_tokens {tokens} where at most {max_tokens} were "
            "asked for); budgets cannot be kept without it"
        )
    return min(tokens, max_tokens)
