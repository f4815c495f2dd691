"""Tokens that a step has drawn: on the device at once, on the host when they are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Drawn:
    """The tokens drawn in one step, and their log-probabilities.

    The copy to the host starts here and is waited for in ``values`` alone, so that meanwhile the next step, which reads
    the tokens where they are, can be launched.
    """

    def __init__(self, tokens: Tensor, logprobs: Tensor) -> None:
        """``tokens`` and ``logprobs`` have shape (rows,)."""
        import torch

        self.tokens = tokens
        if tokens.device.type == "mps":  # which has no doubles
            tokens, logprobs = tokens.cpu(), logprobs.cpu()
        # One copy for both; a double holds every token id exactly.
        values = torch.stack([tokens.double(), logprobs.double()])
        self._copied: torch.cuda.Event | None = None
        if values.is_cuda:
            # Into pageable memory a copy is never asynchronous, whatever non_blocking says.
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
