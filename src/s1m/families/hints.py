"""What chat templates do not tell about thinking, from the models' cards: texts that switch it on or off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hint:
    """What to do so that a family thinks, or does not."""

    family: str
    text: str


HINTS: tuple[Hint, ...] = (
    Hint("InternVL3.5", "thinks only with the R1 system prompt of its card: give it with --system-prompt"),
    Hint("MiMo-VL", "does not think when the question ends with /no_think"),
    Hint("Keye-VL 1.5", "thinks when the question ends with /think, does not when it ends with /no_think"),
    Hint("Ministral-3, Magistral", "think with the system prompt of their cards: give it with --system-prompt"),
    Hint("GLM-4.5V, GLM-4.6V", "think or not at random without --template-kwargs enable_thinking=true"),
    Hint("Cosmos-Reason, R1-style fine-tunes", "think when the prompt asks for it: see --reasoning-prompt"),
)
