"""Draw the next token of several requests from their own distributions, as vLLM's sampler does.

The order is vLLM's: penalties, temperature, min-p, top-k, top-p. The token is found in the cumulative distribution by
one uniform number a request, in double precision: of 150,000 tokens single precision would shift the rare ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

GREEDY_BELOW = 1e-5
"""vLLM takes lower temperatures for greedy."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a request's tokens are drawn; the numbers that change nothing are vLLM's."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0

    @property
    def greedy(self) -> bool:
        """Whether the most probable token is taken."""
        return self.temperature < GREEDY_BELOW

    @property
    def penalises(self) -> bool:
        """Whether tokens that were there before count less."""
        return self.repetition_penalty != 1.0 or self.presence_penalty != 0.0 or self.frequency_penalty != 0.0


def penalise(logits: torch.Tensor, sampling: Sampling, prompt: Sequence[int], written: Sequence[int]) -> None:
    """Change the logits (vocabulary) of one request in place by what stands in its prompt and what it has written.

    Repetition counts both and divides positive logits, multiplies negative ones; presence and frequency count what was
    written and are subtracted.
    """
    import torch

    size = logits.shape[-1]
    seen = torch.tensor([token for token in {*prompt, *written} if token < size], dtype=torch.long)
    if sampling.repetition_penalty != 1.0 and len(seen):
        seen = seen.to(logits.device)
        values = logits[seen]
        factor = sampling.repetition_penalty
        logits[seen] = torch.where(values > 0, values / factor, values * factor)
    if written and (sampling.presence_penalty or sampling.frequency_penalty):
        tokens, counts = torch.unique(torch.tensor(list(written), dtype=torch.long), return_counts=True)
        tokens, counts = tokens.to(logits.device), counts.to(logits)
        logits[tokens] -= sampling.frequency_penalty * counts + sampling.presence_penalty


class Drawer:
    """Draws for a fixed set of requests, step after step; what their settings need is made once."""

    def __init__(self, samplings: Sequence[Sampling], device: torch.device) -> None:
        import torch

        def column(values: list[float]) -> torch.Tensor:
            return torch.tensor(values, dtype=torch.float64, device=device).unsqueeze(1)

        self._device = device
        self._all_greedy = all(sampling.greedy for sampling in samplings)
        self._any_greedy = any(sampling.greedy for sampling in samplings)
        self._greedy = torch.tensor([sampling.greedy for sampling in samplings], device=device)
        self._temperature = column([1.0 if s.greedy else s.temperature for s in samplings]).float()
        self._min_p = column([s.min_p for s in samplings]).float() if any(s.min_p for s in samplings) else None
        limited = any(s.top_k > 0 for s in samplings)
        self._top_k = [s.top_k for s in samplings] if limited else None
        self._top_p = column([s.top_p for s in samplings]) if any(s.top_p < 1 for s in samplings) else None

    def draw(self, logits: torch.Tensor, uniforms: Sequence[float]) -> list[int]:
        """A token for each row of ``logits`` (requests, vocabulary); one at minus infinity is never drawn."""
        import torch

        best = logits.argmax(dim=-1) if self._any_greedy else None
        if self._all_greedy and best is not None:
            tokens: list[int] = best.tolist()
            return tokens
        logits = logits / self._temperature
        if self._min_p is not None:
            probabilities = logits.softmax(dim=-1)
            logits = logits.masked_fill(
                probabilities < probabilities.amax(dim=-1, keepdim=True) * self._min_p, float("-inf")
            )
        if self._top_k is None and self._top_p is None:
            cumulative = logits.double().softmax(dim=-1).cumsum(dim=-1)
            drawn = _found(cumulative, uniforms)
        else:
            order = logits.argsort(dim=-1, descending=True, stable=True)
            ranked = self._cut(logits.gather(1, order))
            drawn = order.gather(1, _found(ranked.softmax(dim=-1).cumsum(dim=-1), uniforms).unsqueeze(1)).squeeze(1)
        if best is not None:
            drawn = torch.where(self._greedy, best, drawn)
        result: list[int] = drawn.tolist()
        return result

    def _cut(self, ranked: torch.Tensor) -> torch.Tensor:
        """The logits of every request from the most probable token on, without what top-k and top-p leave out."""
        import torch

        ranked = ranked.double()
        size = ranked.shape[1]
        if self._top_k is not None:
            last = torch.tensor([min(k, size) - 1 if k > 0 else size - 1 for k in self._top_k], device=ranked.device)
            # Tokens as probable as the last one stay, as in vLLM.
            ranked = ranked.masked_fill(ranked < ranked.gather(1, last.unsqueeze(1)), float("-inf"))
        if self._top_p is not None:
            probabilities = ranked.softmax(dim=-1)
            before = probabilities.cumsum(dim=-1) - probabilities
            # A token stays while those before it do not reach p; the first always does.
            beyond = before >= self._top_p
            beyond[:, 0] = False
            ranked = ranked.masked_fill(beyond, float("-inf"))
        return ranked


def _found(cumulative: torch.Tensor, uniforms: Sequence[float]) -> torch.Tensor:
    """The index of the first entry above each uniform number, scaled to the sum; never one of probability 0."""
    import torch

    points = torch.tensor(uniforms, dtype=torch.float64, device=cumulative.device).unsqueeze(1)
    found = torch.searchsorted(cumulative, points * cumulative[:, -1:], right=True)
    return found.clamp_(max=cumulative.shape[1] - 1).squeeze(1)  # rows of a prompt that is half read may be anything
