"""Continuous batching: every row takes one token a round, rows join and leave between rounds.

One thread owns the model. Each round it lets waiting requests in, then moves all rows on by one token. A request whose
past is remembered but for a few tokens, as almost every step of budget forcing is, joins the round as it is and has
these tokens read one a round; another one is read in a forward pass of its own, its images included. Positions and
rotary shifts belong to the row, never to the model, so problems cannot mix.

On a GPU a round is launched before the tokens of the round before have been looked at: they are read where they were
drawn, on the device, and what the host does with them costs no time while the device is busy. A row that turns out to
have ended has then been moved on once too often, which is forgotten.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1m.engines.embedded.cache import Past, SlotCache
from s1m.engines.embedded.checkpoint import Checkpoint
from s1m.engines.embedded.decoder import NO_STEP, PADDING, Decoder
from s1m.engines.embedded.drawn import Drawn
from s1m.engines.embedded.general.masks import STATE, layer_kinds
from s1m.engines.embedded.general.prompt import OwnPrompt
from s1m.engines.embedded.general.reading import read_prompt
from s1m.engines.embedded.general.states import StateCache
from s1m.engines.embedded.pace import Pace
from s1m.engines.embedded.prefixes import PrefixStore
from s1m.engines.embedded.prompt import joined
from s1m.engines.embedded.row import Row, positions_of
from s1m.engines.embedded.sampling import pick
from s1m.errors import EngineError

if TYPE_CHECKING:
    from torch import Tensor

ADMIT_EVERY = 4
"""Rounds between admissions while rows are running: letting rows in one by one costs a forward pass each."""

FED_TOKENS = 16
"""Longest continuation that is read one token a round. A forward pass of its own would hold up every other row for as
long as several rounds take; an ignore string or an answer cue is one to eight tokens."""

PREFILL_TOKENS = 16_384
"""Tokens, padding included, of one admission's forward pass; bounds its memory."""


@dataclass(frozen=True, eq=False)
class Round:
    """A launched step: the rows that drew a token in it, and what they drew, in the same order."""

    rows: tuple[Row, ...]
    stored: tuple[int, ...]
    """Tokens of each row that were in the cache when its next one was drawn."""
    drawn: Drawn


