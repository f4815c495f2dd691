"""Arithmetic over bar charts: a sheet of panels, one for each shop, with a price and a bar for each month.

Three questions: the revenue of all bars, the sum of the bars above their panel's mean, the sum of the rises from month
to month. The trace adds up panel by panel; ``check.charts`` computes with one numpy array.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from s1m.synthetic.drawing import COLOURS, INK, MUTED, RULE, png, sheet, write
from s1m.synthetic.longvision.charts import check, proofs, words
from s1m.synthetic.longvision.charts.plan import Chart, contribution
from s1m.synthetic.voice import Voice

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHOPS = (
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel",
    "Ivy", "Juniper", "Katsura", "Larch", "Maple", "Nutmeg", "Oak", "Pine",
)  # fmt: skip

ASKS = {
    "revenue": "Each bar is a number of boxes sold, and a box costs the price that is written beside the shop's name. "
    "How much money do all shops take in over all months together?",
    "above": "For each shop, take the bars that are higher than the mean of that shop's bars. What is the sum of all "
    "these bars, over all shops?",
    "rises": "Go through each shop's bars from left to right and take every rise, that is by how much a bar is higher "
    "than the one before it; falls do not count. What is the sum of all rises of all shops?",
}
TOKENS_A_BAR = {"revenue": 54, "above": 52, "rises": 52}
"""Tokens of a bar whose value has three digits, proofs included, so that traces come near the length drawn."""

BAR, PANEL, GAP = 44, 190, 26
"""Pixels: across a bar with its gap, down a panel, between panels."""


class Charts:
    """Three questions about sums over the bars of drawn charts."""

    name = "chart"
    family = "charts"
    lengths = (500, 11_000)

    def plan(self, rng: random.Random, tokens: int) -> Chart:
        ask = rng.choice(list(ASKS))
        most = rng.choice((98, 480)) if tokens < 7000 else 480
        bars = max(6, (tokens - 200) / (TOKENS_A_BAR[ask] * (0.8 if most < 100 else 1)))  # two digits take a fifth less
        many = min(16, max(2, round((bars / rng.uniform(0.6, 1.2)) ** 0.5)))
        months = min(12, max(3, round(bars / many)))
        many = min(16, max(2, round(bars / months)))
        first = rng.randrange(13 - months)
        return Chart(
            shops=tuple(sorted(rng.sample(SHOPS, many))),
            months=MONTHS[first : first + months],
            values=tuple(tuple(rng.sample(range(12, most), months)) for _ in range(many)),
            prices=tuple(rng.randint(3, 19) for _ in range(many)) if ask == "revenue" else (),
            ask=ask,
        )

    def question(self, plan: Chart) -> str:
        return f"The picture shows bar charts, one for each shop. {ASKS[plan.ask]} Answer with an integer."

    def answer(self, plan: Chart) -> int:
        return sum(contribution(plan, shop) for shop in range(len(plan.shops)))

    def check(self, plan: Chart) -> int:
        return check.charts(plan.values, plan.prices, plan.ask)

    def size(self, plan: Chart) -> tuple[int, int]:
        across = _across(plan)
        down = -(-len(plan.shops) // across)
        return across * (len(plan.months) * BAR + GAP) + GAP, down * (PANEL + GAP) + GAP

    def draw(self, plan: Chart) -> bytes:
        """The panels, at most three side by side, with its value above every bar."""
        image, pen = sheet(*self.size(plan))
        across = _across(plan)
        colours = [COLOURS[name] for name in ("blue", "orange", "green", "pink")]
        tallest = max(map(max, plan.values))
        for shop, values in enumerate(plan.values):
            left = GAP + shop % across * (len(values) * BAR + GAP)
            top = GAP + shop // across * (PANEL + GAP)
            price = f"   price {plan.prices[shop]}" if plan.prices else ""
            write(pen, (left, top + 6), plan.shops[shop] + price, 18, anchor="lm")
            base = top + PANEL - 22
            pen.line((left, base, left + len(values) * BAR, base), fill=INK, width=2)
            for third in (1, 2, 3):
                y = base - third * 40
                pen.line((left, y, left + len(values) * BAR, y), fill=RULE, width=1)
            for month, value in enumerate(values):
                x = left + month * BAR
                high = base - 2 - value / tallest * 120
                pen.rectangle((x + 5, high, x + BAR - 6, base - 2), fill=colours[shop % len(colours)])
                write(pen, (x + BAR / 2, high - 9), str(value), 15)
                write(pen, (x + BAR / 2, base + 11), plan.months[month], 14, MUTED)
        return png(image)

    def solve(self, plan: Chart, voice: Voice) -> Iterator[str]:
        """The reading of the bars, the sums panel by panel with one slip, the total."""
        return words.solve(plan, voice)

    def proofs(self, plan: Chart, voice: Voice) -> Iterator[str]:
        """The same sums by other methods."""
        return proofs.proofs(plan, voice)


def _across(plan: Chart) -> int:
    return min(len(plan.shops), 2 if len(plan.months) > 8 else 3)
