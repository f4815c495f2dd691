r"""What goes over the wire to SGLang's own endpoints, and what comes back; read in the source of version 0.5.23.

    POST /tokenize    {"messages": [...]}                   ->  {"tokens": [151644, 872, ...], "count": 24}
    POST /detokenize  {"tokens": [...]}                     ->  {"text": "<|im_start|>user\n..."}
    POST /generate    {"text": "...", "image_data": ["data:image/png;base64,..."], "sampling_params": {...}}
    ->                {"text": " 7</think>", "meta_info": {"prompt_tokens": 90, "completion_tokens": 3,
                       "finish_reason": {"type": "stop", "matched": CLOSE}}}

``matched`` is a stop string, or the id of the token that ended the turn. Prompts go as text: ids beside images would be
expanded twice, once by the sender and once by the server.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import msgspec

from s1m.engines.remote.reply import Unreadable, decode
from s1m.engines.stops import without_ending
from s1m.types import Completion, Sampling, Step

TOKENIZE = "/tokenize"
DETOKENIZE = "/detokenize"
GENERATE = "/generate"


class Tokens(msgspec.Struct, frozen=True):
    """The reply of /tokenize."""

    tokens: list[int]


class Text(msgspec.Struct, frozen=True):
    """The reply of /detokenize."""

    text: str


class FinishReason(msgspec.Struct, frozen=True):
    """Why generation ended: stop, length or abort."""

    type: str
    matched: str | int | None = None
    message: str | None = None


class MetaInfo(msgspec.Struct, frozen=True):
    """What the server says of a reply; a logprob comes with the token's id and, on request, its text."""

    finish_reason: FinishReason
    completion_tokens: int
    prompt_tokens: int | None = None
    cached_tokens: int = 0
    output_token_logprobs: list[tuple[float | None, int, str | None]] | None = None


class Generated(msgspec.Struct, frozen=True):
    """The reply of /generate."""

    text: str
    meta_info: MetaInfo


def generate_request(
    *, prompt: str, images: Sequence[str], step: Step, sampling: Sampling, stop_token_ids: Sequence[int]
) -> dict[str, Any]:
    """The body of a request that continues ``prompt``; ``images`` are data: URLs, one a placeholder.

    ``stop_token_ids`` are those of the stop strings that are one token.
    """
    params: dict[str, Any] = {
        "max_new_tokens": step.max_tokens,
        "temperature": sampling.temperature,
        # Sent also where they do nothing: the server fills in what is left out from the model's own recommendation.
        "top_p": sampling.top_p,
        "top_k": sampling.top_k or -1,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repetition_penalty,
        "presence_penalty": sampling.presence_penalty,
        "sampling_seed": step.seed,  # kept by a server that was started with --enable-deterministic-inference
        "stop": list(step.stop),
        # A delimiter that is a special token must show in the text, and so must the stop string that ended it.
        "skip_special_tokens": False,
        "spaces_between_special_tokens": False,
        "no_stop_trim": True,
    }
    if step.min_tokens > 0:
        # The minimum keeps back the end of the turn and these tokens, but no stop string.
        params |= {"min_new_tokens": step.min_tokens, "stop_token_ids": list(stop_token_ids)}
    if step.choices:
        params["regex"] = "(" + "|".join(map(re.escape, step.choices)) + ")"
    elif step.json_schema:
        params["json_schema"] = step.json_schema
    body: dict[str, Any] = {"text": prompt, "sampling_params": params}
    if images:
        body["image_data"] = list(images)
    if not step.stop:
        body["return_logprob"] = True
    return body


def read_generated(body: bytes, step: Step, stop_token_ids: Sequence[int]) -> Completion:
    """The completion in a reply of /generate. Raises ``Unreadable`` for one that broke off or counts wrongly."""
    generated = decode(body, Generated)
    text, said = generated.text, generated.meta_info
    reason, tokens = said.finish_reason, said.completion_tokens
    if reason.type not in ("stop", "length"):
        raise Unreadable(f"the server broke off (finish_reason {reason.type}: {reason.message})")
    if not 0 < tokens <= step.max_tokens:
        raise Unreadable(f"{tokens} tokens where 1 to {step.max_tokens} were asked for")
    at_stop = reason.matched in (*step.stop, *stop_token_ids)
    text, finish = without_ending(text, step.stop, at_limit=reason.type == "length", at_stop=at_stop)
    logprobs = [each[0] for each in said.output_token_logprobs or () if each[0] is not None]
    if isinstance(reason.matched, int) and len(logprobs) == tokens:
        logprobs = logprobs[:-1]  # that of the token that ended the turn
    return Completion(
        text=text,
        tokens=tokens,
        finish=finish,
        logprob=fmean(logprobs) if logprobs else None,
        prompt_tokens=said.prompt_tokens,
        cached_tokens=said.cached_tokens,
    )
