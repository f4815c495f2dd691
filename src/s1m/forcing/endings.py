r"""Endings that are not as they should be: what is repaired, and by which name it is on record.

    I have it: 42. </ think> So ...     misspelt      the delimiter as ordinary text; taken for the delimiter
    <think> Let me see                  reopened      a second opening inside the thinking
    So \boxed{42}.<|im_end|>            answered      the turn ended without the delimiter, its answer given
    <|im_end|>                          empty         nothing was thought

None of them costs a sample: the thinking is closed with the real delimiter and the answer asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from s1m.types import StopClass

_ANSWERED = re.compile(
    r"""
    \\boxed\s*\{                               # "So \boxed{42}."
  | \b(?:final\s+)?answer\s*(?:is\b|:)         # "The final answer is 42", "Answer: B"
  | <answer>                                   # "<answer>B</answer>", of R1-style fine-tunes
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Where a stretch of thinking ends, of what class, and what is wrong with it."""

    start: int
    stop: StopClass
    flaws: tuple[str, ...] = ()


def find_ending(text: str, close: str) -> Ending | None:
    """Where the delimiter is first spelled almost right: other case, blanks, brackets or escapes."""
    name = re.escape(close.strip("<>/[] "))
    if not name or close.strip("<>/[] ") == close:
        return None  # a delimiter without brackets is a word like others
    # "</ think>", "&lt;/think&gt;", "[/THINK]"
    match = re.search(rf"(?:<|&lt;|\[)\s*/\s*{name}\s*(?:>|&gt;|\])", text, re.IGNORECASE)
    return Ending(start=match.start(), stop="closed", flaws=("misspelt",)) if match else None


def find_answered(text: str) -> Ending | None:
    """Where the last line of a turn that ended without the delimiter begins, when that line gives the answer.

    The thinking is what stands before it: training holds no text in which thinking goes on after the answer.
    """
    start = text.rstrip().rfind("\n") + 1
    if not _ANSWERED.search(text, start):
        return None
    return Ending(start=start, stop="eos", flaws=("answered",))


def flaws_of(text: str, thinking_open: str) -> tuple[str, ...]:
    """What is wrong with a stretch of thinking that ended by itself."""
    flaws = []
    if thinking_open.strip() and thinking_open.strip() in text:
        flaws.append("reopened")
    if not text.strip():
        flaws.append("empty")
    return tuple(flaws)
