r"""What a server's reply holds of the turn that it continued: nothing, or all of it before the new text.

    asked to continue   <think>\nI add 3
    vLLM replies         and 4.
    llama.cpp replies   <think>\nI add 3 and 4.

A check before the run sees which of the two a server does. Every reply is held to it: a repeated turn that were taken
for new text would put a thought within a thought, and the curve of such a run is wrong without any error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from s1m.engines.chat.turns import Opened, sent_turn
from s1m.errors import EngineError
from s1m.types import Sampling

LLAMA_CPP: Mapping[str, Any] = {"reasoning_format": "none", "verbose": True}
"""Keeps llama.cpp from taking the repeated turn apart into thinking and answer, and makes it name the stop string that
ended generation, which its chat replies leave out otherwise."""

PENALISED_TOKENS = 65536
"""The last tokens that llama.cpp's repetition penalty looks at, as good as all; it has no word for all of them."""
SHORTEST_WHOLE = 24
"""Characters of a whole turn that no model writes again by chance: more than any opening delimiter, which some models
write a second time."""
SHORTEST_PART = 64
"""Characters from the beginning of a turn that count as repeated when they are at least half of it: more than the
first words of a thought, with which some models begin a second one."""


@dataclass(frozen=True, kw_only=True)
class Prefill:
    """Whether replies of a server begin with the turn that they continue; ``fields`` are added to every request.

    ``opened``: the server's chat template opens thinking itself, so that turns are sent in another form.
    """

    repeats: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    opened: Opened | None = None

    def fields_for(self, sampling: Sampling) -> dict[str, Any]:
        """The fields of one request; llama.cpp has its own name for the repetition penalty and ignores vLLM's."""
        if not self.fields:
            return {}
        return {**self.fields, "repeat_penalty": sampling.repetition_penalty, "repeat_last_n": PENALISED_TOKENS}


NOT_REPEATED = Prefill()


def new_text(text: str, turn: str, prefill: Prefill) -> str:
    """The text that follows ``turn`` in a reply. Raises ``EngineError`` for a reply that contradicts ``prefill``."""
    if prefill.repeats:
        start = sent_turn(turn, prefill.opened).start
        if not text.startswith(start):
            raise EngineError(f"the reply does not begin with the turn it continues, {CONTRADICTION}: {_start(text)}")
        return text[len(start) :]
    if _repeats(text, turn):
        raise EngineError(f"the reply repeats the turn it continues, {CONTRADICTION}: {_start(text)}")
    return text


CONTRADICTION = (
    "unlike this server's replies to the check before the run; see that one server with fixed settings answers at this "
    "address, then re-run the command to resume"
)


def _repeats(text: str, turn: str) -> bool:
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, turn, strict=False)))
    if common == len(turn):
        return common >= SHORTEST_WHOLE
    return common >= max(SHORTEST_PART, len(turn) / 2)


def _start(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")
