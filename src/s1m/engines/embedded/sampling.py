"""Draw the next token of every row of a batch, each with its own settings and its own random numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1m.types import Sampling

if TYPE_CHECKING:
    from torch import Tensor

HEAD_TOKENS = 1024
"""Likeliest tokens that are ranked before the whole vocabulary is: trained models give them nearly all probability."""


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
    present: Sequence[int] = ()
    """Ids in the assistant's turn so far, where the presence penalty is on."""


def pick(logits: Tensor, draws: Sequence[Draw]) -> tuple[Tensor, Tensor]:
    """Token ids of shape (rows,) from logits of shape (rows, vocabulary), and the logarithms of their probabilities.

    The probabilities are those of the logits as they come, but for what is not ``allowed``.
    A row's token depends on that row's logits and uniform number alone: the inverse of the cumulative distribution,
    likeliest token first, cut to the smallest set whose probability reaches ``top_p`` (nucleus sampling, arXiv
    1904.09751). Temperature 0 takes the likeliest token. The repetition penalty is CTRL's (arXiv 1909.05858); the
    presence penalty is subtracted from the logits of every token in the turn so far. After the temperature, ``min_p``
    keeps tokens at least that fraction as probable as the likeliest one (arXiv 2407.01082), and ``top_k`` the k
    likeliest of them, with those as likely as the last; ``top_p`` is a part of what these two leave. That is vLLM's
    order.
    """
    logits = logits.float()
    for row, draw in enumerate(draws):
        if draw.allowed:
            _narrow(logits[row], draw.allowed)
    tokens = _drawn(logits, draws)
    return tokens, logits.gather(-1, tokens[:, None]).squeeze(-1) - logits.logsumexp(-1)


