r"""What goes over the wire to llama.cpp's own endpoints, and what comes back; tried on build 11434.

    GET  /props            {"media_marker": "<__media_x7__>", "default_generation_settings": {"n_ctx": 8192}}
    POST /apply-template   {"messages": [...]}   ->   {"prompt": "<|im_start|>user\n<__media_x7__>What is the sum?..."}
    POST /completion       {"prompt": {"prompt_string": "...", "multimodal_data": ["iVBORw0..."]}, "stop": [CLOSE]}
    ->                     {"content": "I read 08334, ...", "tokens_predicted": 36, "stop_type": "word",
                            "stopping_word": CLOSE}

The server puts an image where the marker stands; the marker is another one after every start.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import msgspec

from s1m.engines.chat.prefill import PENALISED_TOKENS
from s1m.engines.remote.reply import Unreadable, decode
from s1m.engines.stops import without_ending
from s1m.errors import EngineError
from s1m.types import Completion, Sampling, Step

PROPS = "/props"
APPLY_TEMPLATE = "/apply-template"
COMPLETION = "/completion"


class Defaults(msgspec.Struct, frozen=True):
    """The context of one slot, in tokens."""

    n_ctx: int | None = None


class Props(msgspec.Struct, frozen=True):
    """The reply of /props."""

    default_generation_settings: Defaults
    media_marker: str = ""


class Templated(msgspec.Struct, frozen=True):
    """The reply of /apply-template."""

    prompt: str


class TokenLogprob(msgspec.Struct, frozen=True):
    """A token that was generated: the natural logarithm of its probability."""

    logprob: float


class Generated(msgspec.Struct, frozen=True):
    """The reply of /completion; ``content`` ends before a stop string, ``tokens_predicted`` counts it."""

    content: str
    tokens_predicted: int
    stop_type: str
    stopping_word: str = ""
    tokens_evaluated: int | None = None
    """Tokens of the prompt, those in the cache among them."""
    completion_probabilities: list[TokenLogprob] = []


def completion_request(
    *, prompt: str, images: Sequence[str], step: Step, sampling: Sampling, forbidden: Sequence[int] = ()
) -> dict[str, Any]:
    """The body of a request that continues ``prompt``; ``images`` are base64, one a marker.

    With a minimum of tokens, ``forbidden`` ones and the end of the turn are not drawn.
    """
    body: dict[str, Any] = {
        "prompt": {"prompt_string": prompt, "multimodal_data": list(images)} if images else prompt,
        # The server fills in what is left out (top_k 40, min_p 0.05), so everything that changes the result is sent.
        "n_predict": step.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repetition_penalty,
        "repeat_last_n": PENALISED_TOKENS,
        "seed": step.seed,
        "stop": list(step.stop),
        # Where a delimiter is a special token, the text would leave it out, and it could never stop.
        "preserved_tokens": list(step.stop),
        "cache_prompt": True,
    }
    if step.min_tokens > 1:
        body |= {"ignore_eos": True, "logit_bias": [[token, False] for token in forbidden]}
    if sampling.presence_penalty:
        body["presence_penalty"] = sampling.presence_penalty
    if not step.stop:
        body["n_probs"] = 1
    if step.choices:
        body["grammar"] = "root ::= " + " | ".join(json.dumps(choice, ensure_ascii=False) for choice in step.choices)
    elif step.json_schema:
        body["json_schema"] = msgspec.json.decode(step.json_schema)
    return body


def read_generated(body: bytes, step: Step) -> Completion:
    """The completion in a reply of /completion.

    Raises ``Unreadable`` for one that broke off, ``EngineError`` for one that the context cut short.
    """
    generated = decode(body, Generated)
    text, tokens = generated.content, generated.tokens_predicted
    if generated.stop_type not in ("word", "eos", "limit"):
        raise Unreadable(f"the server broke off (stop_type {generated.stop_type})")
    if not 0 < tokens <= step.max_tokens:
        raise Unreadable(f"{tokens} tokens where 1 to {step.max_tokens} were asked for")
    at_stop = generated.stop_type == "word" and generated.stopping_word in step.stop
    text, finish = without_ending(text, step.stop, at_limit=generated.stop_type == "limit", at_stop=at_stop)
    if finish == "length" and tokens < step.max_tokens:
        raise EngineError(
            f"the server stopped after {tokens} of {step.max_tokens} tokens, its context is full; give it a longer "
            "one (-c, which its slots share) or lower --max-thinking-tokens"
        )
    logprobs = [token.logprob for token in generated.completion_probabilities]
    if generated.stop_type == "eos" and len(logprobs) == tokens:
        logprobs = logprobs[:-1]  # that of the token that ended the turn
    logprob = fmean(logprobs) if logprobs else None
    return Completion(
        text=text, tokens=tokens, finish=finish, logprob=logprob, prompt_tokens=generated.tokens_evaluated
    )
