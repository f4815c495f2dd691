"""How tokens are to be drawn, as the makers of a model recommend: its ``generation_config.json``, else a small table.

A value that a source leaves out is off: its author named what matters, and what a library fills in (transformers takes
``top_k`` 50) does not belong to the recommendation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from s1m.errors import DataError, UsageError
from s1m.families.files import GENERATION, folder_of, read_json

NEUTRAL: Mapping[str, float] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 0,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "presence_penalty": 0.0,
}
"""The values with which nothing is changed, by the names of the settings."""


@dataclass(frozen=True, kw_only=True)
class Recommended:
    """Values for every setting of sampling, and where they are from."""

    values: Mapping[str, float]
    source: str

    @property
    def sentence(self) -> str:
        """The values that change something, and where they are from."""
        return f"{listed(self.values)}, recommended by {self.source}"


CARDS: tuple[tuple[str, Mapping[str, float]], ...] = (
    (r"qwen3-vl.*thinking", {"temperature": 1.0, "top_p": 0.95, "top_k": 20}),
    (r"qwen3-vl.*instruct", {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "presence_penalty": 1.5}),
)
"""Of models whose files say less than their cards, by a pattern of their names, in lower case."""


def listed(values: Mapping[str, float]) -> str:
    """Values of sampling in words, without those that change nothing."""
    return ", ".join(f"{name} {value:g}" for name, value in values.items() if value != NEUTRAL[name]) or "all off"


def recommended(sources: Iterable[str]) -> Recommended | None:
    """What is recommended for the model at any of these folders or Hub ids; None where nothing is known of it."""
    names = list(sources)
    for place in names:
        try:
            values = _of_files(place)
        except (UsageError, DataError):
            continue  # no such folder or Hub model, or its file is damaged
        if values:
            return Recommended(values={**NEUTRAL, **values}, source=f"{GENERATION} of {place}")
    for place in names:
        for pattern, card in CARDS:
            if re.search(pattern, place.lower()):
                return Recommended(values={**NEUTRAL, **card}, source=f"the card of {place}")
    return None


def _of_files(place: str) -> dict[str, float]:
    """The values that the generation settings of a checkpoint name; greedy where they say not to sample."""
    held = read_json(folder_of(place) / GENERATION)
    if held.get("do_sample") is False:
        return {"temperature": 0.0}
    named = {name: held[name] for name in NEUTRAL if isinstance(held.get(name), int | float)}
    return {name: int(value) if name == "top_k" else float(value) for name, value in named.items()}
