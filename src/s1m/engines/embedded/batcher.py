"""Continuous batching: every row takes one token a round, rows join and leave between rounds.

One thread owns the model. Each round it lets waiting requests in (one forward pass over what is new of them: the whole
prompt with its images the first time, a few tokens when the problem's past is remembered), then moves all rows on by
one token. Positions and rotary shifts belong to the row, never to the model, so problems cannot mix.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from s1m.engines.embedded.cache import SlotCache
from s1m.engines.embedded.checkpoint import Checkpoint
from s1m.engines.embedded.prefixes import PrefixStore
from s1m.engines.embedded.prompt import joined
from s1m.engines.embedded.row import Row
from s1m.engines.embedded.sampling import pick
from s1m.errors import EngineError

if TYPE_CHECKING:
    from torch import Tensor

ADMIT_EVERY = 4
"""Rounds between admissions while rows are running: letting rows in one by one costs a forward pass each."""

PREFILL_TOKENS = 16_384
"""Tokens, padding included, of one admission's forward pass; bounds its memory."""


class Batcher:
    """Runs up to ``max_rows`` requests at a time on one model, on its own thread."""

    def __init__(self, checkpoint: Checkpoint, max_rows: int, prefix_bytes: int) -> None:
        self._checkpoint = checkpoint
        self._max_rows = max_rows
        self._cache = SlotCache(max_rows)
        self._prefixes = PrefixStore(prefix_bytes)
        self._inbox: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
        self._waiting: deque[Row] = deque()
        self._rows: list[Row] = []  # row i lives in slot i
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
                    self._guard(self._admit, len(self._rows))
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
        """Run a forward pass; when it fails, so do the rows from ``first`` on, which were in it, and nobody else."""
        try:
            forward()
        except Exception as error:  # whatever the model raises, the thread must live
            failed, self._rows = self._rows[first:], self._rows[:first]
            for row in failed:
                row.deliver(EngineError(f"the model failed on a batch: {error}"))

    def _collect(self, *, block: bool) -> None:
        """Take in what was submitted; wait for something when there is nothing to do."""
        while block or not self._inbox.empty():
            row = self._inbox.get()
            if row is None:
                self._closing = True
                return
            self._waiting.append(row)
            block = False

    def _admit(self) -> None:
        """Let waiting rows into free slots and draw their first token."""
        first = len(self._rows)
        covered = self._choose()
        if covered:
            self._settle(first, self._prefill(first, covered))

    def _choose(self) -> list[int]:
        """Move waiting rows into slots, as many as one forward pass holds; how much of each is remembered."""
        covered: list[int] = []
        widest = 0
        while self._waiting and len(self._rows) < self._max_rows:
            row = self._waiting[0]
            past, known = self._prefixes.longest(row.owner, row.ids)
            known = row.prompt.without_part_of_an_image(min(known, len(row.ids) - 1))
            wider = max(widest, len(row.ids) - known)
            if covered and wider * (len(covered) + 1) > PREFILL_TOKENS:
                break
            self._waiting.popleft()
            if row.cancelled():
                continue
            if past is not None and known:
                self._cache.put(len(self._rows), past, known)
            self._rows.append(row)
            covered.append(known)
            widest = wider
        return covered

    def _prefill(self, first: int, covered: list[int]) -> Tensor:
        """Logits after what is new of the rows from ``first`` on, their images included where nothing is remembered."""
        import torch

        new = self._rows[first:]
        widest = max(len(row.ids) - known for row, known in zip(new, covered, strict=True))
        ids = torch.zeros((len(new), widest), dtype=torch.long)
        columns = torch.full((len(new), widest), -1)
        for i, (row, known) in enumerate(zip(new, covered, strict=True)):
            fresh = len(row.ids) - known
            ids[i, widest - fresh :] = torch.tensor(row.ids[known:])
            columns[i, widest - fresh :] = torch.arange(known, len(row.ids))
        pixels = [row.prompt.pixels(known) for row, known in zip(new, covered, strict=True)]
        return self._forward(first, ids, columns, joined([some for some in pixels if some]))

    def _advance(self) -> None:
        """One more token for every row."""
        import torch

        ids = torch.tensor([[row.generated[-1]] for row in self._rows])
        columns = torch.tensor([[row.stored] for row in self._rows])
        self._settle(0, self._forward(0, ids, columns, {}))

    def _forward(self, first: int, ids: Tensor, columns: Tensor, vision: dict[str, Tensor]) -> Tensor:
        """Logits of shape (rows, vocabulary) after new tokens; ``columns`` is where each goes, -1 for padding."""
        import torch

        model = self._checkpoint.model
        rows = self._rows[first : first + len(ids)]
        read = int(columns.max()) + 1
        self._cache.aim(first, columns.to(model.device), read)
        visible = torch.arange(read) <= columns[:, :, None]  # (rows, time, read)
        visible[:, :, 0] |= columns < 0  # padding must see something, or its softmax is undefined
        output = model(
            input_ids=ids.to(model.device),
            attention_mask=visible[:, None].to(model.device),
            position_ids=self._positions(rows, columns).to(model.device),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
            **{name: tensor.to(model.device) for name, tensor in vision.items()},
        )
        logits: Tensor = output.logits[:, -1]
        logits[:, self._checkpoint.never_ids] = -torch.inf
        return logits

    def _positions(self, rows: list[Row], columns: Tensor) -> Tensor:
        """Positions of shape (3, rows, time): the prompt's own, then the column shifted as the prompt's images ask."""
        import torch

        shifts = torch.tensor([row.prompt.shift for row in rows])
        positions = (columns.clamp(min=0) + shifts[:, None]).expand(3, -1, -1).clone()
        for i, row in enumerate(rows):
            length = row.prompt.positions.shape[1]
            in_prompt = (columns[i] >= 0) & (columns[i] < length)
            if bool(in_prompt.any()):
                positions[:, i, in_prompt] = row.prompt.positions[:, columns[i, in_prompt]]
        return positions

    def _settle(self, first: int, logits: Tensor) -> None:
        """Draw a token for the rows from ``first`` on; rows that are done leave, the last row taking their slot."""
        rows = self._rows[first : first + len(logits)]
        tokens, logprobs = (values.tolist() for values in pick(logits, [row.draw() for row in rows]))
        for slot in range(first + len(rows) - 1, first - 1, -1):
            row = self._rows[slot]
            completion = row.accept(tokens[slot - first], logprobs[slot - first])
            if completion is None and not row.cancelled():
                continue
            if completion is not None:
                if completion.finish != "eos":
                    self._remember(slot, row)
                row.deliver(completion)
            last = self._rows.pop()
            if last is not row:
                self._rows[slot] = last
                self._cache.move(len(self._rows), slot, last.stored)

    def _remember(self, slot: int, row: Row) -> None:
        """Keep a row's past for the step that goes on from it; a turn that the model ended has none."""
        length = row.stored
        self._prefixes.keep(row.owner, (*row.ids, *row.generated)[:length], self._cache.take(slot, length))
