"""Bar charts as numbers: the bars, the question, and what a shop adds to the answer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The bars, ``values[p][m]`` of shop ``p`` in month ``m``, and the question: revenue, above or rises."""

    shops: tuple[str, ...]
    months: tuple[str, ...]
    values: tuple[tuple[int, ...], ...]
    prices: tuple[int, ...]
    ask: str


def contribution(chart: Chart, shop: int) -> int:
    """What a shop adds to the answer."""
    return sum(counted_values(chart, shop)) * (chart.prices[shop] if chart.ask == "revenue" else 1)


def counted_values(chart: Chart, shop: int) -> list[int]:
    """The numbers of a shop that the question adds up."""
    values = chart.values[shop]
    if chart.ask == "above":
        # Above the mean, in whole numbers: a division would round.
        return [value for value in values if value * len(values) > sum(values)]
    if chart.ask == "rises":
        return [b - a for a, b in pairwise(values) if b > a]
    return list(values)
