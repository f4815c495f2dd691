"""The shape of a language model, from its config.json or from flags, and the operations of a forward pass.

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
class ModelShape:
    """A language model: the parameters used for every token, its layers, and the width of its attention."""

    parameters: float
    layers: int
    hidden: int

    def flops(self, before: float, tokens: float) -> float:
        """Operations for ``tokens`` tokens that follow ``before`` others; each attends to all before it and to itself.

        Keys and values of the tokens before come from the cache.
        """
        attended = tokens * before + tokens * (tokens + 1) / 2
        return 2 * self.parameters * tokens + 4 * self.layers * self.hidden * attended


def shape_from_flags(parameters: float | None, layers: int | None, hidden: int | None) -> ModelShape | None:
    """The shape given by flags; None without any. Raises ``UsageError`` when some are missing or not positive."""
    if parameters is None and layers is None and hidden is None:
        return None
    if not parameters or not layers or not hidden or min(parameters, layers, hidden) < 0:
        raise UsageError(f"a model's shape needs all of {FLAGS}, each above 0")
    return ModelShape(parameters=parameters, layers=layers, hidden=hidden)


def shape_of_run(settings: Mapping[str, Any], run: str) -> ModelShape:
    """The shape of a run's model, read from the model's folder.

    Raises ``UsageError``, which names the flags, where the folder has no readable config.json.
    """
    model = str(settings.get("model", ""))
    folder = Path(place_of(model))
    try:
        return shape_from_config(msgspec.json.decode((folder / "config.json").read_bytes(), type=dict[str, Any]))
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        raise UsageError(
            f"{run}: the shape of {model or 'the model'} is unknown, because it is not a folder with a readable "
            f"config.json; give {FLAGS}"
        ) from None


def shape_from_config(config: Mapping[str, Any]) -> ModelShape:
    """The shape described by a config.json of transformers: projections, gated feed-forward layers, and the output.

    Raises ``KeyError`` or ``TypeError`` for a config of another form.
    """
    text = config.get("text_config", config)
    hidden, heads = text["hidden_size"], text["num_attention_heads"]
    width = heads * text.get("head_dim", hidden // heads)
    narrow = text.get("num_key_value_heads", heads) * width // heads
    layer = 2 * hidden * width + 2 * hidden * narrow + 3 * hidden * text["intermediate_size"]
    layers = text["num_hidden_layers"]
    return ModelShape(parameters=layers * layer + hidden * text["vocab_size"], layers=layers, hidden=width)
