"""Attention of packed rows where flash attention is not installed: PyTorch's, example by example.

With a mask of blocks, PyTorch computes the whole square of a packed row and throws most of it away. Here each example's
own square is computed and nothing else, so a row costs what its examples would cost alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

PACKED = "s1m_packed"
"""Its name as an ``attn_implementation`` of transformers."""


def register() -> None:
    """Make it known to transformers under its name. Safe to call twice."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(PACKED, packed_attention)
    AttentionMaskInterface.register(PACKED, no_mask)


def packed_attention(
    module: Any, query: Tensor, key: Tensor, value: Tensor, _mask: None, **options: Any
) -> tuple[Tensor, None]:
    """Causal attention within each example of a row; tensors of shape (1, heads, time, size).

    ``options["position_ids"]`` of shape (1, time) counts each example's tokens from 0. Returns (1, time, heads, size).
    """
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    ends = [*(options.pop("position_ids")[0] == 0).nonzero()[1:, 0].tolist(), query.shape[2]]
    lengths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    parts = zip(*(torch.split(tensor, lengths, dim=2) for tensor in (query, key, value)), strict=True)
    found = [sdpa_attention_forward(module, q, k, v, None, **options)[0] for q, k, v in parts]
    return torch.cat(found, dim=1), None


def no_mask(*_: Any, **__: Any) -> None:
    """No mask: which tokens see each other follows from the positions."""