def _drawn(logits: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Token ids of shape (rows,); ``logits`` are left as they are."""
    import torch

    banned = [(row, token) for row, draw in enumerate(draws) for token in draw.banned]
    penalised = [row for row, draw in enumerate(draws) if draw.seen]
    present = [row for row, draw in enumerate(draws) if draw.present]
    if banned or penalised or present:
        logits = logits.clone()
    for row in penalised:
        _penalise(logits[row], draws[row])
    for row in present:
        ids = _on_device(torch.tensor(sorted(set(draws[row].present))), logits)
        logits[row, ids] -= draws[row].sampling.presence_penalty
    if banned:
        rows, tokens = _on_device(torch.tensor(banned), logits).T
        logits[rows, tokens] = -torch.inf
    settings = [draw.sampling for draw in draws]
    best = logits.argmax(-1)
    if all(sampling.temperature == 0 for sampling in settings):
        return best
    numbers = torch.tensor(
        [
            # Greedy rows are drawn along with the others and overwritten below; 0 would divide by zero.
            [max(sampling.temperature, 1e-6) for sampling in settings],
            [sampling.top_p for sampling in settings],
            [draw.uniform for draw in draws],
        ]
    )
    heat, nucleus, uniform = _on_device(numbers, logits)[:, :, None]
    logits = logits - logits.max(-1, keepdim=True).values  # so that no temperature, however low, overflows
    drawn = _by_rank(_truncated(logits / heat, settings).softmax(-1), nucleus, uniform)
    if all(sampling.temperature > 0 for sampling in settings):
        return drawn
    greedy = torch.tensor([sampling.temperature == 0 for sampling in settings], device=logits.device)
    return torch.where(greedy, best, drawn)


def _truncated(scaled: Tensor, settings: Sequence[Sampling]) -> Tensor:
    """Logits of shape (rows, vocabulary), whose largest is 0, without what ``min_p`` and ``top_k`` cut off.

    As they come where both are off in every row. The sizes of tensors follow from the settings, never from a value of
    ``scaled``: that would make a GPU wait.
    """
    import torch

    if any(sampling.min_p for sampling in settings):
        lowest = [math.log(sampling.min_p) if sampling.min_p else -math.inf for sampling in settings]
        least = _on_device(torch.tensor(lowest), scaled)[:, None]
        scaled = scaled.masked_fill(scaled < least, -torch.inf)
    counts = [min(sampling.top_k, scaled.shape[-1]) for sampling in settings]
    if any(counts):
        last = _on_device(torch.tensor([max(count - 1, 0) for count in counts]), scaled)[:, None]
        off = _on_device(torch.tensor([not count for count in counts]), scaled)[:, None]
        least = scaled.topk(max(counts), dim=-1).values.gather(-1, last).masked_fill(off, -torch.inf)
        scaled = scaled.masked_fill(scaled < least, -torch.inf)
    return scaled


def _by_rank(probabilities: Tensor, nucleus: Tensor, uniform: Tensor) -> Tensor:
    """Token ids of shape (rows,), drawn from the likeliest ones down; equally likely ones stand in order of their ids.

    On a CPU, sorting a vocabulary of 150,000 takes longer than the model's last layer, so the head of the order is
    tried first; the rows for which it is too short are sorted whole. Both give the same token. A GPU sorts 64 rows in
    0.7 ms, and to ask it whether the head was enough would mean to wait for it.
    """
    if probabilities.is_cuda or probabilities.shape[-1] <= 2 * HEAD_TOKENS:
        return _placed(*probabilities.sort(dim=-1, descending=True, stable=True), nucleus, uniform)
    head, ids = probabilities.topk(HEAD_TOKENS, dim=-1)
    ids = ids.sort(-1).values  # topk promises no order among equals: by id first, then stably by probability
    head, place = probabilities.gather(-1, ids).sort(dim=-1, descending=True, stable=True)
    ids = ids.gather(-1, place)
    reached = head.cumsum(-1)[:, -1:]
    drawn = _placed(head, ids, nucleus, uniform, whole=nucleus >= 1)
    enough = (reached >= nucleus) | ((nucleus >= 1) & (reached > uniform))
    # What is as unlikely as the last of the head may have equals beyond it that stand before it.
    enough &= probabilities.gather(-1, drawn[:, None]) > head[:, -1:]
    short = (~enough.squeeze(-1)).nonzero().squeeze(-1)
    if len(short):
        drawn[short] = _placed(
            *probabilities[short].sort(dim=-1, descending=True, stable=True), nucleus[short], uniform[short]
        )
    return drawn


def _placed(ranked: Tensor, ids: Tensor, nucleus: Tensor, uniform: Tensor, whole: Tensor | None = None) -> Tensor:
    """Token ids of shape (rows,) from probabilities of shape (rows, tokens) in falling order, those of ``ids``.

    The nucleus's probability is taken as 1 where it is the ``whole`` distribution, of which only the head is here.
    """
    cumulative = ranked.cumsum(-1)
    kept = (cumulative - ranked) < nucleus  # the likeliest token is always kept
    kept &= ranked > 0
    mass = (ranked * kept).sum(-1, keepdim=True)
    if whole is not None:
        mass = mass.masked_fill(whole, 1.0)
    place = (cumulative <= uniform * mass).sum(-1).clamp(max=kept.sum(-1) - 1).clamp(min=0)  # NaN keeps none
    return ids.gather(-1, place[:, None]).squeeze(-1)


def _on_device(values: Tensor, like: Tensor) -> Tensor:
    """Values of the host where ``like`` is, without waiting for a GPU."""
    return values.pin_memory().to(like.device, non_blocking=True) if like.is_cuda else values.to(like.device)


def _narrow(row: Tensor, allowed: Sequence[int]) -> None:
    kept = row[list(allowed)]
    row.fill_(float("-inf"))
    row[list(allowed)] = kept


def _penalise(row: Tensor, draw: Draw) -> None:
    import torch

    # Some classes have place-holders that the last layer cannot write, and that are in the prompt.
    seen = torch.tensor(sorted(token for token in set(draw.seen) if token < len(row)), device=row.device)
    penalty = draw.sampling.repetition_penalty
    # A negative logit is multiplied: divided, it would rise.
    row[seen] = torch.where(row[seen] > 0, row[seen] / penalty, row[seen] * penalty)
