r"""Ids, labels and pixels of an example, for Qwen-VL-class models, whose images are expanded to tokens here.

Each stretch of a conversation is tokenized by itself, exactly as it will be when the model is served: prompt, what the
model wrote, an injected string. Images are expanded to their number of tokens here, so that no count of tokens can be
off by them. Other classes: ``batches/processor.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s1m.datasets.example import Example, Slot, Turn, Unusable
from s1m.datasets.pictures import Encoded as Bytes
from s1m.engines.embedded.checkpoint import IMAGE_TOKEN
from s1m.engines.embedded.placeholders import expanded_columns, visual_tokens
from s1m.families import DEFAULT
from s1m.files.images import ImageError, check_aspect, picture_of
from s1m.train.batches.script import Script, Stretch

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

IGNORED = -100
"""The label of what is not learned."""

CONTROL_TOKENS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", IMAGE_TOKEN,
    "<|video_pad|>",
)  # fmt: skip
"""Only the chat template may write them: in a text, they would begin turns and images that do not exist."""


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """An example as the model takes it.

    ``labels[i]`` is what should stand at ``ids[i]`` given all before it, or ``IGNORED``. ``pictures`` are the tensors
    of its images by the name of the model's argument, first dimension images or patches, empty without images;
    ``columns``, of shape (1, time, ...), are what else the model takes for each token.
    """

    ids: list[int]
    labels: list[int]
    pictures: Mapping[str, Tensor] = field(default_factory=dict)
    columns: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def pixels(self) -> Tensor | None:
        """The pixels of all images; for Qwen-VL classes of shape (patches, values). None without images."""
        return self.pictures.get("pixel_values")

    @property
    def grids(self) -> Tensor | None:
        """Of shape (images, 3): time, height and width in patches. None without images, or of other classes."""
        return self.pictures.get("image_grid_thw")


@dataclass(kw_only=True)
class Tokens:
    """Ids and labels of a conversation while it is encoded. ``close_id`` begins the delimiter that ends thinking."""

    close_id: int
    ids: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)

    def add(self, stretch: Stretch, ids: Sequence[int]) -> None:
        """Append the ids of a stretch, and what is learned there."""
        self.ids += ids
        if stretch.part == "learned":
            self.labels += ids
        elif stretch.part == "refused":  # the end of thinking is the target in place of the ignore string
            self.labels += [self.close_id] + [IGNORED] * (len(ids) - 1)
        else:
            self.labels += [IGNORED] * len(ids)


class Encoder:
    """Turns examples into token ids and labels, for one model's tokenizer and image processor."""

    def __init__(
        self,
        tokenizer: Any,
        image_processor: Any,
        *,
        thinking_open: str = DEFAULT.opening,
        thinking_close: str = DEFAULT.closing,
        ignore_strings: Sequence[str] = (),
    ) -> None:
        """``ignore_strings`` empty: what stands inside the thinking is learned as it is."""
        self.tokenizer = tokenizer
        self.image_processor = image_processor
        self._image_id: int = tokenizer.convert_tokens_to_ids(IMAGE_TOKEN)
        self._close_id = self._ids(thinking_close)[0]
        end: str = tokenizer.eos_token
        self._script = Script(
            self._rendered,
            end=end,
            control=(end, *CONTROL_TOKENS),
            thinking_open=thinking_open,
            thinking_close=thinking_close,
            ignore_strings=ignore_strings,
        )

    def length(self, example: Example) -> int:
        """Tokens of an example or its outline, images included, without preparing them. Raises ``Unusable``."""
        sizes = example.sizes or [Bytes(image).size() for image in example.images]
        ids = self._text(example, len(sizes)).ids
        return len(ids) + sum(self._visual_tokens(*size) - 1 for size in sizes)

    def encode(self, example: Example) -> Encoded:
        """Ids, labels and pixels. Raises ``Unusable`` with the reason."""
        text = self._text(example, len(example.images))
        if not example.images:
            return Encoded(ids=text.ids, labels=text.labels)
        seen = [decoded(image) for image in example.images]
        for picture in seen:
            self._visual_tokens(*picture.size)  # refuses what the processor would end the training for
        prepared = self.image_processor(images=seen, return_tensors="pt")
        grids = prepared["image_grid_thw"]
        columns = expanded_columns(text.ids, self._image_id, visual_tokens(grids, self.image_processor.merge_size))
        return Encoded(
            ids=[text.ids[column] for column in columns],
            labels=[text.labels[column] for column in columns],
            pictures={"pixel_values": prepared["pixel_values"], "image_grid_thw": grids},
        )

    def blank(self) -> Encoded:
        """The smallest white image without text; nothing is learned from it."""
        from PIL import Image

        prepared = self.image_processor(images=[Image.new("RGB", (28, 28), "white")], return_tensors="pt")
        grids = prepared["image_grid_thw"]
        (count,) = visual_tokens(grids, self.image_processor.merge_size)
        ids = [self._image_id] * count
        pictures = {"pixel_values": prepared["pixel_values"], "image_grid_thw": grids}
        return Encoded(ids=ids, labels=[IGNORED] * count, pictures=pictures)

    def _text(self, example: Example, images: int) -> Tokens:
        """The conversation with one token for each of its ``images`` images."""
        text = Tokens(close_id=self._close_id)
        for stretch in self._script.stretches(example.turns, ended=example.ended):
            text.add(stretch, self._ids(stretch.text))
        if text.ids.count(self._image_id) != images:
            raise Unusable("the chat template leaves images out")
        return text

    def _rendered(self, turns: Sequence[Turn]) -> str:
        messages = [_message(turn) for turn in turns]
        rendered: str = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return rendered

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
        return ids

    def _visual_tokens(self, width: int, height: int) -> int:
        try:
            check_aspect((width, height))
            patches = self.image_processor.get_number_of_image_patches(height, width, {})
        except ImageError as error:
            raise Unusable("an image of impossible shape", f"it {error}") from None
        except ValueError as error:
            raise Unusable("an image of impossible shape", f"{width} x {height}: {error}") from None
        return int(patches // self.image_processor.merge_size**2)


def decoded(image: bytes) -> Image:
    """The pixels of an image. Raises ``Unusable`` for bytes that are not a whole image."""
    try:
        return picture_of(image)
    except ImageError as error:
        raise Unusable("image unreadable", f"it {error}") from None


def _message(turn: Turn) -> dict[str, Any]:
    if turn.role == "assistant":
        return {"role": turn.role, "content": turn.text}
    parts = [{"type": "image"} if isinstance(part, Slot) else {"type": "text", "text": part} for part in turn.content]
    return {"role": turn.role, "content": parts}
