"""Where images stand among the tokens of a Qwen-VL-class model: one place-holder for every visual token, and positions
in three dimensions. Serving and training lay prompts out by the same rules, so both take them from here.

    ids        7  [image] 9       counts (3,)       columns    0  1  1  1  2
    expanded   7  [image] [image] [image] 9         positions  time, height and width, then the text's
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def visual_tokens(grids: Tensor, merge_size: int) -> list[int]:
    """The place-holders that each image takes. ``grids``, of shape (images, 3), count patches: time, height, width.

    The model merges ``merge_size`` x ``merge_size`` patches into one token.
    """
    counts: list[int] = (grids.prod(-1) // merge_size**2).tolist()
    return counts


def expanded_columns(ids: Sequence[int], image_id: int, counts: Sequence[int]) -> list[int]:
    """For every column after expansion the column of ``ids`` that it comes from.

    ``ids`` hold ``image_id`` once an image, ``counts`` the tokens of each. Raises ``ValueError`` where the numbers of
    images differ.
    """
    slots = list(ids).count(image_id)
    if slots != len(counts):
        raise ValueError(f"{slots} place-holders for {len(counts)} images")
    waiting = iter(counts)
    return [column for column, token in enumerate(ids) for _ in range(next(waiting) if token == image_id else 1)]


def rope_positions(model: Any, ids: Sequence[int], image_id: int, grids: Tensor | None) -> tuple[Tensor, int]:
    """Positions of expanded ``ids``, of shape (3, time): time, height and width; and the shift of what follows.

    ``model`` is the inner model of a Qwen-VL class, of which only the rules are used. Text sits at its column plus the
    shift: an image takes as many positions as its longer side, which are fewer than its tokens.
    """
    import torch

    if grids is None:
        return torch.arange(len(ids)).expand(3, -1), 0
    row = torch.tensor([list(ids)])
    positions, shift = model.get_rope_index(
        row,
        mm_token_type_ids=(row == image_id).int(),
        image_grid_thw=grids,
        attention_mask=torch.ones_like(row),
    )
    return positions[:, 0], int(shift[0, 0])
