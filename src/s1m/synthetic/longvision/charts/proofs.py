"""The text of the proofs: read backwards, added up by months, by the complement, by digits, by remainders."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from s1m.synthetic.longvision.charts.plan import Chart, contribution, counted_values
from s1m.synthetic.longvision.charts.words import TOTALS
from s1m.synthetic.voice import DOUBTS, LOOKS, Voice, listed

AGAIN = (
    "{shop} from right to left: {bars}.",
    "Backwards through {shop}: {bars}.",
    "{shop}, last bar first: {bars}.",
    "The bars of {shop}, starting at the right, are {bars}.",
)
DIGITS = (
    "{shop}: tens {tens} = {tens_sum}, ones {ones} = {ones_sum}, together {tens_sum}0 + {ones_sum} = {total}.",
    "In {shop} the ones {ones} make {ones_sum}, the tens {tens} make {tens_sum}, "
    "that is {tens_sum}0 + {ones_sum} = {total}.",
    "Tens of {shop}: {tens}, so {tens_sum}0; ones: {ones}, so {ones_sum}; sum {total}.",
    "{shop} splits into {tens_sum} tens ({tens}) and {ones_sum} ones ({ones}): {total}.",
)


def proofs(chart: Chart, voice: Voice) -> Iterator[str]:
    """The same sums read backwards, by a method of the question's own, by tens and ones, by remainders."""
    yield "\n\n".join(_again(chart, voice))
    if chart.ask == "revenue":
        yield "\n\n".join(_by_month(chart, voice))
    elif chart.ask == "above":
        yield "\n\n".join(_below(chart, voice))
    else:
        yield "\n\n".join(_telescope(chart, voice))
    yield "\n\n".join(_by_digits(chart, voice))
    yield _remainders(chart, voice)


def _again(chart: Chart, voice: Voice) -> Iterator[str]:
    yield f"{voice.say(LOOKS)} I go over the bars again, in the other direction, and compare."
    lines = []
    for shop in reversed(range(len(chart.shops))):
        bars = ", ".join(map(str, reversed(chart.values[shop])))
        high = max(chart.values[shop])
        month = chart.months[chart.values[shop].index(high)]
        lines.append(
            f"{voice.say(AGAIN, shop=chart.shops[shop], bars=bars)} "
            + voice.say(
                ("The tallest is {m}.", "{m} stands out with {h}.", "Its highest bar is {h}.", "None is above {m}."),
                m=month,
                h=high,
            )
        )
    yield "\n".join(lines)
    yield "Nothing differs from what I read at first."


def _by_month(chart: Chart, voice: Voice) -> Iterator[str]:
    """Money month by month instead of shop by shop."""
    yield f"{voice.say(DOUBTS)} I can also go month by month, each bar times its own price."
    total = 0
    for month, label in enumerate(chart.months):
        products = [values[month] * price for values, price in zip(chart.values, chart.prices, strict=True)]
        total += sum(products)
        bars = [f"{values[month]} x {price}" for values, price in zip(chart.values, chart.prices, strict=True)]
        each = " + ".join(map(str, products))
        text = voice.say(
            (
                "{label}: {bars}, which are {each} = {sum}.",
                "In {label} the shops sell {bars}; {each} = {sum}.",
                "{bars} for {label}: {each} = {sum}.",
            ),
            label=label,
            bars=listed(bars),
            each=each,
            sum=sum(products),
        )
        yield f"{text} {voice.say(TOTALS, sum=total)}"
    yield f"The months lead to {total} as well."


def _below(chart: Chart, voice: Voice) -> Iterator[str]:
    """The sum of all bars minus those that do not count."""
    yield f"{voice.say(DOUBTS)} From the other side: all bars of a shop, less those that are not above the mean."
    total = 0
    for shop, values in enumerate(chart.values):
        whole, many = sum(values), len(values)
        excluded = sorted(value for value in values if value * many <= whole)
        total += whole - sum(excluded)
        text = voice.say(
            (
                "{s}, sorted: {all}. What stays out is {low}. {whole} - {out} = {rest}.",
                "In order of height {s} has {all}; out go {low}, and {whole} - {out} = {rest} remain.",
                "{all} for {s}, from low to high. Without {low} ({out}) the {whole} shrink to {rest}.",
            ),
            s=chart.shops[shop],
            all=", ".join(map(str, sorted(values))),
            low=listed(excluded),
            whole=whole,
            out=sum(excluded),
            rest=whole - sum(excluded),
        )
        yield f"{text} {voice.say(TOTALS, sum=total)}"
    yield f"This way gives {total}, too."


def _telescope(chart: Chart, voice: Voice) -> Iterator[str]:
    """Rises minus falls are the last bar minus the first, so the rises are that difference plus the falls."""
    yield (
        f"{voice.say(DOUBTS)} In each shop, rises minus falls must be the last bar minus the first. So the rises are "
        "that difference plus the falls."
    )
    total = 0
    for shop, values in enumerate(chart.values):
        falls = [a - b for a, b in pairwise(values) if a > b]
        total += values[-1] - values[0] + sum(falls)
        text = voice.say(
            (
                "{s} ends {last} and begins {first}: {diff}. Its falls are {falls}. {diff} + {fall} = {rise}.",
                "For {s} the falls {falls} and the difference {last} - {first} = {diff} make {fall} + {diff} = {rise}.",
                "{s}: from {first} to {last} is {diff}; falls {falls}; hence rises of {rise}.",
            ),
            s=chart.shops[shop],
            last=values[-1],
            first=values[0],
            diff=values[-1] - values[0],
            falls=" + ".join(map(str, falls)) + (f" = {sum(falls)}" if len(falls) > 1 else "") if falls else "0",
            fall=sum(falls),
            rise=values[-1] - values[0] + sum(falls),
        )
        yield f"{text} {voice.say(TOTALS, sum=total)}"
    yield f"By the falls I come to {total} again."


def _by_digits(chart: Chart, voice: Voice) -> Iterator[str]:
    """The values that count in each shop, by tens and ones."""
    yield f"{voice.say(DOUBTS)} I add what counts in each shop by tens and ones apart."
    lines = []
    for shop in range(len(chart.shops)):
        taken = counted_values(chart, shop)
        if len(taken) < 2:
            continue
        tens, ones = [value // 10 for value in taken], [value % 10 for value in taken]
        lines.append(
            voice.say(
                DIGITS,
                shop=chart.shops[shop],
                tens=" + ".join(map(str, tens)),
                ones=" + ".join(map(str, ones)),
                tens_sum=sum(tens),
                ones_sum=sum(ones),
                total=sum(taken),
            )
        )
    yield "\n".join(lines)
    total = sum(contribution(chart, shop) for shop in range(len(chart.shops)))
    yield f"These are the same numbers as before, so {total} stays."


def _remainders(chart: Chart, voice: Voice) -> str:
    """Casting out nines over the shops' contributions."""
    contributions = [contribution(chart, shop) for shop in range(len(chart.shops))]
    left = [number % 9 for number in contributions]
    total = sum(contributions)
    return (
        f"{voice.say(DOUBTS)} Remainders by 9: the shops' parts leave {listed(left)}, together {sum(left)}, which "
        f"leaves {sum(left) % 9}; {total} leaves {total % 9}. They match."
    )
