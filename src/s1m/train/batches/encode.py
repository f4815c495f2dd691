r"""The label mask: loss on what the assistant says and on the end of its turn, and on nothing else.

    system, question, images, "<|im_start|>assistant\n"      context
    response, "<|im_end|>"                                  learned
    an ignore string inside the thinking                    context; the target there is the end of thinking

A prompt is rendered by the model's own chat template and each stretch is tokenized by itself, exactly as it will be
when the model is served: prompt, what the model wrote, an injected string. Images are expanded to their number of
tokens here, so that no count of tokens can be off by them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s1m.datasets.example import Example, Slot, Turn, Unusable
from s1m.datasets.pictures import Encoded as Bytes
from s1m.engines.embedded.checkpoint import IMAGE_TOKEN
from s1m.engines.embedded.placeholders import expanded_columns, visual_tokens
from s1m.families import DEFAULT
from s1m.files.images import ImageError, check_aspect, picture_of

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

    ``labels[i]`` is what should stand at ``ids[i]`` given all before it, or ``IGNORED``. ``pixels`` has shape (patches,
    values) and ``grids`` (images, 3): time, height and width in patches; both None without images.
    """

    ids: list[int]
    labels: list[int]
    pixels: Tensor | None = None
    grids: Tensor | None = None


@dataclass(kw_only=True)
class _Text:
    """Ids and labels of a conversation while it is encoded."""

    ids: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)

    def context(self, ids: Sequence[int]) -> None:
        self.ids += ids
        self.labels += [IGNORED] * len(ids)

    def learned(self, ids: Sequence[int]) -> None:
        self.ids += ids
        self.labels += ids

    def refused(self, ids: Sequence[int], end_id: int) -> None:
        """An ignore string: context, in whose place the end of thinking is the target."""
        self.ids += ids
        self.labels += [end_id] + [IGNORED] * (len(ids) - 1)


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
        self._open = thinking_open
        self._close = thinking_close
        self._image_id: int = tokenizer.convert_tokens_to_ids(IMAGE_TOKEN)
        self._end: str = tokenizer.eos_token
        self._end_ids = self._ids(self._end)
        self._close_id = self._ids(thinking_close)[0]
        self._control = (self._end, *CONTROL_TOKENS)
        longest_first = sorted(ignore_strings, key=len, reverse=True)
        phrase = rf"(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"
        # Several in a row count as one: between them nothing was thought, so no end was refused.
        self._ignored = re.compile(rf"^({phrase}(?:\s*\n\s*{phrase})*)", re.M) if ignore_strings else None

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
        pictures = [decoded(image) for image in example.images]
        for picture in pictures:
            self._visual_tokens(*picture.size)  # refuses what the processor would end the training for
        prepared = self.image_processor(images=pictures, return_tensors="pt")
        grids = prepared["image_grid_thw"]
        columns = expanded_columns(text.ids, self._image_id, visual_tokens(grids, self.image_processor.merge_size))
        return Encoded(
            ids=[text.ids[column] for column in columns],
            labels=[text.labels[column] for column in columns],
            pixels=prepared["pixel_values"],
            grids=grids,
        )

    def blank(self) -> Encoded:
        """The smallest white image without text; nothing is learned from it."""
        from PIL import Image

        prepared = self.image_processor(images=[Image.new("RGB", (28, 28), "white")], return_tensors="pt")
        grids = prepared["image_grid_thw"]
        (count,) = visual_tokens(grids, self.image_processor.merge_size)
        ids = [self._image_id] * count
        return Encoded(ids=ids, labels=[IGNORED] * count, pixels=prepared["pixel_values"], grids=grids)

    def _text(self, example: Example, images: int) -> _Text:
        """The conversation with one token for each of its ``images`` images."""
        for turn in example.turns:
            self._check_spelling(turn.text)
        text, before = _Text(), ""
        messages = [_message(turn) for turn in example.turns]
        for index, turn in enumerate(example.turns):
            if turn.role != "assistant":
                continue
            prompt = self._rendered(messages[:index])
            # Qwen3's templates drop the thinking of earlier turns: what was learned there would not be what is served.
            if not prompt.startswith(before):
                raise Unusable("the chat template rewrites earlier turns")
            text.context(self._ids(prompt[len(before) :]))
            said = self._left_to_say(turn.text, prompt)
            self._say(text, said)
            text.learned(self._end_ids)
            before = prompt + said + self._end
        if text.ids.count(self._image_id) != images:
            raise Unusable("the chat template leaves images out")
        return text

    def _check_spelling(self, text: str) -> None:
        for token in self._control:
            if token in text:
                raise Unusable("spells a special token", token)

    def _left_to_say(self, said: str, prompt: str) -> str:
        """A response without the opening of thinking that the chat template has written already."""
        _, opened, space = prompt.rpartition(self._open)
        if not opened or space.strip():
            return said
        begun = said.lstrip()
        if not begun.startswith(self._open):
            raise Unusable("the chat template opens a thinking that the response lacks")
        return begun.removeprefix(self._open).removeprefix(space)

    def _say(self, text: _Text, said: str) -> None:
        """What the assistant says: ignore strings inside the thinking are context, everything else is learned.

        Each stretch is tokenized by itself, as it is when served: the engine appends an ignore string to finished ids.
        """
        thinking, closed, answer = said.rpartition(self._close)
        if self._ignored is None or not closed:
            text.learned(self._ids(said))
            return
        first, *rest = self._ignored.split(thinking)
        if not first.strip().removeprefix(self._open):  # where nothing was thought, no end was refused
            first, rest = "".join([first, *rest[:2]]), rest[2:]
        stretches = [first, *rest]
        text.learned(self._ids(stretches[0] if len(stretches) > 1 else said))
        for index in range(1, len(stretches), 2):
            text.refused(self._ids(stretches[index]), self._close_id)
            last = index + 2 == len(stretches)
            text.learned(self._ids(stretches[index + 1] + (closed + answer if last else "")))

    def _rendered(self, messages: list[dict[str, Any]]) -> str:
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
