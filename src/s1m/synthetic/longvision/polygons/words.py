"""The text of a solution and its proofs: every product is computed as its sentence is written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby, pairwise

from s1m.synthetic.longvision.polygons.plan import LABELS, Point, Polygon
from s1m.synthetic.voice import DOUBTS, LOOKS, Voice, counted, listed

CROSSES = (
    "{a} to {b}: {x}*{v} - {u}*{y} = {p} - {q} = {d}, sum {sum}.",
    "Side {a}{b} gives {x}*{v} - {u}*{y}, that is {p} - {q} = {d}; now {sum}.",
    "Next {a}{b}, {p} - {q} = {d} (from {x}*{v} and {u}*{y}). Running sum {sum}.",
    "For {a}{b} the products are {x}*{v} = {p} and {u}*{y} = {q}, difference {d}; I am at {sum}.",
    "{x}*{v} = {p}, {u}*{y} = {q}: side {a}{b} adds {d} and makes {sum}.",
    "Then {b} after {a}: {p} less {q} is {d}, together {sum}.",
)
TRAPEZOIDS = (
    "{a}{b}: {w} wide, heights {y} and {v}, {w}*{h} = {d}; {sum}.",
    "From {a} to {b} x changes by {w}, the heights add up to {h}: {d}, so {sum}.",
    "Under {a}{b} there is {w} times ({y} + {v}) = {d}. Total {sum}.",
    "Side {a}{b} runs {w} in x at {y} + {v} = {h}, product {d}, and that leaves {sum}.",
    "{w}*({y} + {v}) = {d} for {a}{b}, {sum} so far.",
)
FANS = (
    "{o}{a}{b}: {p} - {q} = {d}; {sum}.",
    "Triangle {o}{a}{b} has {x}*{v} - {u}*{y} = {d}, total {sum}.",
    "Next {o}{a}{b}. {x}*{v} - {u}*{y} is {p} - {q} = {d}. That makes {sum}.",
    "With {a} and {b}, {x}*{v} = {p} less {u}*{y} = {q}: {d} more, {sum}.",
)
SIDES = (
    "{a}{b} moves by ({w}, {h}): {g}",
    "{a}{b}: {w} and {h} share {g}",
    "{g} on {a}{b}, steps {w} and {h}",
    "{a}{b} ({w}, {h}) has {g}",
)
LINES = (
    "y = {y}: {runs}, {n} points, {sum}.",
    "On the line {y} there lie {runs}: {n}, together {sum}.",
    "At height {y} I find {runs}, which is {n}; sum {sum}.",
    "Height {y}: {runs}. {n} more make {sum}.",
    "{runs} on y = {y} ({n}); now {sum}.",
)


def named(polygon: Polygon) -> list[tuple[str, Point]]:
    """The corners with their letters; the first is repeated at the end."""
    pairs = list(zip(LABELS, polygon.corners, strict=False))
    return [*pairs, pairs[0]]


def solve(polygon: Polygon, voice: Voice) -> Iterator[str]:
    """The reading of the corners with one slip, the shoelace formula."""
    yield "\n\n".join(_read(polygon, voice))
    yield voice.say(
        (
            "For the area I use the shoelace formula: for each side x1*y2 - x2*y1, all added up, and half of it.",
            "The shoelace formula it is: around the polygon, x1*y2 minus x2*y1 for every side. The sum is twice the "
            "area.",
        )
    )
    lines = []
    total = 0
    for (a, (x, y)), (b, (u, v)) in pairwise(named(polygon)):
        total += x * v - u * y
        lines.append(voice.say(CROSSES, a=a, b=b, x=x, y=y, u=u, v=v, p=x * v, q=u * y, d=x * v - u * y, sum=total))
    yield from _paragraphs(lines)
    yield f"Twice the area is {abs(total)}, the area {abs(total) // 2}."


def proofs(polygon: Polygon, voice: Voice) -> Iterator[str]:
    """Trapezoids, Pick's theorem, triangles from one corner."""
    yield "\n\n".join(_trapezoids(polygon, voice))
    yield "\n\n".join(_pick(polygon, voice))
    yield "\n\n".join(_fan(polygon, voice))


def _read(polygon: Polygon, voice: Voice) -> Iterator[str]:
    corners = named(polygon)[:-1]
    slip = voice.rng.randrange(len(corners))
    off = voice.rng.choice((-1, 1))
    many = counted(len(corners), "corner")
    yield f"The polygon has {many}, {corners[0][0]} to {corners[-1][0]}. I read their coordinates."
    sentences = []
    for start in range(0, len(corners), 4):
        spots = [
            f"{label} ({x + (off if number == slip else 0)}, {y})"
            for number, (label, (x, y)) in enumerate(corners[start : start + 4], start)
        ]
        phrasings = ("Then {s}.", "Next come {s}.", "{s}.", "After that {s}.", "On with {s}.")
        sentences.append(voice.say(phrasings if start else ("I see {s}.",), s=listed(spots)))
    yield " ".join(sentences)
    yield f"{_correction(corners[slip], off, voice)} {_extent(corners)}"


