"""What a chat request says for a step, and what the reply to it means: how it ended, its text, its tokens.

Speaks the OpenAI chat format with the extensions that vLLM, SGLang and (but for a few) llama.cpp share.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import msgspec

from s1m.engines.chat.prefill import NOT_REPEATED, Prefill, new_text
from s1m.engines.chat.reply import Written, read_reply
from s1m.engines.chat.turns import sent_turn
from s1m.engines.messages import conversation, said_before
from s1m.engines.remote.reply import Unreadable, decode
from s1m.engines.stops import without_ending
from s1m.errors import EngineUnavailable
from s1m.families import END_OF_TURN_MARKS
from s1m.types import Completion, Problem, RequestOptions, Sampling, Step

NO_OPTIONS = RequestOptions()


class Uncounted(Unreadable):
    """The tokens of the reply are not counted, or wrongly."""


class TokenLogprob(msgspec.Struct, frozen=True):
    """A token that was generated, and the natural logarithm of its probability."""

    token: str
    logprob: float


class TokenLogprobs(msgspec.Struct, frozen=True):
    """Those of all tokens generated, in order."""

    content: list[TokenLogprob] | None = None


def chat_request(
    *,
    model: str,
    problem: Problem,
    images: Sequence[str],
    prefix: str,
    step: Step,
    sampling: Sampling,
    options: RequestOptions = NO_OPTIONS,
    prefill: Prefill = NOT_REPEATED,
) -> dict[str, Any]:
    """The body of a chat request for ``step``; ``images`` are URLs, ``prefix`` is the assistant's turn so far."""
    turn = sent_turn(prefix, prefill.opened)
    body: dict[str, Any] = {
        "model": model,
        "messages": conversation(said_before(problem), problem.question, images, options),
        "max_tokens": step.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        # Sent also where they do nothing: servers fill in what is left out from the model's own recommendation
        # (Qwen2-VL's is top_k 1 and a repetition penalty), and would sample otherwise than the record says.
        "top_k": sampling.top_k or -1,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repetition_penalty,
        "seed": step.seed,
        # vLLM looks for stop strings in the decoded text. Where </think> is a special token, the default would strip
        # it from that text and it could never stop; where it is ordinary text this changes nothing.
        "skip_special_tokens": False,
        # So that the text itself shows whether a stop string ended it, also where no stop_reason is sent.
        "include_stop_str_in_output": True,
    }
    if turn.message:
        body["messages"].append(turn.message)
        body |= turn.fields
    if sampling.presence_penalty:
        body["presence_penalty"] = sampling.presence_penalty
    if options.template:
        body["chat_template_kwargs"] = dict(options.template)
    if step.stop:
        body["stop"] = list(step.stop)
    if step.min_tokens > 0:
        body["min_tokens"] = step.min_tokens
    if step.json_schema:
        schema = {"name": "answer", "schema": msgspec.json.decode(step.json_schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def optional_fields(step: Step, *, binds_choices: bool = True) -> dict[str, Any]:
    """What is asked for where the server knows it; the step does not depend on it."""
    optional: dict[str, Any] = {}
    if not step.stop:
        optional["logprobs"] = True
    if step.choices and binds_choices:
        optional["structured_outputs"] = {"choice": list(step.choices)}
    return optional


def read_completion(body: bytes, step: Step, *, turn: str = "", prefill: Prefill = NOT_REPEATED) -> Completion:
    """The completion in a reply to a request that continued ``turn``.

    Raises ``Unreadable`` when no completion can be read, the server broke off or its tokens are not counted;
    ``EngineError`` when it ended in an unknown way, or holds of the turn what it should not; ``EngineUnavailable``
    when it ended before the least number of tokens.
    """
    written = read_reply(body)
    whole = new_text(as_written(written, step.stop), turn, prefill)
    text, finish = without_ending(
        whole, step.stop, at_limit=written.ending == "length", at_stop=ended_at_stop(written, step.stop)
    )
    tokens = count_tokens(written.completion_tokens, step.max_tokens)
    if tokens == 0 and whole:
        raise Uncounted("the server counts 0 tokens for a text that is not empty")
    if finish != "length" and tokens < step.min_tokens - 1:  # some servers do not count the token that ended it
        raise EngineUnavailable(
            f"a text ended after {tokens} tokens where at least {step.min_tokens} were asked for, so the server, or a "
            "proxy before it, ignores min_tokens; leave out --min-thinking-tokens, or use --engine vllm"
        )
    return Completion(
        text=text,
        tokens=tokens,
        finish=finish,
        logprob=mean_logprob(written.logprobs),
        prompt_tokens=written.prompt_tokens,
        cached_tokens=written.cached_tokens,
    )


def mean_logprob(logprobs: bytes) -> float | None:
    """The mean over all tokens but the one that ended the turn; None where none are sent that can be read."""
    try:
        tokens = decode(logprobs, TokenLogprobs).content or []
    except Unreadable:
        return None
    if tokens and tokens[-1].token in END_OF_TURN_MARKS:
        tokens = tokens[:-1]
    return fmean(token.logprob for token in tokens) if tokens else None


def as_written(written: Written, stops: Sequence[str]) -> str:
    """The text in the order in which the model wrote it.

    A server with a reasoning parser splits the thinking away and drops the delimiter between it and the rest; there it
    is put back. Answers that such a server takes for thinking, since no delimiter follows them, are answers again.
    """
    return (stops[0] if stops else "\n").join(part for part in (written.thinking, written.text) if part)


def ended_at_stop(written: Written, stops: Sequence[str]) -> bool:
    """Whether a stop string of the step ended the reply; some servers say which, some only that one did."""
    return bool(written.stopped_by & set(stops) or (stops and written.ending == "stop string"))


def count_tokens(tokens: int | None, max_tokens: int) -> int:
    """The tokens generated, those of the stop string or end of turn included, though their text is not.

    Some servers count the token that ended the turn beyond ``max_tokens``; that one is left out, so that the count
    never exceeds what was asked for. Raises ``Uncounted`` when the count is missing or cannot be true.
    """
    if tokens is None or not 0 <= tokens <= max_tokens + 1:
        raise Uncounted(
            f"the server reports no usable token usage (completion_tokens {tokens} where at most {max_tokens} were "
            "asked for); budgets cannot be kept without it"
        )
    return min(tokens, max_tokens)
