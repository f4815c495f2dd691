r"""Ids, labels and images of an example, for any class: its own processor reads the prompt, and nothing is known here
about how it writes an image in tokens.

The processor gets what is context, with a mark wherever the assistant writes, and all images at once; some classes cut
an image into more tiles when it is the only one. What the assistant writes is tokenized by itself, as it is when the
model is served, and put where the mark was. A mark is a special token, so that it changes no token beside it.

    context    "<image>Why?\nassistant: " MARK "\nuser: Sure?\nassistant: " MARK
    response   "So."                           "Yes."
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from s1m.datasets.example import IMAGE, Example, Turn, Unusable
from s1m.datasets.pictures import Encoded as Bytes
from s1m.errors import UsageError
from s1m.families import DEFAULT
from s1m.files.images import ImageError, check_aspect
from s1m.train.batches.encode import IGNORED, Encoded, Tokens, decoded
from s1m.train.batches.script import Script, Stretch
from s1m.train.batches.template import placeholder_of, special_tokens, template_of

if TYPE_CHECKING:
    from PIL.Image import Image

Size = tuple[int, int]
"""Width and height in pixels."""

ONE: tuple[tuple[Size, ...], ...] = (((28, 28),), ((640, 480),), ((300, 900),))
SEVERAL: tuple[tuple[Size, ...], ...] = (((640, 480), (90, 60)), ((28, 28), (300, 200), (200, 300)))
"""Sizes of images on which a processor's own count of tokens is compared with what it makes of such images."""

