"""Tokens that a step has drawn: on the device at once, on the host when somebody looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from s1m.engines.embedded.row import Row


class Drawn:
    """The tokens drawn for some rows, and their log-probabilities.

    The copy to the host starts here and is waited for in ``values`` alone, so that meanwhile the next step, which reads
    the tokens where they are, can be launched.
    """

    def __init__(self, rows: Sequence[Row], tokens: Tensor, logprobs: Tensor) -> None:
        """``tokens`` and ``logprobs`` have shape (rows,)."""
        import torch

        self.rows = tuple(rows)
        self.stored = tuple(row.stored for row in rows)
        """Tokens of each row that were in the cache when its next one was drawn."""
        self.tokens = tokens
        values = torch.stack([tokens.double(), logprobs.double()])
        self._copied: torch.cuda.Event | None = None
        if values.is_cuda:
            pinned = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
            values = pinned.copy_(values, non_blocking=True)
            self._copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._copied.record()
        self._values = values

    def values(self) -> tuple[list[int], list[float]]:
        """Token ids and log-probabilities, when the device has come to them."""
        if self._copied is not None:
            self._copied.synchronize()
        tokens, logprobs = self._values.tolist()
        return [int(token) for token in tokens], logprobs
