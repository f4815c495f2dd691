"""Questions of every benchmark's kind that are in none: templates with new numbers and new pictures."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw

from s1m.synthetic.digits.problems import make_problem
from tests.data.contamination.altered_pictures import png

Row = tuple[str, bytes]
"""A question and its picture."""

COLOURS = ("red", "blue", "green", "purple", "brown", "cyan", "yellow", "gray")
SHAPES = ("cubes", "balls", "cylinders", "blocks", "spheres", "things")
SIZES = ("large", "small", "tiny", "big")
MATERIALS = ("rubber", "metal", "matte", "shiny")


def canvas(rng: random.Random) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty picture of some size, and the pen."""
    picture = Image.new("RGB", (rng.randint(200, 640), rng.randint(180, 480)), "white")
    return picture, ImageDraw.Draw(picture)


def point(rng: random.Random, picture: Image.Image) -> tuple[float, float]:
    """A place in a picture, not quite at its edge."""
    return rng.uniform(0.06, 0.94) * picture.width, rng.uniform(0.06, 0.94) * picture.height


def triangle(rng: random.Random) -> Row:
    """An angle of a triangle."""
    picture, pen = canvas(rng)
    corners = [point(rng, picture) for _ in range(3)]
    names = rng.sample("ABCDEFGHJKLMNPQRSTUVWXYZ", 3)
    pen.polygon(corners, outline="black", width=2)
    for name, (x, y) in zip(names, corners, strict=True):
        pen.text((x + 3, y - 12), name, fill="black")
    a, b, c = names
    angles = rng.randint(20, 80), rng.randint(20, 80)
    text = rng.choice(
        (
            f"In the diagram, what is the size of angle {a}{b}{c}?",
            f"In triangle ${a}{b}{c}$, $\\angle {a} = {angles[0]}^\\circ$ and $\\angle {b} = {angles[1]}"
            f"^\\circ$. What is the measure of $\\angle {c}$?",
            f"How many degrees is angle {a}{b}{c}?",
            f"As shown, in triangle {a}{b}{c}, angle {a} = {angles[0]}°, then angle {b} is ()",
        )
    )
    return text, png(picture)


def circles(rng: random.Random) -> Row:
    """Circles, lines and a shaded part."""
    picture, pen = canvas(rng)
    for _ in range(rng.randint(1, 4)):
        (x, y), radius = point(rng, picture), rng.uniform(15, 120)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline="black", width=rng.randint(1, 3))
    for _ in range(rng.randint(0, 5)):
        pen.line((point(rng, picture), point(rng, picture)), fill="black", width=rng.randint(1, 3))
    radius = rng.randint(2, 40)
    text = rng.choice(
        (
            "What is the area of the shaded region?",
            f"The circle in the figure has radius {radius}. What is the area of the shaded region?",
            f"What is the length of the chord if the radius of the circle is {radius} cm?",
            "Find x.",
        )
    )
    return text, png(picture)


def grid(rng: random.Random) -> Row:
    """Numbers in a grid, one of them missing."""
    picture, pen = canvas(rng)
    rows, columns = rng.randint(2, 5), rng.randint(2, 6)
    missing = rng.randrange(rows * columns)
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        box = [(column * picture.width / columns, row * picture.height / rows)]
        box += [(box[0][0] + picture.width / columns - 1, box[0][1] + picture.height / rows - 1)]
        pen.rectangle(box, outline="black", width=2)
        said = "?" if place == missing else str(rng.randint(1, 99))
        pen.text((box[0][0] + 20, box[0][1] + 20), said, fill="black", font_size=rng.choice((14, 22, 30)))
    text = rng.choice(
        (
            "Which number should replace the question mark?",
            "Which number is missing?",
            "What number goes in the empty cell?",
        )
    )
    return text, png(picture)


def bars(rng: random.Random) -> Row:
    """A bar chart with a frame."""
    picture, pen = canvas(rng)
    pen.rectangle((40, 20, picture.width - 20, picture.height - 30), outline="black")
    count = rng.randint(3, 9)
    step = (picture.width - 60) / count
    for place in range(count):
        height = rng.uniform(0.1, 0.95) * (picture.height - 50)
        left = 40 + place * step + step * 0.15
        pen.rectangle(
            (left, picture.height - 30 - height, left + step * 0.7, picture.height - 30), fill=rng.choice(COLOURS)
        )
    first, second = rng.sample(COLOURS, 2)
    text = rng.choice(
        (
            f"Is {first} the minimum?",
            f"Is {first} greater than {second}?",
            f"What is the difference between the {first} bar and the {second} bar in {rng.randint(1990, 2024)}?",
            "How many bars have values smaller than 6?",
        )
    )
    return text, png(picture)


def scene(rng: random.Random) -> Row:
    """Things of CLEVR's kinds, some of them taken away."""
    picture = Image.new("RGB", (480, 320), (rng.randint(150, 190),) * 3)
    pen = ImageDraw.Draw(picture)
    for _ in range(rng.randint(4, 9)):
        (x, y), size = point(rng, picture), rng.choice((16, 34))
        draw = rng.choice((pen.ellipse, pen.rectangle))
        draw((x - size, y - size, x + size, y + size), fill=rng.choice(COLOURS))

    def things() -> str:
        properties = [rng.choice(kinds) for kinds in (SIZES, COLOURS, MATERIALS) if rng.random() < 0.6]
        return " ".join([*properties, rng.choice(SHAPES)])

    text = rng.choice(
        (
            f"Subtract all {things()}. How many objects are left?",
            f"Subtract all {things()}. Subtract all {things()}. How many objects are left?",
            f"Is the number of {things()} less than the number of {things()}?",
            f"There is a {things()[:-1]}; how many {things()} are behind it?",
        )
    )
    return text, png(picture)


def curve(rng: random.Random) -> Row:
    """The graph of a function between axes."""
    picture, pen = canvas(rng)
    middle = picture.height / 2
    pen.line((0, middle, picture.width, middle), fill="black")
    pen.line((picture.width / 2, 0, picture.width / 2, picture.height), fill="black")
    waves, size = rng.uniform(0.5, 4), rng.uniform(0.1, 0.45) * picture.height
    phase = rng.uniform(0, math.tau)
    line = [(x, middle + size * math.sin(waves * x / picture.width * math.tau + phase)) for x in range(picture.width)]
    pen.line(line, fill=rng.choice(("blue", "red", "black")), width=2)
    at = rng.randint(1, 9)
    text = rng.choice(
        (
            f"What is the value of f({at})?",
            f"The derivative of f(x) at x={at} is ____ that at x={at + 3}",
            "Is the function odd?",
        )
    )
    return text, png(picture)


def digits(rng: random.Random) -> Row:
    """A problem of the bundled benchmark."""
    problem = make_problem("train", rng.randrange(100_000))
    return problem.question, problem.images[0]


KINDS: dict[str, Callable[[random.Random], Row]] = {
    kind.__name__: kind for kind in (triangle, circles, grid, bars, scene, curve, digits)
}


def picture_of(rng: random.Random) -> bytes:
    """A new picture of any kind."""
    return rng.choice(list(KINDS.values()))(rng)[1]
