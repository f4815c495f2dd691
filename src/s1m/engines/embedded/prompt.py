"""Turn a problem into what a Qwen2-VL-class model takes: token ids, pixels and three-dimensional positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from s1m.engines.embedded.checkpoint import IMAGE_TOKEN, Checkpoint
from s1m.engines.embedded.placeholders import expanded_columns, rope_positions, visual_tokens
from s1m.engines.messages import messages_before, said_before
from s1m.errors import EngineError, EngineUnavailable
from s1m.families.reading import SPELLED_PARTS
from s1m.files.images import ImageError, check_aspect, picture_of
from s1m.types import Problem, RequestOptions

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

NO_OPTIONS = RequestOptions()

ENDING_CHARACTERS = 200
"""Kept of a rendered prompt, to see whether it opens or ends thinking: a header and an empty thought fit."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An image and where its place-holders stand: from column ``start`` up to ``end``."""

    pixels: dict[str, Tensor]
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What a model reads up to the last image; text may follow it.

    ``positions`` has shape (3, time); text after the prompt sits at its column + ``shift``.
    """

    ids: tuple[int, ...]
    shown: tuple[Shown, ...]
    positions: Tensor
    shift: int
    ending: str = ""
    """The end of the generation prompt, as text."""

    @property
    def is_read_alone(self) -> bool:
        """Whether the model's own forward pass reads the prompt, one at a time."""
        return False

    @property
    def image_ids(self) -> tuple[int, ...]:
        """The images as the chat template writes them: place-holders between the marks of where one begins and ends."""
        return tuple(token for image in self.shown for token in self.ids[image.start - 1 : image.end + 1])

    @property
    def tensor_bytes(self) -> int:
        """Memory of the pictures and the positions."""
        pictures = [tensor for image in self.shown for tensor in image.pixels.values()]
        return sum(tensor.nbytes for tensor in (self.positions, *pictures))

    def without_part_of_an_image(self, known: int) -> int:
        """The first ``known`` tokens, or fewer where they end within an image, which is read as a whole."""
        return next((image.start for image in self.shown if image.start < known < image.end), known)

    def pixels(self, known: int = 0) -> dict[str, Tensor]:
        """What the model takes for the images after the first ``known`` tokens."""
        return joined([image.pixels for image in self.shown if image.start >= known])


def prepare(problem: Problem, checkpoint: Checkpoint, options: RequestOptions = NO_OPTIONS) -> Prompt:
    """The prompt of a problem, its image place-holders expanded. Raises ``EngineError`` for an unreadable image."""
    text = _rendered(problem, checkpoint, options)
    if text.count(IMAGE_TOKEN) < len(problem.every_image):
        raise EngineUnavailable(f"{checkpoint.name} has a chat template that leaves images out")
    pictures = [_pixels(image, problem.id, checkpoint) for image in problem.every_image]
    ids: list[int] = checkpoint.tokenizer(text, add_special_tokens=False)["input_ids"]
    counts = [count for picture in pictures for count in _tokens(picture, checkpoint)]
    try:
        columns = expanded_columns(ids, checkpoint.image_id, counts)
    except ValueError:
        raise EngineError(
            f"{problem.id}: its question spells an image place-holder ({IMAGE_TOKEN}); correct the data"
        ) from None
    placed = _placed([ids[column] for column in columns], pictures, checkpoint)
    return replace(placed, ending=text[-ENDING_CHARACTERS:])


def _rendered(problem: Problem, checkpoint: Checkpoint, options: RequestOptions) -> str:
    """The generation prompt. Content is a list of parts; templates of text models may take nothing but a text.

    These raise for a list, or print it as code.
    """
    parts = iter([{"type": "image"} for _ in problem.every_image])
    before = messages_before(said_before(problem), options, parts)
    asked: list[dict[str, str]] = [*parts, {"type": "text", "text": problem.question}]
    forms: tuple[object, ...] = (asked,) if problem.every_image else (asked, problem.question)
    refusal: Exception | None = None
    for content in forms:
        messages = [*before, {"role": "user", "content": content}]
        try:
            text: str = checkpoint.tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, tokenize=False, **options.template
            )
        except Exception as error:  # a missing or broken template raises whatever jinja and transformers please
            refusal = error
            continue
        by_template = text
        for said in (problem.question, options.system_prompt, *(turn.text for turn in problem.turns)):
            by_template = by_template.replace(said, "")
        if content is forms[-1] or not SPELLED_PARTS.search(by_template):
            return text
    raise EngineUnavailable(f"{checkpoint.name} has no usable chat template: {refusal}".splitlines()[0]) from refusal


def prolonged(prompt: Prompt, turn: Sequence[int], checkpoint: Checkpoint) -> Prompt:
    """A prompt and the beginning of the assistant's turn, in which all images are shown again, once or more."""
    again = turn.count(checkpoint.image_id) // (prompt.ids.count(checkpoint.image_id) or 1)
    pictures = [image.pixels for image in prompt.shown]
    return replace(_placed((*prompt.ids, *turn), pictures * (1 + again), checkpoint), ending=prompt.ending)


def _placed(ids: Sequence[int], pictures: Sequence[dict[str, Tensor]], checkpoint: Checkpoint) -> Prompt:
    """The prompt of token ids whose place-holders stand for these pictures, in order."""
    shown, start = [], 0
    for picture in pictures:
        start = ids.index(checkpoint.image_id, start)
        (count,) = _tokens(picture, checkpoint)
        shown.append(Shown(pixels=picture, start=start, end=start + count))
        start = shown[-1].end
    grids = joined(pictures).get("image_grid_thw")
    positions, shift = rope_positions(checkpoint.model.model, ids, checkpoint.image_id, grids)
    return Prompt(ids=tuple(ids), shown=tuple(shown), positions=positions, shift=shift)


def joined(pictures: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """What the model takes for several pictures; nothing for none."""
    import torch

    return {name: torch.cat([picture[name] for picture in pictures]) for name in pictures[0]} if pictures else {}


def _pixels(image: bytes, problem_id: str, checkpoint: Checkpoint) -> dict[str, Tensor]:
    decoded = picture(image, problem_id)
    try:
        return dict(checkpoint.image_processor(images=[decoded], return_tensors="pt"))
    except ValueError as error:
        raise EngineError(f"{problem_id}: the image cannot be prepared: {error}") from error


def _tokens(pixels: dict[str, Tensor], checkpoint: Checkpoint) -> list[int]:
    """The place-holders that each of the prepared images takes."""
    return visual_tokens(pixels["image_grid_thw"], checkpoint.image_processor.merge_size)


def picture(image: bytes, problem_id: str) -> Image:
    """An image decoded. Raises ``EngineError`` for one that cannot be read, or that is too long and thin."""
    try:
        decoded = picture_of(image)
        check_aspect(decoded.size)
    except ImageError as error:
        raise EngineError(f"{problem_id}: one of its images {error}") from error
    return decoded
