"""What an example must be to be learned from, whatever its length; each fault has a name."""

from __future__ import annotations

from s1m.datasets.example import Example, Unusable
from s1m.families import Delimiters


def check_example(example: Example, delimiters: Delimiters) -> None:
    """Raise ``Unusable`` for a conversation without a question or an answer, or with thinking in several pieces."""
    questions = [turn for turn in example.turns if turn.role == "user"]
    if not questions or any(not turn.text.strip() for turn in questions):
        raise Unusable("empty question")
    if example.turns[-1].role != "assistant":
        raise Unusable("does not end with an assistant's turn", f"but with a {example.turns[-1].role}'s")
    for turn in example.turns:
        if turn.role == "assistant":
            check_response(turn.text, delimiters)


def check_response(text: str, delimiters: Delimiters) -> None:
    """Raise ``Unusable`` unless a response is an answer, alone or after thinking that is opened and closed once."""
    opened, closed = text.count(delimiters.opening), text.count(delimiters.closing)
    if opened > 1:
        raise Unusable("thinking opened twice", f"{opened} times")
    if closed > 1:
        raise Unusable("thinking closed twice", f"{closed} times")
    if closed > opened:
        raise Unusable("thinking closed, never opened")
    before, _, rest = text.partition(delimiters.opening) if opened else ("", "", text)
    if before.strip():
        raise Unusable("text before the thinking", repr(before.strip()[:60]))
    if opened and delimiters.closing not in rest:
        raise Unusable("thinking not closed")
    if not rest.rpartition(delimiters.closing)[2].strip():
        raise Unusable("empty answer")
