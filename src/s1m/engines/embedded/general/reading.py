"""Read a prompt with its images by the model's own forward pass, once, and take what it leaves in a cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from s1m.engines.embedded.cache import Past
from s1m.engines.embedded.general.prompt import OwnPrompt
from s1m.engines.embedded.general.states import empty_cache, past_of


def read_prompt(model: Any, prompt: OwnPrompt, ids: Sequence[int] | None = None) -> Past:
    """The keys and values of a prompt, computed as ``generate`` computes them, one prompt at a time.

    ``ids`` are another length of the same tokens: with a part of the turn, or without the last token. Then what the
    layers keep beside keys and values is in the past too.

    Images are attended to as the class pleases: some let the tokens of an image see each other, and none of that shows
    in a later step.
    """
    cache = empty_cache(model.config)
    model(**first_inputs(model, prompt, ids or prompt.ids), past_key_values=cache, use_cache=True)
    past = past_of(cache)
    read = len(ids or prompt.ids)
    if any(keys.shape[1] != read for keys, _ in past.layers):
        raise ValueError("a layer keeps the keys of something else than the tokens of the prompt")
    return past


def first_inputs(model: Any, prompt: OwnPrompt, read: Sequence[int]) -> dict[str, Any]:
    """What the first forward pass over the tokens ``read`` takes, on the model's device and in its type."""
    import torch

    ids = torch.tensor([list(read)], device=model.device)
    known, length = prompt.positions, len(read)
    after = torch.arange(known.shape[1], max(length, known.shape[1])).expand(known.shape[0], -1) + prompt.shift
    channels = torch.cat([known[:, :length], after], dim=1).to(model.device)
    inputs: dict[str, Any] = model.prepare_inputs_for_generation(
        ids,
        attention_mask=torch.ones_like(ids),
        position_ids=channels if len(channels) == 1 else channels[:, None],
        is_first_iteration=True,
        use_cache=True,
        **{name: placed(extended(value, len(prompt.ids), length), model) for name, value in prompt.inputs.items()},
    )
    inputs.pop("past_key_values", None)
    inputs.pop("use_cache", None)
    return inputs


def placed(value: Any, model: Any) -> Any:
    """A value of a processor where the model is; pictures in the type of its weights."""
    import torch

    if not isinstance(value, torch.Tensor):
        return value
    return value.to(model.device, model.dtype) if value.is_floating_point() else value.to(model.device)


def extended(value: Any, prompt_tokens: int, tokens: int) -> Any:
    """What a processor says of every token of a prompt, said of the turn after it too: what holds of the last token."""
    import torch

    if not isinstance(value, torch.Tensor) or value.dim() < 2 or value.shape[:2] != (1, prompt_tokens):
        return value
    if tokens <= prompt_tokens:
        return value[:, :tokens]
    return torch.cat([value, value[:, -1:].repeat_interleave(tokens - prompt_tokens, dim=1)], dim=1)
