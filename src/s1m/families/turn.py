r"""The beginning of a turn that is continued: thinking is opened exactly once, and never after a closed thought.

generation prompt             flow's beginning     what is written
<|assistant|>                 <think>\n            <think>\n
<|assistant|><think>\n        <think>\n            nothing: the template has opened thinking, line break and all
<|assistant|><think>          <think>\n            nothing: this template opens without a line break
<|assistant|><think></think>  <think>\n            refused: thinking is off in this template
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from s1m.errors import EngineUnavailable
from s1m.families.finding import options_text
from s1m.families.reading import EMPTY_THOUGHT
from s1m.families.thinking import THINKING_DELIMITERS
from s1m.types import Piece

OPENINGS = tuple(each.opening for each in THINKING_DELIMITERS)
CLOSINGS = tuple(each.closing for each in THINKING_DELIMITERS)


def ends_thinking(ending: str, turn: Sequence[Piece], stop: Sequence[str]) -> bool:
    """Whether a generation prompt that ends with ``ending`` has ended the thinking that a turn is to hold.

    ``stop`` are the step's stop strings, in which the flow's closing delimiter is. A request that neither continues a
    turn nor stops anywhere holds no thinking. Delimiters of the user's own may follow the closed thought of a family.
    """
    if not turn and not stop:
        return False
    ends, opening = ending.rstrip(), _opening(turn)
    closings = [each.strip() for each in stop if each.strip()] + [*(CLOSINGS if opening in OPENINGS else ())]
    start = ends.rfind(opening) if opening else -1
    empty = start >= 0 and EMPTY_THOUGHT.fullmatch(ends[start:]) is not None
    return empty or ends.endswith(tuple(closings))


def begun(ending: str, turn: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces to write after a generation prompt that ends with ``ending``: without the opening that it has.

    Raises ``EngineUnavailable`` where the prompt has opened thinking with the delimiter of another family.
    """
    pieces, ends, opening = tuple(turn), ending.rstrip(), _opening(turn)
    if not opening:
        return pieces
    if ends.endswith(opening):
        return (replace(pieces[0], text=""), *pieces[1:]) if pieces[0].images else pieces[1:]
    other = next((each for each in THINKING_DELIMITERS if ends.endswith(each.opening)), None)
    if other and opening in OPENINGS:
        raise EngineUnavailable(
            f"the chat template opens thinking with {other.opening}, the run with {opening}: add "
            f"--thinking-open '{other.opening}' --thinking-close '{other.closing}'"
        )
    return pieces


def thinking_is_off(switch: Mapping[str, Any]) -> str:
    """The refusal of a template that ends thinking before the model begins; ``switch`` are options that change that."""
    if switch:
        return f"thinking is off in this template; add --template-kwargs {options_text(switch)}"
    return (
        "thinking is off in this template, and no known option switches it on; use a chat template that opens "
        "thinking or leaves it to the model (s1m families --model NAME shows what it does)"
    )


def _opening(turn: Sequence[Piece]) -> str:
    """The flow's opening delimiter, as the first text of a turn that the model did not write itself."""
    return turn[0].text.strip() if turn and turn[0].token_ids is None else ""
