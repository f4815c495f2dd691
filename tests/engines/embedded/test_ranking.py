"""Drawing from the head of the order gives the token that sorting the whole vocabulary would give."""

from __future__ import annotations

import pytest
import torch

from s1m.engines.embedded import sampling
from s1m.engines.embedded.sampling import Draw, pick
from s1m.types import Sampling

ROWS = 400


def logits_of(spread: float) -> torch.Tensor:
    """Logits in steps of 1/8, as bfloat16 has them, so that many are equal."""
    drawn = torch.randn(ROWS, 4096, generator=torch.Generator().manual_seed(0)) * spread
    return (drawn * 8).round() / 8


@pytest.mark.parametrize("top_p", [0.3, 0.95, 1.0])
@pytest.mark.parametrize("spread", [0.5, 3.0, 12.0])
def test_head_and_whole_order_draw_the_same(spread: float, top_p: float, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Sampling(temperature=1.0, top_p=top_p)
    draws = [Draw(sampling=settings, uniform=(row + 0.5) / ROWS, banned=(), seen=()) for row in range(ROWS)]
    by_head = pick(logits_of(spread), draws)[0]
    monkeypatch.setattr(sampling, "HEAD_TOKENS", 4096)
    whole = pick(logits_of(spread), draws)[0]
    # A border of the cumulative distribution may fall to the other side of a float32 rounding error.
    assert (by_head != whole).sum() <= 1
