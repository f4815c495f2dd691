"""What transformers' own ``generate`` says, one problem at a time: the measure of the embedded engine."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.prompt import prepare
from s1m.types import Problem


def reference(engine: EmbeddedEngine, problem: Problem, tokens: int, suppressed: Sequence[int] = ()) -> list[int]:
    """Greedy token ids of a problem's thinking, at most ``tokens``, none of them ``suppressed``."""
    checkpoint = engine.checkpoint
    prompt = prepare(problem, checkpoint)
    ids = torch.tensor([[*prompt.ids, *checkpoint.tokenizer("<think>\n")["input_ids"]]])
    output = checkpoint.model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        mm_token_type_ids=(ids == checkpoint.image_id).int(),
        max_new_tokens=tokens,
        do_sample=False,
        suppress_tokens=list(suppressed) or None,
        **prompt.pixels,
    )
    generated: list[int] = output[0, ids.shape[1] :].tolist()
    return generated
