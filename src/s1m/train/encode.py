r"""The label mask: loss on what the assistant says and on the end of its turn, and on nothing else.

    system, question, images, "<|im_start|>assistant\n"      context
    response, "<|im_end|>"                                  learned
    an ignore string inside the thinking                    context; learned in its place is the end of thinking

A prompt is rendered by the model's own chat template and each stretch is tokenized by itself, exactly as it will be
when the model is served: prompt, what the model wrote, an injected string. Images are expanded to their number of
tokens here, so that no count of tokens can be off by them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s1m.datasets.example import Example, Slot, Turn, Unusable
from s1m.engines.embedded.checkpoint import IMAGE_TOKEN
from s1m.families import DEFAULT

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

IGNORED = -100
"""The label of what is not learned."""

CONTROL_TOKENS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", IMAGE_TOKEN,
    "<|video_pad|>",
)  # fmt: skip
"""What only the chat template may say: spelled in a text, it would begin turns and images that are not there."""


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
    """Ids and labels as they grow."""

    ids: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)

    def context(self, ids: Sequence[int]) -> None:
        self.ids += ids
        self.labels += [IGNORED] * len(ids)

    def learned(self, ids: Sequence[int]) -> None:
        self.ids += ids
        self.labels += ids

    def refused(self, ids: Sequence[int], end_id: int) -> None:
        """An ignore string: context, where the end of thinking should have stood."""
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
        one = rf"(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"
        # Several that follow each other are one: nothing was thought, and so nothing ended, between them.
        self._ignored = re.compile(rf"^({one}(?:\s*\n\s*{one})*)", re.M) if ignore_strings else None

    def length(self, example: Example) -> int:
        """Tokens of an example or its outline, images included, without preparing them. Raises ``Unusable``."""
        sizes = example.sizes or [opened(image).size for image in example.images]
        ids = self._text(example, len(sizes)).ids
        return len(ids) + sum(self._visual_tokens(*size) - 1 for size in sizes)

    def encode(self, example: Example) -> Encoded:
        """Ids, labels and pixels. Raises ``Unusable`` with the reason."""
        text = self._text(example, len(example.images))
        if not example.images:
            return Encoded(ids=text.ids, labels=text.labels)
        pictures = [decoded(image) for image in example.images]
        prepared = self.image_processor(images=pictures, return_tensors="pt")
        grids = prepared["image_grid_thw"]
        counts = iter((grids.prod(-1) // self.image_processor.merge_size**2).tolist())
        ids, labels = [], []
        for token, label in zip(text.ids, text.labels, strict=True):
            times = next(counts) if token == self._image_id else 1
            ids += [token] * times
            labels += [label] * times
        return Encoded(ids=ids, labels=labels, pixels=prepared["pixel_values"], grids=grids)

    def blank(self) -> Encoded:
        """The smallest white image by itself, of which nothing is learned."""
        from PIL import Image

        prepared = self.image_processor(images=[Image.new("RGB", (28, 28), "white")], return_tensors="pt")
        grids = prepared["image_grid_thw"]
        count = int(grids.prod() // self.image_processor.merge_size**2)
        ids = [self._image_id] * count
        return Encoded(ids=ids, labels=[IGNORED] * count, pixels=prepared["pixel_values"], grids=grids)

    def _text(self, example: Example, images: int) -> _Text:
        """The conversation with one token for each of so many images."""
        for turn in example.turns:
            self._check_spelling(turn.text)
        text, before = _Text(), ""
        messages = [_message(turn) for turn in example.turns]
        for place, turn in enumerate(example.turns):
            if turn.role != "assistant":
                continue
            prompt = self._rendered(messages[:place])
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
        """A response without the beginning that the chat template has said already."""
        _, opened, space = prompt.rpartition(self._open)
        if not opened or space.strip():
            return said
        begun = said.lstrip()
        if not begun.startswith(self._open):
            raise Unusable("the chat template opens a thinking that the response lacks")
        return begun.removeprefix(self._open).removeprefix(space)

    def _say(self, text: _Text, said: str) -> None:
        """What the assistant says: ignore strings inside the thinking are context, everything else is learned."""
        thinking, closed, answer = said.rpartition(self._close)
        if self._ignored is None or not closed:
            text.learned(self._ids(said))
            return
        first, *rest = self._ignored.split(thinking)
        if not first.strip().removeprefix(self._open):  # where nothing was thought, no end was refused
            first, rest = "".join([first, *rest[:2]]), rest[2:]
        stretches = [first, *rest]
        text.learned(self._ids(stretches[0] if len(stretches) > 1 else said))
        for place in range(1, len(stretches), 2):
            text.refused(self._ids(stretches[place]), self._close_id)
            last = place + 2 == len(stretches)
            text.learned(self._ids(stretches[place + 1] + (closed + answer if last else "")))

    def _rendered(self, messages: list[dict[str, Any]]) -> str:
        rendered: str = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return rendered

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
        return ids

    def _visual_tokens(self, width: int, height: int) -> int:
        try:
            patches = self.image_processor.get_number_of_image_patches(height, width, {})
        except ValueError as error:
            raise Unusable("an image of impossible shape", f"{width} x {height}: {error}") from None
        return int(patches // self.image_processor.merge_size**2)


def decoded(image: bytes) -> Image:
    """The pixels of an image. Raises ``Unusable`` for what is none, or only the beginning of one."""
    try:
        return opened(image).convert("RGB")
    except (OSError, ValueError, SyntaxError):
        raise Unusable("image unreadable", "its content is broken or cut off") from None


def opened(image: bytes) -> Image:
    """An image with only its header read. Raises ``Unusable`` for what is none."""
    from PIL import Image

    try:
        return Image.open(io.BytesIO(image))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Unusable("image unreadable", "its content is broken or cut off") from None


def _message(turn: Turn) -> dict[str, Any]:
    if turn.role == "assistant":
        return {"role": turn.role, "content": turn.text}
    parts = [{"type": "image"} if isinstance(part, Slot) else {"type": "text", "text": part} for part in turn.content]
    return {"role": turn.role, "content": parts}
