"""Marks that are not part of what a model says: those that end its turn, and those that wrap its answer."""

from __future__ import annotations

from dataclasses import dataclass

END_OF_TURN_MARKS: tuple[str, ...] = (
    "<|im_end|>",
    "<|endoftext|>",
    "</s>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "<eos>",
    "<|end|>",
    "<turn|>",  # Gemma 4
    "<|user|>",  # GLM-V: begins the user's turn, and so ends the model's
    "<|observation|>",  # GLM-V, before the result of a tool
    "<seed:eos>",  # Seed-OSS
    "<|END_OF_TURN_TOKEN|>",  # Cohere
    "[EOS]",
    "<|EOT|>",
    "<|return|>",  # gpt-oss
    "<｜end▁of▁sentence｜>",  # DeepSeek, with full-width bars
)
"""They appear in text where special tokens are asked for. A tokenizer's own special tokens are the better source."""


@dataclass(frozen=True)
class Wrapper:
    """What some families put around their answer, and what it closes with."""

    opening: str
    closing: str


ANSWER_WRAPPERS: tuple[Wrapper, ...] = (
    Wrapper("<answer>", "</answer>"),  # GLM-4.1V, Keye-VL, R1-style fine-tunes
    Wrapper("<response>", "</response>"),  # ERNIE-4.5-VL-Thinking
    Wrapper("<|begin_of_box|>", "<|end_of_box|>"),  # GLM-V
    Wrapper("<|begin_of_solution|>", "<|end_of_solution|>"),  # o1-style data sets
    Wrapper("<|START_RESPONSE|>", "<|END_RESPONSE|>"),  # Cohere
    Wrapper("<<", ">>"),  # what We-Math's prompt asks for
)
r"""``\boxed{...}`` is not among them: it is LaTeX, and its braces have to be balanced."""


def without_end_of_turn(text: str) -> str:
    """The text without the marks at its end, however many there are."""
    while text.endswith(END_OF_TURN_MARKS):
        text = next(text.removesuffix(mark) for mark in END_OF_TURN_MARKS if text.endswith(mark))
    return text