QUESTION = "What is in it?"


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A prompt as the processor reads it: of shape (time,) or more; ``marks`` are the columns where responses go."""

    ids: list[int]
    marks: list[int]
    pictures: dict[str, Any]
    columns: dict[str, Any]


class ProcessorEncoder:
    """Turns examples into token ids and labels, for one model's processor."""

    def __init__(
        self,
        processor: Any,
        *,
        name: str,
        thinking_open: str = DEFAULT.opening,
        thinking_close: str = DEFAULT.closing,
        ignore_strings: Sequence[str] = (),
    ) -> None:
        """Finds out what the chat template does. Raises ``UsageError`` where something is missing."""
        self.processor = processor
        self.tokenizer: Any = processor.tokenizer
        self.image_processor: Any = processor.image_processor
        self._template = template_of(name, self.tokenizer, processor.chat_template or self.tokenizer.chat_template)
        self._placeholder = placeholder_of(self._template, processor)
        mark: str | None = self.tokenizer.eos_token
        if not mark:
            raise UsageError(f"model: {name} has a tokenizer without an eos_token, which marks where a response goes")
        self._mark = mark
        self._mark_id: int = self.tokenizer.convert_tokens_to_ids(mark)
        self._close_id = self._ids(thinking_close)[0]
        self._opening, self._closing = _own_marks(self.tokenizer)
        # A delimiter may be, or hold, a special token that a response has to spell: "<|channel>thought".
        delimiters = thinking_open + thinking_close
        control = [token for token in special_tokens(self.tokenizer) if token not in delimiters]
        self._script = Script(
            self._template.prompt,
            end=self._template.end,
            control=list(dict.fromkeys([self._template.end, *control, self._placeholder])),
            thinking_open=thinking_open,
            thinking_close=thinking_close,
            ignore_strings=ignore_strings,
            said_as=self._template.said_as,
        )
        try:
            self.blank()
        except Unusable as error:
            raise UsageError(f"model: {name} has a processor that cannot be used: {error.detail}") from None
        self._known: dict[tuple[Size, ...], int] = {}
        self._beside: dict[bool, int | None] = {}

    def length(self, example: Example) -> int:
        """Tokens of an example or its outline, images included. Raises ``Unusable``.

        Exact where a class's tokens of an image do not merge with what stands beside them. They do in Gemma 3, with
        newlines, and in Idefics 2, which writes one mark between two images; there it may be off by one an image.
        """
        sizes = tuple(example.sizes or (Bytes(image).size() for image in example.images))
        stretches = self._stretches(example, len(sizes))
        texts = sum(len(self._ids(stretch.text)) for stretch in stretches)
        texts += len(self._opening) if self._opens(stretches[0].text) else 0
        return texts + (self._visual_tokens(sizes) if sizes else 0)

    def encode(self, example: Example) -> Encoded:
        """Ids, labels and images. Raises ``Unusable`` with the reason."""
        stretches = self._stretches(example, len(example.images))
        seen = [decoded(image) for image in example.images]
        for picture in seen:
            _check_size(picture.size)
        contexts, responses = _in_turns(stretches)
        read = self._read(contexts, seen)
        text, start = Tokens(close_id=self._close_id), 0
        columns: list[int] = []
        for mark, response in zip(read.marks, responses, strict=True):
            text.add(Stretch(text="", part="context"), read.ids[start:mark])
            columns += range(start, mark)
            for stretch in response:
                ids = self._ids(stretch.text)
                text.add(stretch, ids)
                columns += [mark] * len(ids)
            start = mark + 1
        taken = {name: values[:, columns] for name, values in read.columns.items()}
        return Encoded(ids=text.ids, labels=text.labels, pictures=read.pictures, columns=taken)

    def blank(self) -> Encoded:
        """A question about a small white image; nothing is learned from it."""
        read = self._read([self._asked(1)], [_white((28, 28))])
        return Encoded(ids=read.ids, labels=[IGNORED] * len(read.ids), pictures=read.pictures, columns=read.columns)

    def _stretches(self, example: Example, images: int) -> list[Stretch]:
        stretches = list(self._script.stretches(example.turns, ended=example.ended))
        written = sum(stretch.text.count(self._placeholder) for stretch in stretches if stretch.part == "context")
        if written != images:
            raise Unusable("the chat template leaves images out")
        return stretches

    def _read(self, contexts: Sequence[str], images: Sequence[Image]) -> _Read:
        """What the processor makes of the contexts, a mark after each, and of all images."""
        text = self._mark.join([*contexts, ""])
        try:
            read = self.processor(
                text=[text],
                images=[list(images)] if images else None,
                add_special_tokens=self._opens(text),
                return_tensors="pt",
            )
        except ValueError as error:
            raise Unusable("the processor refuses it", str(error).splitlines()[0]) from None
        ids: list[int] = read["input_ids"][0].tolist()
        marks = [column for column, token in enumerate(ids) if token == self._mark_id]
        if self._opens(text):
            marks = marks[self._opening.count(self._mark_id) : len(marks) - self._closing.count(self._mark_id)]
        own = [context.count(self._mark) for context in contexts]  # a template may write the same token
        if len(marks) != sum(own) + len(own):
            raise Unusable("the tokenizer splits its own eos_token")
        others = {name: value for name, value in read.items() if name not in ("input_ids", "attention_mask")}
        columns = {name: value for name, value in others.items() if tuple(value.shape[:2]) == (1, len(ids))}
        pictures = {name: value for name, value in others.items() if name not in columns}
        after = [sum(own[: number + 1]) + number for number in range(len(own))]
        return _Read(ids=ids, marks=[marks[each] for each in after], pictures=pictures, columns=columns)

    def _visual_tokens(self, sizes: tuple[Size, ...]) -> int:
        """Tokens that images of these sizes add to the text with a place-holder for each."""
        for size in sizes:
            _check_size(size)
        several = len(sizes) > 1
        if several not in self._beside:  # some classes cut an image into more tiles when it is the only one
            self._beside[several] = self._uncounted(SEVERAL if several else ONE)
        beside = self._beside[several]
        return self._measured(sizes) if beside is None else self._counted(sizes) + beside * len(sizes)

    def _uncounted(self, probes: Sequence[tuple[Size, ...]]) -> int | None:
        """Tokens that the processor's own count leaves out of every image, such as those around it.

        None where the count is of no use; it is a method that not every class has, or has right.
        """
        try:
            missed = {(self._measured(probe) - self._counted(probe)) / len(probe) for probe in probes}
        except Exception:  # a method that a class inherits without supporting it may raise anything
            return None
        (each, *others) = missed
        return None if others or not each.is_integer() else int(each)

    def _counted(self, sizes: tuple[Size, ...]) -> int:
        """By the processor's own count, which needs no image."""
        counts = self.processor._get_num_multimodal_tokens(image_sizes=[(height, width) for width, height in sizes])
        return int(sum(counts["num_image_tokens"]))

    def _measured(self, sizes: tuple[Size, ...]) -> int:
        """By preparing white images of these sizes."""
        if sizes not in self._known:
            asked = self._asked(len(sizes))
            read = self._read([asked], [_white(size) for size in sizes])
            own = len(self._opening) + len(self._closing) if self._opens(asked) else 0
            self._known[sizes] = len(read.ids) - own - len(self._ids(asked + self._mark))
        return self._known[sizes]

    def _opens(self, text: str) -> bool:
        """Whether the tokenizer marks the beginning of a text, because the template does not: transformers' rule."""
        beginning: str | None = self.tokenizer.bos_token
        return not (beginning and text.startswith(beginning))

    def _asked(self, images: int) -> str:
        return self._template.prompt((Turn(role="user", content=(*[IMAGE] * images, QUESTION)),))

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
        return ids


def _own_marks(tokenizer: Any) -> tuple[list[int], list[int]]:
    """What a tokenizer puts before a text and after it when it marks where one begins and ends."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    marked = tokenizer("a")["input_ids"]
    start = next(at for at in range(len(marked)) if marked[at : at + len(bare)] == bare)
    return marked[:start], marked[start + len(bare) :]


def _in_turns(stretches: Sequence[Stretch]) -> tuple[list[str], list[list[Stretch]]]:
    """The contexts, and after each what the assistant says."""
    contexts: list[str] = []
    responses: list[list[Stretch]] = []
    for is_context, some in groupby(stretches, key=lambda stretch: stretch.part == "context"):
        if is_context:
            contexts.append("".join(stretch.text for stretch in some))
        else:
            responses.append(list(some))
    return contexts, responses


def _check_size(size: Size) -> None:
    try:
        check_aspect(size)
    except ImageError as error:
        raise Unusable("an image of impossible shape", f"it {error}") from None


def _white(size: Size) -> Image:
    from PIL import Image

    return Image.new("RGB", size, "white")
