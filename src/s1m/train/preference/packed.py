"""Padded rows of pairs, computed as one packed row: TRL's trainer sees a row for each response, the model no padding.

TRL sums log-probabilities by row, so its trainer needs rows. The model needs none: here its forward pass takes the
tokens that are not padding, one conversation after the other with positions of its own, and puts what it gives for each
back where TRL looks for it. Exact where packed rows are: see ``s1m.train.model.layout``.
"""

from __future__ import annotations

import functools
from types import MethodType
from typing import TYPE_CHECKING, Any

from s1m.train.model.towers import unwrapped

if TYPE_CHECKING:
    from torch import Tensor


def pack_forward(model: Any) -> None:
    """Let a model that TRL asks for log-probabilities read padded rows as one packed row."""
    plain = unwrapped(model)
    fused = plain.forward

    @functools.wraps(type(plain).forward)
    def forward(_self: Any, *arguments: Any, **options: Any) -> Any:
        if not options.get("fused_lm_head"):
            return fused(*arguments, **options)
        return packed(fused, **options)

    plain.forward = MethodType(forward, plain)


def packed(fused: Any, *, input_ids: Tensor, attention_mask: Tensor, shift_labels: Tensor, **options: Any) -> Any:
    """What ``fused`` gives for rows of shape (rows, time), computed as one row; zeros at padding."""
    import torch

    real = attention_mask.bool()
    positions = (attention_mask.cumsum(dim=-1) - 1)[real][None]
    rope: Tensor | None = options.pop("position_ids", None)  # (3, rows, time)
    if rope is not None:
        positions = torch.cat([positions[None], rope[:, real][:, None]])
    options.pop("labels", None)  # the shifted ones say the same
    output = fused(
        input_ids=input_ids[real][None], position_ids=positions, shift_labels=shift_labels[real][None], **options
    )
    in_rows = {
        name: value.new_zeros(real.shape).masked_scatter(real, value)
        if torch.is_tensor(value) and value.shape == (1, int(real.sum()))
        else value
        for name, value in output.items()
    }
    return type(output)(**in_rows)
