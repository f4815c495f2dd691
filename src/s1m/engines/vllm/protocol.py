"""What goes over the wire to vLLM's token endpoints, and what comes back.

    POST /inference/v1/generate   {"token_ids": [431, ...], "content_parts": [{"type": "image_url", "uuid": "9f…"}],
                                   "sampling_params": {...}, "output_mode": "text"}
    ->                            {"choices": [{"text": "I read 08334, …", "token_ids": [40, …, 444],
                                   "finish_reason": "stop", "stop_reason": 444}], ...}

The endpoint is there when the server was started with --enable-scale-out; ``token_ids`` hold one place-holder an image.
https://docs.vllm.ai describes it under "token in, token out"; what this module relies on was tried on vLLM 0.32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from s1m.engines.remote.reply import Unreadable, decode
from s1m.types import Sampling, Step

GENERATE = "/inference/v1/generate"
TOKENIZE = "/tokenize"
DETOKENIZE = "/detokenize"
RENDER = "/v1/chat/completions/render"


class Tokens(msgspec.Struct, frozen=True):
    """The reply of /tokenize."""

    tokens: list[int]


class Text(msgspec.Struct, frozen=True):
    """The reply of /detokenize."""

    prompt: str


class Span(msgspec.Struct, frozen=True):
    """Where an image's place-holders lie among the token ids."""

    offset: int
    length: int


class Placeholders(msgspec.Struct, frozen=True):
    """Where images lie, by modality."""

    mm_placeholders: dict[str, list[Span]]


class Rendered(msgspec.Struct, frozen=True):
    """The reply of /v1/chat/completions/render, as far as it is read here."""

    token_ids: list[int]
    features: Placeholders | None = None


class TokenLogprob(msgspec.Struct, frozen=True):
    """A token that was generated: the natural logarithm of its probability."""

    logprob: float


class TokenLogprobs(msgspec.Struct, frozen=True):
    """Those of all tokens generated, in order."""

    content: list[TokenLogprob]


class GeneratedChoice(msgspec.Struct, frozen=True):
    """What was generated: ``token_ids`` end with the token that ended it, ``text`` does not.

    ``logprobs`` are of the model's own distribution, or of what ``structured_outputs`` leave of it.
    """

    token_ids: list[int]
    text: str
    finish_reason: str | None = None
    stop_reason: str | int | None = None
    logprobs: TokenLogprobs | None = None


class Reported(msgspec.Struct, frozen=True):
    """What the server counted; ``prompt_tokens`` are those it read, images included."""

    prompt_tokens: int


class Generated(msgspec.Struct, frozen=True):
    """The reply of /inference/v1/generate; ``prompt_token_ids`` when they are asked for."""

    choices: list[GeneratedChoice]
    prompt_token_ids: list[int] | None = None
    usage: Reported | None = None


def generate_request(
    *,
    model: str,
    token_ids: Sequence[int],
    images: Sequence[dict[str, str]],
    step: Step,
    sampling: Sampling,
    stop_token_ids: Sequence[int],
) -> dict[str, Any]:
    """The body of a request that continues ``token_ids``; ``images`` are ``image_part``s, one a place-holder."""
    sampling_params: dict[str, Any] = {
        # The server fills in what is left out, so everything that changes the result is sent.
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repetition_penalty,
        "seed": step.seed,
        "max_tokens": step.max_tokens,
        "min_tokens": step.min_tokens,
        # As a token it ends the turn exactly; spelled out in several it is found in the text.
        "stop_token_ids": list(stop_token_ids),
        "stop": list(step.stop),
        "skip_special_tokens": False,
    }
    if sampling.presence_penalty:
        sampling_params["presence_penalty"] = sampling.presence_penalty
    if not step.stop:
        sampling_params["logprobs"] = 0  # those of the tokens drawn, and of no others
    if step.choices:
        sampling_params["structured_outputs"] = {"choice": list(step.choices)}
    elif step.json_schema:
        sampling_params["structured_outputs"] = {"json": msgspec.json.decode(step.json_schema)}
    return {
        "model": model,
        "token_ids": list(token_ids),
        "content_parts": list(images),
        "output_mode": "text",
        "sampling_params": sampling_params,
    }


def image_part(digest: str, url: str | None) -> dict[str, str]:
    """An image by the name under which the server keeps it, and its data where the server does not have it yet.

    The name must be a hash of the content: the server trusts it, and answers with whatever it keeps under it.
    """
    return {"type": "image_url", "uuid": digest} | ({} if url is None else {"url": url})


def read_choice(body: bytes, max_tokens: int) -> GeneratedChoice:
    """What was generated. Raises ``Unreadable`` when it is missing, broken off or more than was asked for."""
    reply = decode(body, Generated)
    if not reply.choices:
        raise Unreadable("the reply has no choices")
    choice = reply.choices[0]
    if choice.finish_reason not in ("stop", "length"):
        raise Unreadable(f"the server broke off (finish_reason {choice.finish_reason})")
    if not 0 < len(choice.token_ids) <= max_tokens:
        raise Unreadable(f"{len(choice.token_ids)} tokens where 1 to {max_tokens} were asked for")
    return choice
