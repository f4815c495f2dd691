"""The path that every class can take: one request at a time through ``generate``, the whole turn read again each time.

What is drawn, and when a request is done, is decided by the same code as in a batch.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

from s1m.engines.embedded.checkpoint import Checkpoint
from s1m.engines.embedded.general.prompt import OwnPrompt
from s1m.engines.embedded.general.reading import extended, placed
from s1m.engines.embedded.row import Row
from s1m.engines.embedded.sampling import pick
from s1m.errors import EngineError
from s1m.types import Completion

if TYPE_CHECKING:
    from torch import Tensor


class OneByOne:
    """Runs requests one after another, on a thread of its own."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._inbox: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="s1m-one-by-one", daemon=True)
        self._thread.start()

    def submit(self, row: Row) -> None:
        """Queue a request; its ``deliver`` is called from this object's thread."""
        self._inbox.put(row)

    def close(self) -> None:
        """Stop after the current token; what is unfinished is delivered as an error."""
        self._closing = True
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (row := self._inbox.get()) is not None:
            if row.cancelled():
                continue
            try:
                outcome = None if self._closing else self._completion(row)
            except Exception as error:  # whatever the model raises, the thread must live
                outcome = EngineError(f"the model failed on a prompt: {error}")
            if outcome is not None or self._closing:
                row.deliver(outcome or EngineError("the engine was closed"))

    def _completion(self, row: Row) -> Completion | EngineError | None:
        """What the model writes; None for a request that nothing waits for any more."""
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList

        model, drawing = self._checkpoint.model, Drawing(row, self._checkpoint.never_ids, lambda: self._closing)
        with torch.inference_mode():
            model.generate(
                **self._inputs(row),
                max_new_tokens=row.step.max_tokens + 1,  # the row itself counts, without the token that ends it
                do_sample=False,
                eos_token_id=None,
                logits_processor=LogitsProcessorList([drawing]),
                stopping_criteria=StoppingCriteriaList([drawing.is_done]),
            )
        return drawing.completion

    def _inputs(self, row: Row) -> dict[str, Any]:
        import torch

        assert isinstance(row.prompt, OwnPrompt)
        model, read = self._checkpoint.model, len(row.prompt.ids)
        ids = torch.tensor([row.ids], device=model.device)
        said = {name: placed(extended(value, read, len(row.ids)), model) for name, value in row.prompt.inputs.items()}
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), **said}


class Drawing:
    """Draws the tokens of one row inside ``generate``, which is left with one possible token each time."""

    def __init__(self, row: Row, never_ids: tuple[int, ...], closing: Any) -> None:
        self._row = row
        self._never_ids = list(never_ids)
        self._closing = closing
        self.completion: Completion | None = None

    def __call__(self, _ids: Tensor, scores: Tensor) -> Tensor:
        """Scores of shape (1, vocabulary) with everything but the drawn token impossible."""
        import torch

        logits = scores.clone()
        logits[:, self._never_ids] = -torch.inf
        tokens, logprobs = pick(logits, [self._row.draw()])
        self.completion = self._row.accept(int(tokens[0]), float(logprobs[0]))
        only = torch.full_like(scores, -torch.inf)
        return only.scatter_(1, tokens[:, None].to(scores.device), 0.0)

    def is_done(self, ids: Tensor, _scores: Any, **_: Any) -> Tensor:
        """Whether the row has ended, of shape (1,)."""
        import torch

        done = self.completion is not None or self._row.cancelled() or self._closing()
        return torch.full((len(ids),), done, dtype=torch.bool, device=ids.device)
