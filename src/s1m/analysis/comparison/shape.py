"""What a forward pass costs: a model's shape, from its config.json or as it is told, and the arithmetic.

A token's pass through the weights takes two operations a parameter (J. Kaplan et al., arXiv 2001.08361, section 2.1);
its attention takes two products over all tokens before it, of 2 x hidden operations a token and layer each (J. Hoffmann
et al., arXiv 2203.15556, appendix F). Softmax, norms and the vision tower are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from s1m.engines.embedded.checkpoint import place_of
from s1m.errors import UsageError

FLAGS = "--parameters, --layers and --hidden"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A language tower: the parameters that every token meets, its layers, and the width of its attention."""

    parameters: float
    layers: int
    hidden: int

    def flops(self, before: float, tokens: float) -> float:
        """Operations of so many tokens that follow ``before`` others, each of which attends to all before and itself.

        Keys and values of the tokens before are taken from the cache.
        """
        attended = tokens * before + tokens * (tokens + 1) / 2
        return 2 * self.parameters * tokens + 4 * self.layers * self.hidden * attended


def shape_told(parameters: float | None, layers: int | None, hidden: int | None) -> Shape | None:
    """The shape that flags give; None for none of them. Raises ``UsageError`` when some are missing."""
    if parameters is None and layers is None and hidden is None:
        return None
    if not parameters or not layers or not hidden or min(parameters, layers, hidden) < 0:
        raise UsageError(f"a model's shape is all of {FLAGS}, each above 0")
    return Shape(parameters=parameters, layers=layers, hidden=hidden)


def shape_of(settings: Mapping[str, Any], run: str) -> Shape:
    """The shape of a run's model, read in its folder. ``UsageError`` names the flags where there is none."""
    model = str(settings.get("model", ""))
    folder = Path(place_of(model))
    try:
        return shape_from(msgspec.json.decode((folder / "config.json").read_bytes(), type=dict[str, Any]))
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        raise UsageError(
            f"{run}: the shape of {model or 'the model'} is not known, for it is no folder with a readable "
            f"config.json; give {FLAGS}"
        ) from None


def shape_from(config: Mapping[str, Any]) -> Shape:
    """The shape that a config.json of transformers tells: projections, gated feed-forward layers, and the output."""
    text = config.get("text_config", config)
    hidden, heads = text["hidden_size"], text["num_attention_heads"]
    width = heads * text.get("head_dim", hidden // heads)
    narrow = text.get("num_key_value_heads", heads) * width // heads
    layer = 2 * hidden * width + 2 * hidden * narrow + 3 * hidden * text["intermediate_size"]
    layers = text["num_hidden_layers"]
    return Shape(parameters=layers * layer + hidden * text["vocab_size"], layers=layers, hidden=width)
