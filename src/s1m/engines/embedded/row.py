"""One request inside the batcher: what it has generated, and when it is done."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from s1m.engines.embedded.choices import Choices
from s1m.engines.embedded.drawn import Drawn
from s1m.engines.embedded.hearing import Hearing
from s1m.engines.embedded.prefixes import Owner
from s1m.engines.embedded.prompt import Prompt
from s1m.engines.embedded.sampling import Draw
from s1m.engines.stops import first_stop, without_partial_stop
from s1m.errors import EngineUnavailable
from s1m.types import Completion, Finish, Sampling, Step

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(kw_only=True, eq=False)
class Row:
    """A request on its way. ``ids`` is everything before generation, the prompt included.

    ``stop_ids`` are stop strings that are single tokens; ``stop_texts`` those that have to be looked for in text.
    """

    owner: Owner
    prompt: Prompt
    ids: tuple[int, ...]
    turn_start: int
    """Where the assistant's turn begins in ``ids``."""
    step: Step
    sampling: Sampling
    stop_ids: frozenset[int]
    stop_texts: tuple[str, ...]
    choices: Choices
    end_ids: frozenset[int]
    decode: Callable[[Sequence[int]], str]
    deliver: Callable[[Completion | Exception], None]
    abandoned: Callable[[], bool]
    """Whether the caller has stopped waiting."""
    model_name: str = "the model"
    generated: list[int] = field(default_factory=list)
    logprobs: float = 0.0
    slot: int = -1
    """Where the row lives in the cache."""
    stored: int = 0
    """Tokens of ``ids`` and ``generated`` whose keys and values are in the cache once the launched steps are done."""
    pending: tuple[Drawn, int] | None = None
    """The launched step in which a token was drawn that was not looked at yet, and its index there."""
    gone: bool = False
    """Whether the row has left the batch."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.step.seed)
        self._failed = False
        self._hearing = Hearing(self.decode, self.stop_texts)
        # A token spells at least a byte of a stop string.
        self._stop_window = max((len(text.encode()) for text in self.stop_texts), default=-1) + 1

    @property
    def next_id(self) -> int:
        """The first token that is not in the cache yet, where it is known on the host."""
        index = self.stored - len(self.ids)
        return self.generated[index] if index >= 0 else self.ids[self.stored]

    @property
    def can_step(self) -> bool:
        """Whether the row can be moved on before its pending token has been looked at."""
        if self.pending is None:
            return True
        ends = len(self.generated) + 1 >= self.step.max_tokens
        # All of them shape the next draw by the pending token itself, which is still on the device.
        penalised = self.sampling.repetition_penalty != 1.0 or self.sampling.presence_penalty
        looks_back = self.choices.spelled or penalised
        return not ends and not looks_back

    @property
    def is_read(self) -> bool:
        """Whether the model has read everything there is, so that the next token can be drawn."""
        return self.stored == len(self.ids) + self._written

    @property
    def _written(self) -> int:
        """Tokens drawn, the pending one included."""
        return len(self.generated) + (self.pending is not None)

    def cancelled(self) -> bool:
        """Whether this row is to leave its batch without a completion."""
        return self._failed or self.abandoned()

    def draw(self) -> Draw:
        """How the next token of this row is drawn."""
        early = self._written < self.step.min_tokens
        return Draw(
            sampling=self.sampling,
            uniform=self._random.random(),
            banned=(*self.end_ids, *self.stop_ids) if early else (),
            allowed=self.choices.allowed(self.generated) if self.choices.spelled else (),
            seen=(*self.ids, *self.generated) if self.sampling.repetition_penalty != 1.0 else (),
            present=(*self.ids[self.turn_start :], *self.generated) if self.sampling.presence_penalty else (),
        )

    def accept(self, token: int, logprob: float, *, heard: bool = True) -> Completion | None:
        """Take the next token and the logarithm of its probability; the finished completion when it was the last.

        ``heard``: the listener is given what is new; otherwise it waits for a later token.

        Where the probability is NaN, ``EngineUnavailable`` is delivered and the row is cancelled. Looked for here, in a
        value that is on the host anyway: a check of the logits would make a GPU wait at every step.
        """
        if math.isnan(logprob):
            self._failed = True
            self.deliver(
                EngineUnavailable(
                    f"{self.model_name} gives NaN instead of probabilities: its weights are broken, or overflow in "
                    "their data type; download it again, or use another checkpoint"
                )
            )
            return None
        if token in self.stop_ids:
            return self._done("stop")
        if token in self.end_ids:
            return self._done("eos")
        self.generated.append(token)
        self.logprobs += logprob
        if self.choices.complete(self.generated):
            return self._done("eos")
        if self._has_stop_text():
            text = self.decode(self.generated)
            start = first_stop(text, self.stop_texts)
            if start is not None:
                return self._cut(text[:start], "stop")
        if len(self.generated) >= self.step.max_tokens or (heard and self._ended_by_listener()):
            return self._done("length")
        return None

    def _ended_by_listener(self) -> bool:
        """Hand on the text that is new, where it is wanted; whether the step is to end there."""
        if self.step.on_text is None:
            return False
        text = self._hearing.new(self.generated)
        return bool(text) and self.step.on_text(text)

    def _has_stop_text(self) -> bool:
        """Whether the last tokens may hold a stop string."""
        if not self._stop_window:
            return False
        end = self.decode(self.generated[-self._stop_window :])
        return any(text in end for text in self.stop_texts)

    def _done(self, finish: Finish) -> Completion:
        text = self.decode(self.generated)
        if finish == "length" and self.stop_texts:
            kept = without_partial_stop(text, self.stop_texts)
            if kept != text:
                return self._cut(kept, finish)
        return self._completion(text, finish, tuple(self.generated))

    def _cut(self, kept: str, finish: Finish) -> Completion:
        """A completion that ends inside what was generated; its ids are known where the cut falls between tokens."""
        end = len(self.generated)
        # What is cut away are a few tokens, so they are taken off from the end; the fewest that give the text are kept.
        while end and len(self.decode(self.generated[:end])) > len(kept):
            end -= 1
        ids = self.generated[:end] if self.decode(self.generated[:end]) == kept else None
        while ids and self.decode(ids[:-1]) == kept:
            ids = ids[:-1]
        return self._completion(kept, finish, None if ids is None else tuple(ids))

    def _completion(self, text: str, finish: Finish, token_ids: tuple[int, ...] | None) -> Completion:
        tokens = len(self.generated)
        logprob = self.logprobs / tokens if tokens else None
        return Completion(
            text=text,
            tokens=tokens,
            finish=finish,
            token_ids=token_ids,
            logprob=logprob,
            prompt_tokens=len(self.ids),
        )


def positions_of(rows: Sequence[Row], columns: Tensor) -> Tensor:
    """Positions of shape (channels, rows, time): the prompt's own, then the column shifted as its images ask."""
    import torch

    shifts = torch.tensor([row.prompt.shift for row in rows])
    channels = rows[0].prompt.positions.shape[0]
    positions = (columns.clamp(min=0) + shifts[:, None]).expand(channels, -1, -1).clone()
    for i, row in enumerate(rows):
        length = row.prompt.positions.shape[1]
        in_prompt = (columns[i] >= 0) & (columns[i] < length)
        if bool(in_prompt.any()):
            positions[:, i, in_prompt] = row.prompt.positions[:, columns[i, in_prompt]]
    return positions