def _correction(corner: tuple[str, Point], off: int, voice: Voice) -> str:
    """The slip of ``off`` squares in a corner's x is noticed and corrected."""
    label, (x, y) = corner
    look = voice.say(LOOKS)
    phrasings = (
        "{l} is not at x = {w}: straight below it stands {x}. So {l} is ({x}, {y}).",
        "Following the line down from {l} I get to {x}, not {w}. I correct {l} to ({x}, {y}).",
    )
    return f"{look} {voice.say(phrasings, l=label, w=x + off, x=x, y=y)}"


def _extent(corners: list[tuple[str, Point]]) -> str:
    xs, ys = [x for _, (x, _) in corners], [y for _, (_, y) in corners]
    return (
        f"The leftmost x is {min(xs)} at {_those(corners, 0, min(xs))}, the rightmost {max(xs)} at "
        f"{_those(corners, 0, max(xs))}; y goes from {min(ys)} ({_those(corners, 1, min(ys))}) to {max(ys)} "
        f"({_those(corners, 1, max(ys))}). That fits the picture."
    )


def _those(corners: list[tuple[str, Point]], axis: int, value: int) -> str:
    return listed([label for label, point in corners if point[axis] == value])


def _trapezoids(polygon: Polygon, voice: Voice) -> Iterator[str]:
    yield (
        f"{voice.say(DOUBTS)} Another formula: the strip between a side and the x-axis is a trapezoid. Width times the "
        "sum of both heights, over all sides, with signs, is twice the area, too."
    )
    lines = []
    total = 0
    for (a, (x, y)), (b, (u, v)) in pairwise(named(polygon)):
        total += (u - x) * (y + v)
        lines.append(voice.say(TRAPEZOIDS, a=a, b=b, w=u - x, y=y, v=v, h=y + v, d=(u - x) * (y + v), sum=total))
    yield from _paragraphs(lines)
    yield f"The sum {total} means {abs(total)} / 2 = {abs(total) // 2}. The sign only tells the direction of the walk."


def _fan(polygon: Polygon, voice: Voice) -> Iterator[str]:
    corners = named(polygon)
    o, (ox, oy) = corners[0]
    yield (
        f"{voice.say(DOUBTS)} I cut the polygon into triangles that all have the corner {o}, and measure everything "
        f"from {o}. Triangles that fold over count negative. The arms from {o}: "
        + ", ".join(f"{label} ({x - ox}, {y - oy})" for label, (x, y) in corners[1:-1])
        + "."
    )
    lines = []
    total = 0
    for (a, (ax, ay)), (b, (bx, by)) in pairwise(corners[1:-1]):
        x, y, u, v = ax - ox, ay - oy, bx - ox, by - oy
        total += x * v - u * y
        values = {"p": x * v, "q": _signed(u * y), "d": x * v - u * y, "sum": total}
        lines.append(voice.say(FANS, o=o, a=a, b=b, x=x, y=_signed(y), u=u, v=_signed(v), **values))
    yield from _paragraphs(lines)
    yield f"Half of {abs(total)} is {abs(total) // 2} again."


def _signed(number: int) -> str:
    return f"({number})" if number < 0 else str(number)


def _pick(polygon: Polygon, voice: Voice) -> Iterator[str]:
    """Pick's theorem: the area from the crossings inside and on the outline."""
    yield (
        f"{voice.say(DOUBTS)} Pick's theorem needs no coordinates multiplied: the area is I + B/2 - 1, with I "
        "crossings inside and B on the outline. A side that moves by (w, h) brings as many as the greatest common "
        "divisor of w and h."
    )
    sides = []
    edge = 0
    for (a, (x, y)), (b, (u, v)) in pairwise(named(polygon)):
        w, h = abs(u - x), abs(v - y)
        edge += math.gcd(w, h)
        sides.append(voice.say(SIDES, a=a, b=b, w=w, h=h, g=math.gcd(w, h)))
    yield f"{'; '.join(sides)}. So B = {edge}."
    yield "Now the crossings inside, line by line from below."
    lines = []
    total = 0
    for y, xs in inside(polygon).items():
        runs = []
        for _, group in groupby(enumerate(xs), key=lambda pair: pair[1] - pair[0]):
            run = [x for _, x in group]
            runs.append(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}")
        total += len(xs)
        if runs:
            lines.append(voice.say(LINES, y=y, runs=listed(runs), n=len(xs), sum=total))
    yield from _paragraphs(lines)
    area = total + edge / 2 - 1
    yield f"I = {total}, and {total} + {edge}/2 - 1 = {area:g}."


def inside(polygon: Polygon) -> dict[int, list[int]]:
    """For each y, the x coordinates of the crossings strictly inside."""
    corners = polygon.corners
    sides = list(zip(corners, corners[1:] + corners[:1], strict=True))
    return {y: [x for x in range(1, polygon.side) if _within(x, y, sides)] for y in range(1, polygon.side)}


def _within(x: int, y: int, sides: list[tuple[Point, Point]]) -> bool:
    """Whether a ray to the right leaves through an odd number of sides, and the point is on none."""
    odd = False
    for (a, b), (c, d) in sides:
        turn = (c - a) * (y - b) - (d - b) * (x - a)
        if turn == 0 and min(a, c) <= x <= max(a, c) and min(b, d) <= y <= max(b, d):
            return False
        if (b > y) != (d > y) and (turn > 0) == (d > b):
            odd = not odd
    return odd


def _paragraphs(lines: list[str]) -> Iterator[str]:
    for start in range(0, len(lines), 6):
        yield " ".join(lines[start : start + 6])
