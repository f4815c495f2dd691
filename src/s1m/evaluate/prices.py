"""What tokens cost: a table in TOML, of the user's own, since no list that a package brings along stays true.

currency = "USD"

[models."some-model"]      # the name that --model gives, or the server
input = 0.25               # per million tokens that the model reads
cached_input = 0.025       # of these, per million that come from the server's cache; without it they cost as much
output = 2.0               # per million tokens that the model writes, thinking included
image = 0.001              # for each image sent, where images are charged apart from their tokens
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from s1m.errors import UsageError, did_you_mean
from s1m.files.settings import read_toml
from s1m.files.writing import shown_path
from s1m.types import Cost, Usage

MILLION = 1_000_000
Amount = Annotated[float, Meta(ge=0)]


@dataclass(frozen=True, kw_only=True)
class Price:
    """The price of a model, per million tokens and per image."""

    input: Amount
    output: Amount
    cached_input: Amount | None = None
    image: Amount = 0.0
    currency: str = ""

    def cost_of(self, usage: Usage) -> Cost:
        """What usage costs; unknown where its prompt tokens are and reading them is not free."""
        if usage.prompt_tokens is None and self.input:
            return Cost(amount=None, currency=self.currency)
        cached = min(usage.cached_tokens, usage.prompt_tokens or 0)
        fresh = (usage.prompt_tokens or 0) - cached
        reading = fresh * self.input + cached * (self.input if self.cached_input is None else self.cached_input)
        amount = (reading + usage.output_tokens * self.output) / MILLION + usage.images * self.image
        return Cost(amount=amount, currency=self.currency)


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    models: Mapping[str, dict[str, float]]
    currency: str = "USD"


def find_price(path: Path, model: str) -> Price:
    """The price of ``model`` in the table at ``path``. Raises ``UsageError`` where there is none."""
    try:
        table = msgspec.convert(read_toml(path), Table)
        if model in table.models:
            price = msgspec.convert(_checked(table.models[model]), Price)
            return replace(price, currency=table.currency)
    except msgspec.ValidationError as error:
        raise UsageError(f"{shown_path(path)} is not a price table: {error}; see configs/prices.toml") from None
    priced = ", ".join(table.models) or "no model"
    raise UsageError(
        f"--prices {shown_path(path)} has no price for {model}, only for {priced}{did_you_mean(model, table.models)}; "
        f'add [models."{model}"]'
    )


def _checked(prices: Mapping[str, float]) -> Mapping[str, float]:
    known = ("input", "output", "cached_input", "image")
    for name in prices:
        if name not in known:
            raise msgspec.ValidationError(f"there is no price called {name}{did_you_mean(name, known)}")
    return prices
