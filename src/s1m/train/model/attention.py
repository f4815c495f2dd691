"""Attention of packed rows where the package flash-attn is not installed: PyTorch's, example by example.

With a mask of blocks, PyTorch computes the whole square of a packed row and throws most of it away. Here each example's
own square is computed and nothing else, so a row costs what its examples would cost alone. On a GPU, in half
precision, that is one kernel of PyTorch's own for all examples of a row; elsewhere one call an example.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
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

    borders = borders_of(options.pop("position_ids"))
    if query.is_cuda and query.dtype in (torch.bfloat16, torch.float16):
        return _in_one_kernel(query, key, value, borders, options.get("scaling")), None
    parts = zip(*(torch.split(tensor, borders.lengths, dim=2) for tensor in (query, key, value)), strict=True)
    attended = [sdpa_attention_forward(module, q, k, v, None, **options)[0] for q, k, v in parts]
    return torch.cat(attended, dim=1), None


@dataclass(frozen=True)
class Borders:
    """Where the examples of a row begin and end, on the host and on the device."""

    lengths: list[int]
    offsets: Tensor
    """Of shape (examples + 1,): 0, then the end of each example."""


def borders_of(position_ids: Tensor) -> Borders:
    """The borders of a row. Kept with the tensor: every layer asks, and on a GPU looking means waiting for it."""
    import torch

    kept: Borders | None = getattr(position_ids, "s1m_borders", None)
    if kept is None:
        starts = (position_ids[0] == 0).nonzero()[1:, 0].tolist()
        ends = [*starts, position_ids.shape[1]]
        lengths = [end - start for start, end in zip([0, *starts], ends, strict=True)]
        offsets = torch.tensor([0, *ends], dtype=torch.int32, device=position_ids.device)
        kept = Borders(lengths, offsets)
        position_ids.s1m_borders = kept  # type: ignore[attr-defined]
    return kept


def _in_one_kernel(query: Tensor, key: Tensor, value: Tensor, borders: Borders, scale: float | None) -> Tensor:
    """Flash attention over all examples at once; it takes fewer key-value heads than query heads as they are."""
    from torch.nn.attention.varlen import varlen_attn

    longest = max(borders.lengths)
    q, k, v = (tensor[0].transpose(0, 1) for tensor in (query, key, value))  # (time, heads, size)
    known = inspect.signature(varlen_attn).parameters  # torch 2.10 says is_causal, later ones a window
    options: dict[str, Any] = {"window_size": (-1, 0)} if "window_size" in known else {"is_causal": True}
    options |= {"enable_gqa": True} if "enable_gqa" in known else {}
    options |= {"scale": scale} if "scale" in known else {}
    attended: Any = varlen_attn(q, k, v, borders.offsets, borders.offsets, longest, longest, **options)
    return attended[None]  # type: ignore[no-any-return]


def no_mask(*_: Any, **__: Any) -> None:
    """No mask: which tokens see each other follows from the positions."""
