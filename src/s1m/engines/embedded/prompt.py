"""Turn a problem into what a Qwen2-VL-class model takes: token ids, pixels and three-dimensional positions."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s1m.engines.embedded.checkpoint import IMAGE_TOKEN, Checkpoint
from s1m.errors import EngineError, EngineUnavailable
from s1m.types import Problem

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A prepared prompt. ``positions`` has shape (3, time); text after the prompt sits at its column + ``shift``."""

    ids: tuple[int, ...]
    pixels: dict[str, Tensor]
    positions: Tensor
    shift: int


def prepare(problem: Problem, checkpoint: Checkpoint) -> Prompt:
    """The prompt of a problem, its image place-holders expanded. Raises ``EngineError`` for an unreadable image."""
    import torch

    content = [{"type": "image"} for _ in problem.images] + [{"type": "text", "text": problem.question}]
    messages = [{"role": "user", "content": content}]
    try:
        text: str = checkpoint.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    except Exception as error:  # a missing or broken template raises whatever jinja and transformers please
        raise EngineUnavailable(f"{checkpoint.name} has no usable chat template: {error}".splitlines()[0]) from error
    if text.count(IMAGE_TOKEN) < len(problem.images):
        raise EngineUnavailable(f"{checkpoint.name} has a chat template that leaves images out")
    pixels: dict[str, Any] = {}
    visual_tokens = 0
    if problem.images:
        pictures = [_decode(image, problem.id) for image in problem.images]
        try:
            pixels = dict(checkpoint.image_processor(images=pictures, return_tensors="pt"))
        except ValueError as error:
            raise EngineError(f"{problem.id}: the image cannot be prepared: {error}") from error
        counts = [int(grid.prod()) // checkpoint.image_processor.merge_size**2 for grid in pixels["image_grid_thw"]]
        visual_tokens = sum(counts)
        text = _expand(text, counts)
    ids = checkpoint.tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    if int((ids == checkpoint.image_id).sum()) != visual_tokens:
        raise EngineError(f"{problem.id}: its question spells an image place-holder ({IMAGE_TOKEN}); correct the data")
    positions, shift = checkpoint.model.model.get_rope_index(
        ids,
        mm_token_type_ids=(ids == checkpoint.image_id).int(),
        image_grid_thw=pixels.get("image_grid_thw"),
        attention_mask=torch.ones_like(ids),
    )
    return Prompt(ids=tuple(ids[0].tolist()), pixels=pixels, positions=positions[:, 0], shift=int(shift[0, 0]))


def _decode(image: bytes, problem_id: str) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(image)).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise EngineError(f"{problem_id}: one of its images is no image: {error}") from error


def _expand(text: str, counts: list[int]) -> str:
    """Repeat each image place-holder once for every visual token of its image."""
    before, *after = text.split(IMAGE_TOKEN, len(counts))
    return before + "".join(IMAGE_TOKEN * count + rest for count, rest in zip(counts, after, strict=True))
