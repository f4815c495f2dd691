"""The delimiters of thinking, each spelled here and nowhere else.

    <think>          I add 3 and 4. </think>         7           most families
    <|channel>thought I add 3 and 4. <channel|>      7           Gemma 4

The table says what to expect of a response whose model is unknown; the chat template of a model at hand is the better
source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Delimiters:
    """What thinking stands between, without the line break that many templates put after the opening one."""

    opening: str
    closing: str
    used_by: str = field(default="", compare=False, repr=False)
    """The families that use them, in a few words."""
    family: str = field(default="", compare=False, repr=False)
    """The name by which ``--family`` asks for them."""
    line_break: str = field(default="", compare=False, repr=False)
    """What templates mostly put between the opening delimiter and the first word."""

    @property
    def as_written(self) -> str:
        """The opening delimiter with what templates mostly put after it."""
        return self.opening + self.line_break

    @property
    def opening_line(self) -> str:
        """The opening delimiter with its line break, as Qwen's templates put it before the first token of a turn."""
        return f"{self.opening}\n"

    def around(self, thinking: str, answer: str) -> str:
        """A response of which the two parts are known."""
        return f"{self.opening}\n{thinking.strip()}\n{self.closing}\n{answer.strip()}"


DEFAULT = Delimiters(
    "<think>",
    "</think>",
    "Qwen3-VL-Thinking, Qwen3.5 to 3.8, GLM-V, Kimi-K2, MiMo-VL, InternVL, Intern-S1, Keye-VL, Ovis, MiniCPM-V, Step3, "
    "ERNIE-VL, DeepSeek-R1 and fine-tunes that follow it",
    "think",
    "\n",
)
"""Also those of S1-M's data, and s1m's own where none are given."""

THINKING_DELIMITERS: tuple[Delimiters, ...] = (
    DEFAULT,
    Delimiters("<thinking>", "</thinking>", "prompted models and distilled data", "thinking", "\n"),
    Delimiters("<thought>", "</thought>", "prompted models and distilled data", "thought", "\n"),
    Delimiters("<reasoning>", "</reasoning>", "prompted models and distilled data", "reasoning", "\n"),
    Delimiters("<analysis>", "</analysis>", "Keye-VL 1.5, whose auto mode weighs first whether to think", "analysis"),
    Delimiters("<seed:think>", "</seed:think>", "Seed-OSS", "seed-oss"),
    Delimiters("◁think▷", "◁/think▷", "Kimi-VL; several tokens each", "kimi-vl"),
    Delimiters("[THINK]", "[/THINK]", "Ministral-3, Magistral", "mistral"),
    Delimiters("<|channel>thought", "<channel|>", "Gemma 4", "gemma4", "\n"),
    Delimiters("<|channel|>analysis<|message|>", "<|channel|>final<|message|>", "gpt-oss", "gpt-oss"),
    Delimiters("<|START_THINKING|>", "<|END_THINKING|>", "Cohere", "cohere"),
    Delimiters("<|begin_of_thought|>", "<|end_of_thought|>", "o1-style data sets", "o1", "\n"),
)
"""Every pair in use. No delimiter is the beginning of another, so the order does not matter."""


BY_FAMILY: Mapping[str, Delimiters] = {each.family: each for each in THINKING_DELIMITERS}
"""What ``--family`` may name."""


def closing_pattern(delimiters: Iterable[Delimiters] = THINKING_DELIMITERS) -> re.Pattern[str]:
    """Matches any closing delimiter, in any case: models that spell theirs as ordinary text vary it."""
    return re.compile("|".join(re.escape(each.closing) for each in delimiters), re.IGNORECASE)


def as_default(text: str, delimiters: Delimiters) -> str:
    """A response with these delimiters spelled as ``DEFAULT`` spells them, so that whatever reads it knows them."""
    return text.replace(delimiters.opening, DEFAULT.opening).replace(delimiters.closing, DEFAULT.closing)


def delimiters_in(text: str) -> Delimiters | None:
    """Those of a family that a response closes its thinking with, or opens with; None where it has none."""
    begun = text.lstrip()
    closing = (each for each in THINKING_DELIMITERS if each.closing in text)
    return next(closing, next((each for each in THINKING_DELIMITERS if begun.startswith(each.opening)), None))


_CLOSING = closing_pattern()


def after_thinking(text: str) -> str:
    """What follows the last closing delimiter of any family; the whole text where there is none."""
    return _CLOSING.split(text)[-1]
