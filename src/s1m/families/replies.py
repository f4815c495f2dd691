"""A whole reply taken apart: its thinking, its answer, and how many of its tokens were thinking.

<think>I add 3 and 4.</think>7        thinking and answer
I add 3 and 4.</think>7               the prompt has opened thinking already
<think>I add 3 and                    thinking that was never closed, and no answer
7                                     an answer alone
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from s1m.families.thinking import THINKING_DELIMITERS, Delimiters


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A reply without its delimiters; ``closed`` says whether a closing one stands before the answer.

    ``start`` and ``end`` are where the thinking lies in the reply.
    """

    thinking: str
    answer: str
    closed: bool
    start: int
    end: int

    @property
    def unfinished(self) -> bool:
        """Whether the reply ended within its thinking."""
        return bool(self.thinking) and not self.closed


def parts_of(reply: str, opening: str, closing: str) -> Parts:
    """The thinking and the answer of a reply.

    The delimiters are the given ones, or those of another family where the reply begins with its opening one. Thinking
    ends with the first closing delimiter, unless it is opened once more after it. A closing one that follows without an
    opening is part of the answer: a model whose thinking a server has ended may write its own all the same.
    """
    used = _used(reply, Delimiters(opening.strip(), closing))
    opened, closed = _find(reply, used.opening, 0), _find(reply, used.closing, 0)
    start = opened + len(used.opening) if opened >= 0 and (closed < 0 or opened < closed) else 0
    while closed >= 0:
        after = closed + len(used.closing)
        again = _find(reply, used.opening, after)
        if again < 0:
            return Parts(thinking=reply[start:closed], answer=reply[after:], closed=True, start=start, end=closed)
        closed = _find(reply, used.closing, again)
    if opened >= 0:
        return Parts(thinking=reply[start:], answer="", closed=False, start=start, end=len(reply))
    return Parts(thinking="", answer=reply, closed=False, start=0, end=0)


def count_thinking(tokens: Sequence[str], opening: str, closing: str) -> int:
    """How many of a reply's tokens, given as their texts, are thinking; those of the delimiters are not."""
    parts = parts_of("".join(tokens), opening, closing)
    starts = accumulate(map(len, tokens), initial=0)
    return sum(1 for token, start in zip(tokens, starts, strict=False) if token and parts.start <= start < parts.end)


def answer_tokens(tokens: Sequence[str], opening: str, closing: str) -> int:
    """How many of a reply's tokens, from its end, are the answer."""
    parts = parts_of("".join(tokens), opening, closing)
    begins = len("".join(tokens)) - len(parts.answer)
    starts = accumulate(map(len, tokens), initial=0)
    return sum(1 for _, start in zip(tokens, starts, strict=False) if start >= begins)


def _used(reply: str, given: Delimiters) -> Delimiters:
    if given.closing in reply or (given.opening and given.opening in reply):
        return given
    begun = reply.lstrip()
    return next((each for each in THINKING_DELIMITERS if begun.startswith(each.opening)), given)


def _find(text: str, what: str, start: int) -> int:
    return text.find(what, start) if what else -1
