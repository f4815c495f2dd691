"""What transformers' own ``generate`` says, one problem at a time: the measure of the embedded engine."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.prompt import prepare
from s1m.types import Problem


def reference(
    engine: EmbeddedEngine,
    problem: Problem,
    tokens: int,
    suppressed: Sequence[int] = (),
    turn: Sequence[str] = ("<think>\n",),
) -> list[int]:
    """Greedy token ids of a problem's thinking, at most ``tokens``, none of them ``suppressed``.

    Between the texts of ``turn`` all images are shown again.
    """
    checkpoint = engine.checkpoint
    prompt = prepare(problem, checkpoint)
    pad = "<|image_pad|>"
    counts = [image.end - image.start for image in prompt.shown]
    images = "".join(f"<|vision_start|>{pad * count}<|vision_end|>" for count in counts)
    ids = torch.tensor([[*prompt.ids, *checkpoint.tokenizer(images.join(turn))["input_ids"]]])
    pixels = {name: torch.cat([tensor] * len(turn)) for name, tensor in prompt.pixels().items()}
    output = checkpoint.model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        mm_token_type_ids=(ids == checkpoint.image_id).int(),
        max_new_tokens=tokens,
        do_sample=False,
        suppress_tokens=list(suppressed) or None,
        **pixels,
    )
    generated: list[int] = output[0, ids.shape[1] :].tolist()
    return generated
