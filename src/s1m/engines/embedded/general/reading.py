"""Read a prompt with its images by the model's own forward pass, once, and take what it leaves in a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s1m.engines.embedded.cache import Past
from s1m.engines.embedded.general.prompt import OwnPrompt

if TYPE_CHECKING:
    from torch import Tensor


def read_prompt(model: Any, prompt: OwnPrompt) -> Past:
    """The keys and values of a prompt, computed as ``generate`` computes them, one prompt at a time.

    Images are attended to as the class pleases: some let the tokens of an image see each other, and none of that shows
    in a later step.
    """
    from transformers.cache_utils import DynamicCache

    cache = DynamicCache()  # without a configuration no layer forgets what lies before its window
    model(**first_inputs(model, prompt), past_key_values=cache, use_cache=True)
    layers: list[Any] = cache.layers
    return Past(tuple((layer.keys[0], layer.values[0]) for layer in layers))


def first_inputs(model: Any, prompt: OwnPrompt) -> dict[str, Any]:
    """What the first forward pass takes, on the model's device and in its type."""
    import torch

    ids = torch.tensor([prompt.ids], device=model.device)
    channels = prompt.positions.to(model.device)
    inputs: dict[str, Any] = model.prepare_inputs_for_generation(
        ids,
        attention_mask=torch.ones_like(ids),
        position_ids=channels if len(channels) == 1 else channels[:, None],
        is_first_iteration=True,
        use_cache=True,
        **{name: placed(value, model) for name, value in prompt.inputs.items()},
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


def extended(value: Tensor, prompt_tokens: int, tokens: int) -> Tensor:
    """What a processor says of every token of a prompt, said of the turn after it too: what holds of the last token."""
    import torch

    if value.dim() < 2 or value.shape[:2] != (1, prompt_tokens) or tokens == prompt_tokens:
        return value
    return torch.cat([value, value[:, -1:].repeat_interleave(tokens - prompt_tokens, dim=1)], dim=1)
