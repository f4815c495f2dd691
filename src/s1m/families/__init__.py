"""What differs between model families: how they mark thinking, the end of a turn and the answer. Data, and no I/O."""

from s1m.families.marks import ANSWER_WRAPPERS, END_OF_TURN_MARKS, Wrapper, without_end_of_turn
from s1m.families.thinking import (
    BY_FAMILY,
    DEFAULT,
    THINKING_DELIMITERS,
    Delimiters,
    after_thinking,
    as_default,
    closing_pattern,
)

__all__ = [
    "ANSWER_WRAPPERS",
    "BY_FAMILY",
    "DEFAULT",
    "END_OF_TURN_MARKS",
    "THINKING_DELIMITERS",
    "Delimiters",
    "Wrapper",
    "after_thinking",
    "as_default",
    "closing_pattern",
    "without_end_of_turn",
]
