"""Turn a problem into what any model takes: its own chat template, its own processor, its own positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s1m.engines.embedded.checkpoint import Checkpoint
from s1m.engines.embedded.prompt import ENDING_CHARACTERS, NO_OPTIONS, Prompt, picture
from s1m.engines.messages import messages_before, said_before
from s1m.errors import EngineError, EngineUnavailable
from s1m.types import Problem, RequestOptions

if TYPE_CHECKING:
    from torch import Tensor


OWN_POSITIONS = "_prepare_position_ids_for_generation"
"""The method by which ``generate`` itself asks a class for positions."""


@dataclass(frozen=True, kw_only=True)
class OwnPrompt(Prompt):
    """A prompt that the model's processor has laid out. ``positions`` has shape (channels, time)."""

    inputs: dict[str, Tensor] = field(default_factory=dict)
    """What the model's first forward pass takes beside the ids; nothing for text alone."""

    @property
    def tensor_bytes(self) -> int:
        import torch

        made = [value for value in self.inputs.values() if isinstance(value, torch.Tensor)]
        return sum(tensor.nbytes for tensor in (self.positions, *made))

    def without_part_of_an_image(self, known: int) -> int:
        # What an image turns into is known to the processor alone: the prompt is read as a whole.
        return known if not self.inputs or known >= len(self.ids) - 1 else 0

    @property
    def is_read_alone(self) -> bool:
        return bool(self.inputs)


def prepare(problem: Problem, checkpoint: Checkpoint, options: RequestOptions = NO_OPTIONS) -> OwnPrompt:
    """The prompt of a problem.

    Raises ``EngineError`` for an image that cannot be read or a question that the processor refuses, and
    ``EngineUnavailable`` for a model that takes no images, or has no chat template that shows them.
    """
    import torch

    if problem.every_image and checkpoint.processor is None:
        raise EngineUnavailable(
            f"{problem.id} has images, and {checkpoint.name} reads text alone; use a vision-language model"
        )
    text = rendered(problem, checkpoint, options)
    tokenizer = checkpoint.tokenizer
    if not problem.every_image:
        begun = checkpoint.processor is None or _has_bos(text, tokenizer)
        encoded: list[int] = tokenizer(text, add_special_tokens=not begun)["input_ids"]
        ids, inputs = torch.tensor([encoded]), {}
    else:
        inputs = _processed(problem, text, checkpoint)
        ids = inputs.pop("input_ids")
        inputs.pop("attention_mask", None)
    positions = own_positions(checkpoint.model, ids, inputs)
    length = ids.shape[1]
    return OwnPrompt(
        ids=tuple(ids[0].tolist()),
        shown=(),
        positions=positions,
        # The first of several channels counts columns in some classes; the last is always one of the image's.
        shift=int(positions[-1, -1]) + 1 - length,
        ending=text[-ENDING_CHARACTERS:],
        inputs=inputs,
    )


def rendered(problem: Problem, checkpoint: Checkpoint, options: RequestOptions) -> str:
    """The text of the prompt, images included. Raises ``EngineUnavailable`` where the template does not show all of it.

    Templates of text models take the content of a turn as text, those of others as a list of parts; some take both.
    """
    images = iter([{"type": "image"} for _ in problem.every_image])
    before = messages_before(said_before(problem), options, images)
    parts = [*images, {"type": "text", "text": problem.question}]
    forms: Sequence[Any] = [parts, problem.question]
    if checkpoint.processor is None:
        forms = [problem.question, parts]
    refusal = "it leaves out the question"
    for content in forms[: 1 if problem.every_image else 2]:
        try:
            text = _rendered([*before, {"role": "user", "content": content}], checkpoint, options)
        except Exception as error:  # a missing or broken template raises whatever jinja and transformers please
            refusal = str(error).splitlines()[0] if str(error) else type(error).__name__
            continue
        if problem.question.strip() in text and "'type': 'text'" not in text:
            if problem.images and text == _rendered(
                [*before, {"role": "user", "content": parts[-1:]}], checkpoint, options
            ):
                raise EngineUnavailable(f"{checkpoint.name} has a chat template that leaves images out")
            return text
    raise EngineUnavailable(f"{checkpoint.name} has no usable chat template: {refusal}")


def own_positions(model: Any, ids: Tensor, inputs: dict[str, Tensor]) -> Tensor:
    """Positions of a prompt by the model's own rules, of shape (channels, time): one channel, or more for images."""
    import torch

    ask = getattr(model, OWN_POSITIONS, None)
    if ask is None:
        return torch.arange(ids.shape[1])[None]
    positions: Tensor = ask(ids, {"attention_mask": torch.ones_like(ids), **inputs})
    return positions.reshape(-1, ids.shape[1])


def _rendered(messages: Sequence[Any], checkpoint: Checkpoint, options: RequestOptions) -> str:
    text: str = checkpoint.tokenizer.apply_chat_template(
        list(messages),
        chat_template=checkpoint.chat_template,
        add_generation_prompt=True,
        tokenize=False,
        **options.template,
    )
    return text


def _processed(problem: Problem, text: str, checkpoint: Checkpoint) -> dict[str, Tensor]:
    pictures = [picture(image, problem.id) for image in problem.every_image]
    try:
        made = checkpoint.processor(
            text=[text],
            images=pictures,
            return_tensors="pt",
            # As transformers itself decides: most templates write the token, some leave it to the tokenizer.
            add_special_tokens=not _has_bos(text, checkpoint.tokenizer),
        )
    except (ValueError, RuntimeError, TypeError, IndexError) as error:
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise EngineError(f"{problem.id}: the processor of {checkpoint.name} refuses it: {reason[0]}") from error
    return dict(made)


def _has_bos(text: str, tokenizer: Any) -> bool:
    return tokenizer.bos_token is not None and text.startswith(tokenizer.bos_token)
