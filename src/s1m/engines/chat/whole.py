"""A whole chat reply: its thinking, where the server splits it away or the text marks it, its answer, the tokens of
both.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from s1m.engines.chat.protocol import TokenLogprob, TokenLogprobs, Uncounted, count_tokens
from s1m.engines.chat.reply import Written, read_reply
from s1m.engines.remote.reply import Unreadable, decode
from s1m.errors import EngineError
from s1m.families import END_OF_TURN_MARKS, without_end_of_turn
from s1m.families.replies import answer_tokens, count_thinking, parts_of
from s1m.types import Completion, Step, WholeReply


def read_whole(body: bytes, step: Step, whole: WholeReply) -> Completion:
    """The reply to a request for a whole one.

    Raises ``Unreadable`` when none can be read, the server broke off or its tokens are not counted; ``Withheld`` for a
    refusal; ``EngineError`` when it ended in an unknown way, or is longer than was asked for.
    """
    return whole_completion(read_reply(body), step, whole)


def whole_completion(written: Written, step: Step, whole: WholeReply) -> Completion:
    """The completion that a reply is, its thinking separated."""
    text = written.text
    cut_off = written.ending == "length"
    text = text.rstrip("\ufffd") if cut_off else without_end_of_turn(text)
    if (written.completion_tokens or 0) > step.max_tokens + 1:
        # Not to be tried again: the next reply would be as long, and many servers are paid by the token.
        raise EngineError(
            f"the server generated {written.completion_tokens} tokens where at most {step.max_tokens} were asked for, "
            "so no budget can be kept with it; use another provider of the model"
        )
    tokens = count_tokens(written.completion_tokens, step.max_tokens)
    if tokens == 0 and (text or written.thinking):
        raise Uncounted("the server counts 0 tokens for a text that is not empty")
    listed = list_tokens(written.logprobs)
    thinking, answer = written.thinking, text
    if not thinking:
        parts = parts_of(text, whole.thinking_open, whole.thinking_close)
        thinking, answer = parts.thinking, parts.answer
    counted = thinking_tokens(written, listed, tokens, whole, seen=bool(thinking))
    return Completion(
        text=answer,
        tokens=tokens,
        finish="length" if cut_off else "eos",
        logprob=answer_logprob(listed, whole),
        thinking=thinking,
        thinking_tokens=counted,
        prompt_tokens=written.prompt_tokens,
        cached_tokens=written.cached_tokens,
    )


def thinking_tokens(
    written: Written, listed: Sequence[TokenLogprob], tokens: int, whole: WholeReply, *, seen: bool
) -> int | None:
    """The tokens of the thinking: as the server counts them, or as many as it lists; None where it does neither.

    Some servers report 0 for a thought that they show.
    """
    if written.reasoning_tokens is not None and (written.reasoning_tokens or not seen):
        return min(written.reasoning_tokens, tokens)
    if not seen:
        return 0
    texts = [each.token for each in listed]
    counted = count_thinking(texts, whole.thinking_open, whole.thinking_close)
    return min(counted, tokens) if counted else None


def answer_logprob(listed: Sequence[TokenLogprob], whole: WholeReply) -> float | None:
    """The mean over the tokens of the answer, without the one that ended the turn; None where none are listed."""
    if listed and listed[-1].token in END_OF_TURN_MARKS:
        listed = listed[:-1]
    count = answer_tokens([each.token for each in listed], whole.thinking_open, whole.thinking_close)
    return fmean(each.logprob for each in listed[-count:]) if count else None


def list_tokens(logprobs: bytes) -> list[TokenLogprob]:
    """The tokens of a reply in order, none where they are not sent or cannot be read."""
    try:
        return list(decode(logprobs, TokenLogprobs).content or [])
    except Unreadable:
        return []
