"""Which path serves a model, found by trying: two rows of different lengths share a cache, and their logits must be
those of the model's own ``generate``.

What a class does with its cache, masks and positions is thereby checked in the installed version of transformers, and
no list of names has to be right. The trial is text alone: images are read by the model's own forward pass anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s1m.engines.embedded.cache import SlotCache
from s1m.engines.embedded.checkpoint import Checkpoint
from s1m.engines.embedded.decoder import Decoder
from s1m.engines.embedded.general.masks import OTHER, STATE, layer_kinds
from s1m.engines.embedded.general.prompt import OWN_POSITIONS, OwnPrompt, own_positions
from s1m.engines.embedded.general.reading import read_prompt
from s1m.engines.embedded.general.states import StateCache

if TYPE_CHECKING:
    from torch import Tensor

TEXTS = ("How many apples are left when three of seven are eaten?", "Count the red ones.")
STEPS = 3
"""Tokens after each text: the first comes from reading it, the others from single steps."""

EXACT, ROUNDED = 1e-3, 0.3
"""Largest difference of a logit, in standard deviations of all logits, in float32 and in smaller types. A
wrong mask or position moves logits by about one; rounding in bfloat16 moves the worst of 150,000 by a tenth."""


def channels_of(checkpoint: Checkpoint) -> int:
    """How many numbers a position has."""
    return int(own_positions(checkpoint.model, _ids(checkpoint, TEXTS[0]), {}).shape[0])


def why_not_shared(checkpoint: Checkpoint) -> str:
    """Why rows of this model cannot share a cache; empty where they can."""
    import torch

    if OTHER in layer_kinds(checkpoint.model.config):
        return "its layers keep more than keys, values and states"
    if hasattr(getattr(checkpoint.model, "model", None), "get_rope_index") and not hasattr(
        checkpoint.model, OWN_POSITIONS
    ):
        return "the installed transformers does not tell its positions"
    try:
        with torch.inference_mode():
            worst = max(_differences(checkpoint))
    except Exception as error:  # a class that cannot be served so raises whatever its author pleased
        reason = str(error).strip().splitlines()[:1] or [""]
        return f"its forward pass refuses a shared cache ({type(error).__name__}: {reason[0][:120]})"
    rounds = checkpoint.model.dtype != torch.float32 or getattr(checkpoint.model, "is_quantized", False)
    allowed = ROUNDED if rounds else EXACT
    return "" if worst <= allowed else f"in a shared cache its logits differ by {worst:.2g} standard deviations"


def _differences(checkpoint: Checkpoint) -> list[float]:
    """Differences between the logits of rows that share a cache and those of ``generate``, step by step."""
    read = [_ids(checkpoint, text)[0].tolist() for text in TEXTS]
    expected = [_generated(checkpoint, ids) for ids in read]
    has_states = STATE in layer_kinds(checkpoint.model.config)
    cache = StateCache(len(read)) if has_states else SlotCache(len(read))
    decoder = Decoder(checkpoint, cache, graphs=False, channels=channels_of(checkpoint))
    logits = _read_alone(checkpoint, cache, decoder, read) if has_states else _read_together(decoder, read)
    worst = []
    for step in range(STEPS):
        worst += [_difference(logits[row], wanted[1][step]) for row, wanted in enumerate(expected)]
        ends = [len(tokens) + step for tokens in read]
        logits = decoder.step(
            [(wanted[0][step], place, place, -1) for wanted, place in zip(expected, ends, strict=True)], None
        )
    return worst


def _read_together(decoder: Decoder, read: list[list[int]]) -> Tensor:
    """Logits after both texts, which one forward pass reads."""
    import torch

    widest = max(map(len, read))
    ids, columns = torch.zeros((2, 2, widest), dtype=torch.long)
    columns -= 1
    for row, tokens in enumerate(read):
        ids[row, widest - len(tokens) :] = torch.tensor(tokens)
        columns[row, widest - len(tokens) :] = torch.arange(len(tokens))
    positions = columns.clamp(min=0).expand(decoder.channels, -1, -1)
    return decoder.read(0, ids, columns, positions, {})


def _read_alone(checkpoint: Checkpoint, cache: SlotCache, decoder: Decoder, read: list[list[int]]) -> Tensor:
    """Logits after both texts, each read by the model's own forward pass but for its last token."""
    import torch

    for row, tokens in enumerate(read):
        positions = own_positions(checkpoint.model, torch.tensor([tokens]), {})
        prompt = OwnPrompt(ids=tuple(tokens), shown=(), positions=positions, shift=0)
        cache.put(row, read_prompt(checkpoint.model, prompt, tokens[:-1]), len(tokens) - 1)
    ends = [len(tokens) - 1 for tokens in read]
    return decoder.step([(tokens[-1], place, place, -1) for tokens, place in zip(read, ends, strict=True)], None)


def _generated(checkpoint: Checkpoint, ids: list[int]) -> tuple[list[int], Tensor]:
    """The tokens that ``generate`` writes after ``ids``, and its logits before each of them."""
    import torch

    model = checkpoint.model
    given = torch.tensor([ids], device=model.device)
    output: Any = model.generate(
        input_ids=given,
        attention_mask=torch.ones_like(given),
        max_new_tokens=STEPS,
        min_new_tokens=STEPS,
        do_sample=False,
        output_logits=True,
        return_dict_in_generate=True,
    )
    return output.sequences[0, len(ids) :].tolist(), torch.cat(list(output.logits))


def _difference(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference of a logit, in standard deviations; those that a prompt alone may hold are left out."""
    import torch

    possible = ours > -torch.inf
    ours, theirs = ours[possible].float(), theirs.to(ours.device)[possible].float()
    return float((ours - theirs).abs().max() / theirs.std().clamp(min=1e-6))


def _ids(checkpoint: Checkpoint, text: str) -> Tensor:
    import torch

    ids = torch.tensor([checkpoint.tokenizer(text, add_special_tokens=False)["input_ids"]])
    return ids.clamp(max=checkpoint.model.get_input_embeddings().weight.shape[0] - 1)
