r"""How an assistant's turn is sent to a server whose chat template opens thinking by itself.

    turn                               <think>\nI add 3</think>\nFinal answer:
    whole           true               content "<think>\nI add 3</think>\nFinal answer:"
    without opening true               content "I add 3</think>\nFinal answer:"; the template has written <think>\n
    in two parts    "content"          reasoning_content "I add 3", content "Final answer:"; the server writes the
                                       delimiters around the thinking as its template has them
    thinking alone  "reasoning_content"  reasoning_content "I add 3"

The last two are values of ``continue_final_message`` in llama.cpp since May 2026. A check before the run finds out
which form a server needs; see ``openings``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s1m.errors import EngineUnavailable
from s1m.families import THINKING_DELIMITERS

CONTINUED: Mapping[str, Any] = {"continue_final_message": True, "add_generation_prompt": False}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a template, or the server in its name, writes around the thinking of a turn, blanks included."""

    opening: str
    closing: str = ""
    """Empty: the turn is sent without its opening, everything else as it is. Else it is sent in two parts."""
    prompt_opens: bool = True
    """Whether a new turn begins with the opening too."""
    repeated: bool = False
    """Whether the server's replies begin with the opening."""


@dataclass(frozen=True, kw_only=True)
class SentTurn:
    """A turn as it is sent, and the text with which a reply begins that repeats it."""

    message: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    start: str


def sent_turn(turn: str, opened: Opened | None) -> SentTurn:
    """How ``turn`` is sent. Raises ``EngineUnavailable`` where the server cannot write its beginning."""
    if not turn:
        return SentTurn(start="")
    if opened is None:
        return SentTurn(message={"role": "assistant", "content": turn}, fields=CONTINUED, start=turn)
    rest = _without_opening(turn, opened.opening)
    start = opened.opening if opened.repeated else ""
    if not rest:
        if not opened.prompt_opens:
            raise EngineUnavailable(
                f"the server opens thinking with {opened.opening!r} only before the first words of a thought, so an "
                "empty one cannot be begun with --engine http; use --engine llamacpp"
            )
        return SentTurn(start=start)
    if not opened.closing:
        return SentTurn(message={"role": "assistant", "content": rest}, fields=CONTINUED, start=start + rest)
    thinking, closed, answer = rest.partition(opened.closing.strip())
    if not closed:
        return _in_parts(thinking, "", "reasoning_content", start + thinking)
    # The blanks around the delimiter are the template's; written twice they would make a turn that no model has seen.
    before, after = opened.closing.split(opened.closing.strip())
    thinking, answer = thinking.removesuffix(before), answer.lstrip() if after else answer
    return _in_parts(thinking, answer, "content", start + thinking + opened.closing + answer)


def _in_parts(thinking: str, answer: str, form: str, start: str) -> SentTurn:
    # An empty content must be there all the same, or the message is refused.
    message = {"role": "assistant", "content": answer, "reasoning_content": thinking}
    return SentTurn(message=message, fields={**CONTINUED, "continue_final_message": form}, start=start)


def _without_opening(turn: str, opening: str) -> str:
    """The turn after its opening delimiter. Raises ``EngineUnavailable`` for the delimiter of another family."""
    tag = opening.strip()
    if turn.startswith(tag):
        return turn.removeprefix(tag).removeprefix(opening.removeprefix(tag))
    pair = {each.opening: each.closing for each in THINKING_DELIMITERS}
    if any(turn.startswith(each) for each in pair):
        raise EngineUnavailable(
            f"the chat template opens thinking with {tag}, the run does not: add --thinking-open '{tag}' "
            f"--thinking-close '{pair.get(tag, '...')}'"
        )
    return turn
