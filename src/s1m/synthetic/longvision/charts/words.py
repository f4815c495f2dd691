"""The text of a solution: every sum is computed as its sentence is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from s1m.synthetic.longvision.charts.plan import Chart, contribution, counted_values
from s1m.synthetic.voice import Voice, counted, listed

READS = (
    "{shop}: {bars}.",
    "The panel {shop} has {bars}.",
    "In {shop} I read {bars}.",
    "{shop} goes {bars}.",
    "Next {shop}, with {bars}.",
    "For {shop} the bars say {bars}.",
)
SUMS = (
    "{shop} adds up like this: {sums}.",
    "Sum for {shop}: {sums}.",
    "Adding up {shop} term by term, {sums}.",
    "{shop}, running total: {sums}.",
    "For {shop} I get {sums}.",
    "{sums} for {shop}.",
)
PRODUCTS = (
    "At {price} a box that is {price} x {total} = {product}.",
    "{total} boxes for {price} each: {product}.",
    "Times the price {price} makes {product}.",
    "The price is {price}, and {total} x {price} = {product}.",
)
TOTALS = (
    "Together so far {sum}.",
    "That brings it to {sum}.",
    "All in all now {sum}.",
    "Grand total {sum}.",
    "I am at {sum}.",
    "{sum} up to here.",
)


def solve(chart: Chart, voice: Voice) -> Iterator[str]:
    """The reading of the bars, the sums panel by panel with one slip, the total."""
    yield voice.say(
        (
            "There are {p} and {m} in each, {a} to {z}. I read the number on every bar.",
            "I see {p}. Each has {m}, from {a} to {z}; the value stands on top of the bar.",
        ),
        p=counted(len(chart.shops), "panel"),
        m=counted(len(chart.months), "bar"),
        a=chart.months[0],
        z=chart.months[-1],
    )
    lines = []
    for label, values in zip(chart.shops, chart.values, strict=True):
        bars = ", ".join(f"{month} {value}" for month, value in zip(chart.months, values, strict=True))
        lines.append(voice.say(READS, shop=label, bars=bars))
    yield "\n".join(lines)
    if chart.prices:
        yield f"The prices: {listed([f'{s} {p}' for s, p in zip(chart.shops, chart.prices, strict=True)])}."
    slip = voice.rng.randrange(len(chart.shops))
    total = 0
    for shop in range(len(chart.shops)):
        work = {"revenue": _money, "above": _above, "rises": _rises}[chart.ask](chart, shop, voice, shop == slip)
        total += contribution(chart, shop)
        yield f"{work} {voice.say(TOTALS, sum=total)}"
    sums = " + ".join(str(contribution(chart, shop)) for shop in range(len(chart.shops)))
    yield f"So the answer would be {sums} = {total}."


def _money(chart: Chart, shop: int, voice: Voice, slip: bool) -> str:
    total = sum(chart.values[shop])
    text = _sum(chart.shops[shop], chart.values[shop], voice, slip)
    return f"{text} {voice.say(PRODUCTS, price=chart.prices[shop], total=total, product=total * chart.prices[shop])}"


def _above(chart: Chart, shop: int, voice: Voice, slip: bool) -> str:
    values = chart.values[shop]
    total, many = sum(values), len(values)
    taken = counted_values(chart, shop)
    over = [f"{month} ({value})" for month, value in zip(chart.months, values, strict=True) if value * many > total]
    under = [month for month, value in zip(chart.months, values, strict=True) if value * many <= total]
    mean = (
        f"{total} / {many} = {total // many}"
        if total % many == 0
        else f"{total} / {many}, between {total // many} and {total // many + 1}"
    )
    return f"{_sum(chart.shops[shop], values, voice, slip)} " + voice.say(
        (
            "The mean is {mean}. Above it: {over}; not above it: {under}. What counts here is {sum}.",
            "That makes a mean of {mean}, which is exceeded by {over}, but not by {under}. I take {sum}.",
            "Mean: {mean}. Higher: {over}. Not higher: {under}. That leaves {sum}.",
        ),
        mean=mean,
        over=listed(over),
        under=listed(under),
        sum=" + ".join(map(str, taken)) + (f" = {sum(taken)}" if len(taken) > 1 else ""),
    )


def _rises(chart: Chart, shop: int, voice: Voice, slip: bool) -> str:
    steps = []
    for month, (a, b) in zip(chart.months[1:], pairwise(chart.values[shop]), strict=True):
        if b > a:
            steps.append(
                voice.say(
                    ("{m} up from {a} to {b}, {d}", "{a} to {b} in {m}, a rise of {d}", "{m} {b} - {a} = {d}"),
                    m=month,
                    a=a,
                    b=b,
                    d=b - a,
                )
            )
        else:
            steps.append(
                voice.say(("{m} falls to {b}", "{m} is lower, {b}", "down to {b} in {m}", "{m} only {b}"), m=month, b=b)
            )
    taken = counted_values(chart, shop)
    opening = voice.say(
        ("{s}: ", "The steps of {s}: ", "Through {s} from the left: ", "Now {s}: "), s=chart.shops[shop]
    )
    if not taken:
        return f"{opening}{'; '.join(steps)}. No rise at all, so 0."
    return f"{opening}{'; '.join(steps)}. {_sum('the rises of ' + chart.shops[shop], taken, voice, slip)}"


def _sum(shop: str, values: Sequence[int], voice: Voice, slip: bool) -> str:
    """A sum term by term; with a slip, first with ten too many and then corrected."""
    if slip and len(values) > 2:
        at = voice.rng.randrange(1, len(values))
        wrong = _terms(values, at)
        text = voice.say(SUMS, shop=shop, sums=", ".join(wrong))
        return (
            f"{_capital(text)} Wait, {_partial(values, at, 0)} and {values[at]} are {_partial(values, at + 1, 0)}, not "
            f"{_partial(values, at + 1, 10)}: I slipped by ten there. Once more from that place: "
            f"{', '.join(_terms(values, None)[at - 1 if at > 1 else 0 :])}."
        )
    return _capital(voice.say(SUMS, shop=shop, sums=", ".join(_terms(values, None))))


def _terms(values: Sequence[int], slip: int | None) -> list[str]:
    """Running sums, ten too large from index ``slip`` on."""
    if len(values) == 1:
        return [f"just {values[0]}"]
    terms = []
    for index in range(1, len(values)):
        off = 10 if slip is not None and index >= slip else 0
        so_far = _partial(values, index, 10 if off and index > (slip or 0) else 0)
        total = _partial(values, index + 1, off)
        terms.append(f"{so_far} + {values[index]} = {total}" if index == 1 else f"+ {values[index]} = {total}")
    return terms


def _partial(values: Sequence[int], many: int, off: int) -> int:
    return sum(values[:many]) + off


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
