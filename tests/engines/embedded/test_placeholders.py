"""Place-holders and positions, by the rules that serving and training share."""

from __future__ import annotations

import pytest
import torch

from s1m.engines.embedded.checkpoint import load_checkpoint
from s1m.engines.embedded.placeholders import expanded_columns, rope_positions, visual_tokens

IMAGE = 5


def test_every_visual_token_has_a_column_of_its_own() -> None:
    grids = torch.tensor([[1, 4, 6], [1, 2, 2]])
    assert visual_tokens(grids, 2) == [6, 1]
    assert expanded_columns([7, IMAGE, 8, IMAGE, 9], IMAGE, [3, 1]) == [0, 1, 1, 1, 2, 3, 4]
    assert expanded_columns([7, 8], IMAGE, []) == [0, 1]


@pytest.mark.parametrize("counts", [[], [1], [1, 1, 1]])
def test_images_without_place_holders_are_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match=rf"2 place-holders for {len(counts)} images"):
        expanded_columns([IMAGE, IMAGE], IMAGE, counts)


def test_text_sits_at_its_column_and_goes_on_after_the_longer_side_of_an_image() -> None:
    checkpoint = load_checkpoint("bundled", "cpu")
    image = checkpoint.image_id
    positions, shift = rope_positions(checkpoint.model.model, [7, 8, 9], image, None)
    assert positions.tolist() == [[0, 1, 2]] * 3
    assert shift == 0
    ids = [7, *[image] * 6, 8]
    positions, shift = rope_positions(checkpoint.model.model, ids, image, torch.tensor([[1, 4, 6]]))
    assert positions.T.tolist() == [
        [0, 0, 0],
        *[[1, 1 + row, 1 + column] for row in (0, 1) for column in range(3)],
        [4, 4, 4],
    ]
    assert shift == 4 + 1 - len(ids)
