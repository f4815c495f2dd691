"""From what a server wrote to completions: what ended them is left out, and a chain is taken apart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from statistics import fmean

import msgspec

from s1m.engines.stops import first_stop, without_partial_stop
from s1m.engines.vllm.asking import Asking
from s1m.engines.vllm.chain import Stretch, split_text
from s1m.engines.vllm.prompts import Prompts
from s1m.engines.vllm.protocol import GeneratedChoice
from s1m.types import Completion, Finish, Step


async def whole(asking: Asking, choice: GeneratedChoice, prompts: Prompts) -> GeneratedChoice:
    """A reply with what earlier tries wrote, and with the text of all its tokens."""
    if not asking.before and not asking.cut:
        return choice
    ids = [*asking.before, *choice.token_ids]
    ended = choice.finish_reason == "stop" and not isinstance(choice.stop_reason, str)
    return msgspec.structs.replace(choice, token_ids=ids, text=await prompts.read(ids[:-1] if ended else ids))


async def chained(asking: Asking, stretches: list[Stretch], choice: GeneratedChoice, prompts: Prompts) -> Completion:
    """A chain that was forced inside the server: its first segment, and the others as what is ``further``."""
    step = asking.step
    assert step.at_once is not None
    assert asking.plan is not None
    strings = step.at_once.ignore_strings[: len(stretches) - 1]
    plain = choice.stop_reason == asking.plan.close and not asking.before
    texts = split_text(choice.text, strings) if plain else None
    if texts is None:  # a report stands in the text, or the model has written an ignore string itself
        texts = await asyncio.gather(*(read_ids(stretch.ids, prompts) for stretch in stretches))
    parts: list[Completion] = []
    for stretch, text in zip(stretches, texts, strict=True):
        start = first_stop(text, step.stop)
        if start is not None:  # spelled in ordinary tokens: what follows rests on it
            ids = await prompts.ids_of(text[:start], stretch.ids)
            parts.append(Completion(text=text[:start], tokens=len(stretch.ids), finish="stop", token_ids=ids))
            break
        parts.append(Completion(text=text, tokens=len(stretch.ids), finish=stretch.finish, token_ids=stretch.ids))
    return replace(parts[0], further=tuple(parts[1:]))


async def read_ids(ids: tuple[int, ...], prompts: Prompts) -> str:
    """The text of token ids; no server is asked about none."""
    return await prompts.read(ids) if ids else ""


async def completion_of(choice: GeneratedChoice, step: Step, stop_ids: list[int], prompts: Prompts) -> Completion:
    """What was generated, without what ended it, and why it ended."""
    ended_by_token = choice.finish_reason == "stop" and not isinstance(choice.stop_reason, str)
    ids = choice.token_ids[:-1] if ended_by_token else choice.token_ids
    text = choice.text
    finish: Finish
    start = first_stop(text, step.stop)  # also within min_tokens, where vLLM does not look for it
    if start is not None:
        text, finish = text[:start], "stop"
    elif choice.finish_reason == "length":
        # The limit can fall inside a character or a stop string; the next step writes it again as a whole.
        text, finish = without_partial_stop(text.rstrip("\ufffd"), step.stop), "length"
    else:
        finish = "stop" if choice.stop_reason in (*stop_ids, *step.stop) else "eos"
    logprobs = [token.logprob for token in choice.logprobs.content[: len(ids)]] if choice.logprobs else []
    whole = text == choice.text and not isinstance(choice.stop_reason, str)
    token_ids = tuple(ids) if whole else await prompts.ids_of(text, choice.token_ids)
    logprob = fmean(logprobs) if logprobs else None
    return Completion(text=text, tokens=len(ids), finish=finish, token_ids=token_ids, logprob=logprob)
