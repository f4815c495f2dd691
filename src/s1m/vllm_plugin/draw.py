"""Draw the next token of several requests from their own distributions, as vLLM's sampler does.

Penalties, temperature, min-p, top-k, top-p, as in vLLM. The token is found in the cumulative distribution by a uniform
number, summed in double precision: over 150,000 tokens single precision would shift the rare ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

GREEDY_BELOW = 1e-5
"""vLLM takes lower temperatures for greedy."""

MOST_TRIES = 16
"""Of drawing again, before the tokens are sorted after all: for a small p, of which few are within."""


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

    def draw(self, logits: torch.Tensor, uniform: Callable[[int, int], float]) -> list[int]:
        """A token for each row of ``logits`` (requests, vocabulary); one at minus infinity is never drawn.

        ``uniform`` gives a number in [0, 1) for a row and a try. Top-p needs no sorting: a token is drawn from all that
        are left and drawn again until it is one of those that p keeps, which takes at most 1 / p tries on average.
        """
        import torch

        best = logits.argmax(dim=-1) if self._any_greedy else None
        if self._all_greedy and best is not None:
            tokens: list[int] = best.tolist()
            return tokens
        logits = logits / self._temperature
        if self._top_k is not None:
            logits = self._among_the_first(logits, self._top_k)
        probabilities = logits.softmax(dim=-1)
        if self._min_p is not None:
            least = probabilities.amax(dim=-1, keepdim=True) * self._min_p
            probabilities = probabilities.masked_fill(probabilities < least, 0.0)
        cumulative = probabilities.cumsum(dim=-1, dtype=torch.float64)
        rows = list(range(len(logits)))
        drawn = _found(cumulative, [uniform(row, 0) for row in rows])
        if self._top_p is not None:
            self._draw_again(probabilities, cumulative, drawn, uniform)
        if best is not None:
            drawn = torch.where(self._greedy, best, drawn)
        result: list[int] = drawn.tolist()
        return result

    def _draw_again(
        self,
        probabilities: torch.Tensor,
        cumulative: torch.Tensor,
        drawn: torch.Tensor,
        uniform: Callable[[int, int], float],
    ) -> None:
        """Replace every drawn token that top-p leaves out."""
        assert self._top_p is not None
        rows = list(range(len(drawn)))
        tried, of_all = 0, True
        while rows and tried < MOST_TRIES:
            at = slice(None) if of_all else rows
            own = probabilities[at]
            chances = own.gather(1, drawn[at].unsqueeze(1))
            before = own.masked_fill(own <= chances, 0.0).sum(dim=-1, keepdim=True, dtype=own.dtype)
            # A token stays while the more probable ones do not reach p; nothing comes before the most probable one.
            out = (before >= self._top_p[at] * cumulative[at, -1:]) & (before > 0)
            rows = [row for row, left_out in zip(rows, out.squeeze(1).tolist(), strict=True) if left_out]
            tried, of_all = tried + 1, False
            if rows:
                drawn[rows] = _found(cumulative[rows], [uniform(row, tried) for row in rows])
        if rows:
            drawn[rows] = self._sorted(probabilities[rows], self._top_p[rows], [uniform(row, tried) for row in rows])

    @staticmethod
    def _sorted(probabilities: torch.Tensor, top_p: torch.Tensor, uniforms: Sequence[float]) -> torch.Tensor:
        """A token for each row, among those that top-p keeps, the long way."""
        import torch

        ranked, order = probabilities.sort(dim=-1, descending=True)
        cumulative = ranked.cumsum(dim=-1, dtype=torch.float64)
        left_out = cumulative - ranked >= top_p * cumulative[:, -1:]
        left_out[:, 0] = False
        kept = ranked.masked_fill(left_out, 0.0).cumsum(dim=-1, dtype=torch.float64)
        return order.gather(1, _found(kept, uniforms).unsqueeze(1)).squeeze(1)

    def _among_the_first(self, logits: torch.Tensor, top_k: Sequence[int]) -> torch.Tensor:
        """The logits without what top-k leaves out; tokens as probable as the last one stay, as in vLLM."""
        import torch

        size = logits.shape[1]
        counts = [k if 0 < k < size else size for k in top_k]
        most = max((k for k in counts if k < size), default=size)
        first = logits.topk(most, dim=-1).values
        last = torch.tensor([min(k, most) - 1 for k in counts], device=logits.device).unsqueeze(1)
        least = first.gather(1, last)
        unlimited = torch.tensor([k == size for k in counts], device=logits.device).unsqueeze(1)
        return logits.masked_fill((logits < least) & ~unlimited, float("-inf"))


def _found(cumulative: torch.Tensor, uniforms: Sequence[float]) -> torch.Tensor:
    """The index of the first entry above each uniform number, scaled to the sum; never one of probability 0."""
    import torch

    points = torch.tensor(uniforms, dtype=torch.float64, device=cumulative.device).unsqueeze(1)
    found = torch.searchsorted(cumulative, points * cumulative[:, -1:], right=True)
    return found.clamp_(max=cumulative.shape[1] - 1).squeeze(1)  # rows of a prompt that is half read may be anything