class Batcher:
    """Runs up to ``max_rows`` requests at a time on one model, on its own thread."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        max_rows: int,
        prefix_bytes: int,
        *,
        cuda_graphs: bool = True,
        ahead: bool | None = None,
        channels: int = 3,
    ) -> None:
        """``ahead``: launch a round before the last one's tokens are looked at; None: on a GPU, where it saves time.

        ``channels`` are those of a position: three where images are laid out in time, height and width.
        """
        self._checkpoint = checkpoint
        self._max_rows = max_rows
        self._has_states = STATE in layer_kinds(checkpoint.model.config)
        self._cache = StateCache(max_rows) if self._has_states else SlotCache(max_rows)
        self._decoder = Decoder(checkpoint, self._cache, graphs=cuda_graphs, channels=channels)
        self._prefixes = PrefixStore(prefix_bytes, whole=self._has_states)
        self._inbox: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
        self._waiting: deque[Row] = deque()
        self._rows: list[Row] = []  # row i lives in slot i
        self._ahead = checkpoint.model.device.type == "cuda" if ahead is None else ahead
        if self._has_states:
            self._ahead = False  # a step too many could not be forgotten
        self._launched: Round | None = None
        self._pace = Pace()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="s1m-batcher", daemon=True)
        self._thread.start()

    def submit(self, row: Row) -> None:
        """Queue a request; its ``deliver`` is called from the batcher's thread."""
        self._inbox.put(row)

    def close(self) -> None:
        """Stop after the current round; what is unfinished is delivered as an error."""
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        import torch

        rounds = 0
        with torch.inference_mode():
            while not self._closing:
                self._collect(block=not self._rows and not self._waiting)
                if self._waiting and (not self._rows or rounds % ADMIT_EVERY == 0):
                    self._admit()
                if self._rows:
                    self._guard(self._advance, 0)
                rounds += 1
        while not self._inbox.empty():
            row = self._inbox.get()
            if row is not None:
                self._waiting.append(row)
        for row in (*self._rows, *self._waiting):
            row.deliver(EngineError("the engine was closed"))

    def _guard(self, forward: Callable[[], None], first: int) -> None:
        """Run a forward pass; when it fails, the rows from ``first`` on, which were in it, fail and no others."""
        try:
            forward()
        except Exception as error:  # whatever the model raises, the thread must live
            failed, self._rows = self._rows[first:], self._rows[:first]
            self._launched = self._launched if self._rows else None
            for row in failed:
                row.gone = True
                row.deliver(EngineError(f"the model failed on a batch: {error}"))

    def _collect(self, *, block: bool) -> None:
        """Take in what was submitted; wait for something when there is nothing to do."""
        while block or not self._inbox.empty():  # this thread alone takes from it, so get() finds something
            row = self._inbox.get()
            if row is None:
                self._closing = True
                return
            if self._waiting or not self._feed(row):
                self._waiting.append(row)
            block = False

    def _feed(self, row: Row) -> bool:
        """Let a row in at once, where there is a slot and all but a few of its tokens are remembered."""
        if len(self._rows) >= self._max_rows:
            return False
        past, known = self._remembered(row)
        if past is None or known < len(row.prompt.ids) or len(row.ids) - known > FED_TOKENS:
            return False
        if not row.cancelled():
            self._place(row, past, known)
        return True

    def _remembered(self, row: Row) -> tuple[Past | None, int]:
        """The past of a row, and how much of it to use: the last token is always read, for what follows it."""
        past, known = self._prefixes.longest(row.owner, row.ids)
        return past, row.prompt.without_part_of_an_image(min(known, len(row.ids) - 1))

    def _place(self, row: Row, past: Past | None, known: int) -> None:
        """Put a row into the next slot, with what is remembered of it."""
        if past is not None and known:
            self._cache.put(len(self._rows), past, known)
        row.stored = known if past is not None else 0
        row.slot = len(self._rows)
        self._rows.append(row)

    def _admit(self) -> None:
        """Let waiting rows into free slots: those that can be fed, and as many others as one forward pass holds."""
        while self._waiting and self._feed(self._waiting[0]):
            self._waiting.popleft()
        first, widest = len(self._rows), 0
        while self._waiting and len(self._rows) < self._max_rows:
            row = self._waiting[0]
            past, known = self._remembered(row)
            wider = max(widest, len(row.ids) - known)
            if len(self._rows) > first and wider * (len(self._rows) - first + 1) > PREFILL_TOKENS:
                break
            self._waiting.popleft()
            if row.cancelled():
                continue
            if len(row.ids) - known > 1 if self._has_states else row.prompt.is_read_alone and not known:
                past, known = self._read_alone(row)
                if past is None:
                    continue
                wider = max(widest, len(row.ids) - known)
            self._place(row, past, known)
            widest = wider
        if len(self._rows) > first:
            self._guard(lambda: self._prefill(first), first)

    def _read_alone(self, row: Row) -> tuple[Past | None, int]:
        """The past of a prompt that only the model's own forward pass can read, and how much of it to use.

        It is remembered at once: every chain of a problem begins with it. A row whose prompt fails is delivered so.
        """
        assert isinstance(row.prompt, OwnPrompt)
        # States cannot be cut back to before the last token, so it is left out.
        ids = row.ids[:-1] if self._has_states else row.prompt.ids
        try:
            past = read_prompt(self._checkpoint.model, row.prompt, ids)
        except Exception as error:  # whatever the model raises, the thread must live
            row.gone = True
            row.deliver(EngineError(f"the model failed on a prompt: {error}"))
            return None, 0
        self._prefixes.keep(row.owner, ids, past)
        return past, min(len(ids), len(row.ids) - 1)

    def _prefill(self, first: int) -> None:
        """Read what is new of the rows from ``first`` on, their images included where nothing is remembered."""
        import torch

        new = self._rows[first:]
        widest = max(len(row.ids) - row.stored for row in new)
        ids = torch.zeros((len(new), widest), dtype=torch.long)
        columns = torch.full((len(new), widest), PADDING)
        for i, row in enumerate(new):
            fresh = len(row.ids) - row.stored
            # Padded on the left, so that the last column holds every row's last token, whose logits are wanted.
            ids[i, widest - fresh :] = torch.tensor(row.ids[row.stored :])
            columns[i, widest - fresh :] = torch.arange(row.stored, len(row.ids))
        pixels = [row.prompt.pixels(row.stored) for row in new]
        vision = joined([some for some in pixels if some])
        logits = self._decoder.read(first, ids, columns, positions_of(new, columns), vision)
        for row in new:
            row.stored = len(row.ids)
        self._settle(self._draw(new, logits))

    def _advance(self) -> None:
        """Launch one more token for every row, then look at those that were drawn in the round before."""
        finished, self._launched = self._launched, self._launch(self._launched)
        if not self._ahead:
            finished, self._launched = self._launched, None
        if finished is not None:
            self._settle(finished)

    def _launch(self, before: Round | None) -> Round | None:
        """Move all rows on that can be: by the token drawn ``before``, or the next of those they are fed."""
        stepping = [row for row in self._rows if row.can_step]
        if not stepping:
            return None
        steps = [NO_STEP] * len(self._rows)
        for row in stepping:
            known, source = (row.next_id, -1) if row.pending is None else (0, row.pending[1])
            # Nothing of a prompt is fed: after it, positions count on with the columns.
            steps[row.slot] = (known, row.stored, row.stored + row.prompt.shift, source)
        logits = self._decoder.step(steps, None if before is None else before.drawn.tokens)
        for row in stepping:
            row.stored += 1
        drawing = [row for row in stepping if row.is_read]
        if not drawing:
            return None
        return self._draw(drawing, logits if len(drawing) == len(steps) else logits[[row.slot for row in drawing]])

    def _draw(self, rows: Sequence[Row], logits: Tensor) -> Round:
        """Draw a token for each of ``rows`` from its logits."""
        drawn = Drawn(*pick(logits, [row.draw() for row in rows]))
        for index, row in enumerate(rows):
            row.pending = drawn, index
        return Round(tuple(rows), tuple(row.stored for row in rows), drawn)

    def _settle(self, finished: Round) -> None:
        """Hand the rows their tokens; rows that are done leave, the last row taking their slot."""
        each = zip(finished.rows, finished.stored, *finished.drawn.values(), strict=True)
        heard = self._pace.is_due(sum(row.step.on_text is not None for row in finished.rows))
        # From the last slot down, so that no row is moved into a free slot only to leave it next.
        for row, stored, token, logprob in reversed(list(each)):
            if row.pending is not None and row.pending[0] is finished.drawn:
                row.pending = None  # otherwise it has drawn again since, in the round that is under way
            if row.gone:
                continue
            completion = row.accept(token, logprob, heard=heard)
            if completion is None and not row.cancelled():
                continue
            if completion is not None:
                # As of when the token was drawn: a step launched since may have written one more column.
                if completion.finish != "eos":
                    self._remember(row, stored)
                row.deliver(completion)
            self._remove(row)

    def _remove(self, row: Row) -> None:
        """Take a row out of the batch; the last one moves into its slot."""
        row.gone = True
        last = self._rows.pop()
        if last is not row:
            self._rows[row.slot] = last
            self._cache.move(last.slot, row.slot, last.stored)
            last.slot = row.slot
        if not self._rows:
            self._launched = None  # every row that it moved on has ended

    def _remember(self, row: Row, stored: int) -> None:
        """Keep a row's past for the step that goes on from it; a turn that the model ended has none."""
        self._prefixes.keep(row.owner, (*row.ids, *row.generated)[:stored], self._cache.take(row.slot, stored))
