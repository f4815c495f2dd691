"""Draw the next token of every row of a batch, each with its own settings and its own random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1m.types import Sampling

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Draw:
    """How one row draws: its settings, a uniform number in [0, 1), ids it may not end with yet, ids seen so far.

    With ``allowed`` nothing else is drawn.
    """

    sampling: Sampling
    uniform: float
    banned: Sequence[int]
    seen: Sequence[int]
    allowed: Sequence[int] = ()


def pick(logits: Tensor, draws: Sequence[Draw]) -> tuple[Tensor, Tensor]:
    """Token ids of shape (rows,) from logits of shape (rows, vocabulary), and the logarithms of their probabilities.

    The probabilities are those of the logits as they come, but for what is not ``allowed``.
    A row's token depends on that row's logits and uniform number alone: the inverse of the cumulative distribution,
    likeliest token first, cut to the smallest set whose probability reaches ``top_p`` (nucleus sampling, arXiv
    1904.09751). Temperature 0 takes the likeliest token. The repetition penalty is CTRL's (arXiv 1909.05858).
    """
    logits = logits.float()
    for row, draw in enumerate(draws):
        if draw.allowed:
            _narrow(logits[row], draw.allowed)
    tokens = _drawn(logits.clone(), draws)
    return tokens, logits.gather(-1, tokens[:, None]).squeeze(-1) - logits.logsumexp(-1)


def _drawn(logits: Tensor, draws: Sequence[Draw]) -> Tensor:
    import torch

    for row, draw in enumerate(draws):
        if draw.sampling.repetition_penalty != 1.0 and draw.seen:
            _penalise(logits[row], draw)
        if draw.banned:
            logits[row, list(draw.banned)] = -torch.inf
    greedy = torch.tensor([draw.sampling.temperature == 0 for draw in draws], device=logits.device)
    best = logits.argmax(-1)
    if bool(greedy.all()):
        return best
    heat = torch.tensor([max(draw.sampling.temperature, 1e-6) for draw in draws], device=logits.device)
    nucleus = torch.tensor([draw.sampling.top_p for draw in draws], device=logits.device)
    uniform = torch.tensor([draw.uniform for draw in draws], device=logits.device)
    logits = logits - logits.max(-1, keepdim=True).values  # so that no temperature, however low, overflows
    probabilities, order = (logits / heat[:, None]).softmax(-1).sort(dim=-1, descending=True, stable=True)
    cumulative = probabilities.cumsum(-1)
    kept = (cumulative - probabilities) < nucleus[:, None]  # the likeliest token is always kept
    kept &= probabilities > 0
    mass = (probabilities * kept).sum(-1)
    place = (cumulative <= (uniform * mass)[:, None]).sum(-1).clamp(max=kept.sum(-1) - 1)
    drawn = order.gather(-1, place[:, None]).squeeze(-1)
    return torch.where(greedy, best, drawn)


def _narrow(row: Tensor, allowed: Sequence[int]) -> None:
    kept = row[list(allowed)]
    row.fill_(float("-inf"))
    row[list(allowed)] = kept


def _penalise(row: Tensor, draw: Draw) -> None:
    import torch

    seen = torch.tensor(sorted(set(draw.seen)), device=row.device)
    penalty = draw.sampling.repetition_penalty
    row[seen] = torch.where(row[seen] > 0, row[seen] / penalty, row[seen] * penalty)
