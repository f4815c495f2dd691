"""Leaks of a small benchmark are found, other questions of the same templates are not."""

from __future__ import annotations

import pickle
import random
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from s1m.benchmarks import find_benchmark
from s1m.data.contamination import ContaminationIndex
from s1m.errors import DataError
from s1m.types import Problem
from tests.benchmarks.data import shared
from tests.data.contamination import altered_pictures, altered_texts
from tests.data.contamination.clean import KINDS, picture_of, scene
from tests.data.contamination.picture_alone import PICTURE_ALONE

PROMPT = "Please answer the question and put the answer in a box.\n"
STORIES = (
    "Maria has 14 marbles in 3 bags and gives every second one to her brother Tom, who loses 2 of them on the way.",
    "A snail climbs up a wall of 7 metres, $\\frac{5}{2}$ metres each day, and slips back 1 metre each night.",
    "Six friends sit around a table with 9 chairs so that nobody who wears a hat sits beside the window or the door.",
    "The train from Lund leaves at 8:40 and meets the one from Oslo after it has passed 13 stations and two tunnels.",
    "A baker cuts a cake of radius 12 cm along three chords through the point P, such that PA = 4 and PB = 9.",
    "In a garden there are 25 tulips, some red and others yellow, and behind every red one stand at least two yellow.",
)
ENDS = ("How many are left at last?", "What is the length of $A B$?", "Which one is it?", "How long does that take?")
CHOICES = ("12", "15", "17", "20", "25")


def figure(rng: random.Random) -> bytes:
    """A shaded quadrilateral in a circle, with some chords and letters."""
    picture = Image.new("RGB", (rng.randint(240, 480), rng.randint(200, 400)), "white")
    pen = ImageDraw.Draw(picture)
    wide, high = picture.size
    corners = [(wide * (0.1 + 0.8 * rng.random()), high * (0.1 + 0.8 * rng.random())) for _ in range(6)]
    pen.ellipse((wide * 0.1, high * 0.1, wide * 0.9, high * 0.9), outline="black", width=3)
    pen.polygon(corners[:4], fill="grey", outline="black")
    for place, (x, y) in enumerate(corners):
        pen.line((corners[place - 1], (x, y)), "black", 2)
        pen.text((x, y), "ABCDEF"[place], "black", font_size=18)
    return altered_pictures.png(picture)


@cache
def problems() -> tuple[Problem, ...]:
    """Stories with pictures, and questions made from templates."""
    rng = random.Random(0)
    made = []
    for number, story in enumerate(STORIES):
        question = f"{PROMPT}{story} {ENDS[number % 4]}\n<image1>\n" + "\n".join(
            f"({letter}) {choice}" for letter, choice in zip("ABCDE", CHOICES, strict=True)
        )
        image = figure(rng)
        made.append(Problem(id=f"story-{number}", question=question, images=(image,), gold="A", choices=CHOICES))
    for number in range(40):
        text, image = scene(rng)
        made.append(Problem(id=f"scene-{number}", question=PROMPT + text, images=(image,), gold="3"))
    return tuple(made)


@pytest.fixture(scope="module")
def index() -> ContaminationIndex:
    return ContaminationIndex.build({"stories": problems()[:6], "scenes": problems()[6:]})


def story(number: int) -> str:
    return f"{STORIES[number]} {ENDS[number % 4]}"


def test_exact_leaks(index: ContaminationIndex) -> None:
    other = picture_of(random.Random(5))
    for number, problem in enumerate(problems()[:6]):
        by_text = index.check(story(number), [other])
        again = altered_pictures.png(altered_pictures.opened(problem.images[0]))
        by_file, by_pixels = index.check("What is this?", problem.images), index.check("What is this?", [other, again])
        assert by_text is not None
        assert (by_text.benchmark, by_text.problem, by_text.kind) == ("stories", problem.id, "text exact")
        for match in (by_file, by_pixels):
            assert match is not None
            assert (match.problem, match.kind) == (problem.id, "image exact")


@pytest.mark.parametrize("name", altered_texts.ALTERATIONS)
def test_altered_texts(index: ContaminationIndex, name: str) -> None:
    rng = random.Random(6)
    for number in range(len(STORIES)):
        match = index.check(altered_texts.ALTERATIONS[name](story(number), rng), ())
        assert match is not None, story(number)
        assert match.problem == f"story-{number}"
        assert match.kind in ("text exact", "text n-gram")


@pytest.mark.parametrize("name", altered_pictures.ALTERATIONS)
def test_altered_pictures(index: ContaminationIndex, name: str) -> None:
    rng = random.Random(7)
    right = 0
    for problem in problems()[:20]:
        match = index.check("What do you see?", [altered_pictures.ALTERATIONS[name](problem.images[0], rng)])
        right += match is not None and (match.problem, match.kind[:5]) == (problem.id, "image")
    assert right >= 19


@pytest.mark.parametrize("name", PICTURE_ALONE)
def test_the_picture_alone_is_enough(index: ContaminationIndex, name: str) -> None:
    rng = random.Random(12)
    right = 0
    for problem in problems()[:20]:
        match = index.check("What do you see?", [PICTURE_ALONE[name](problem.images[0], rng)])
        right += match is not None and match.problem == problem.id
    assert right >= (13 if name.startswith("beside") else 18)


def test_a_match_says_what_was_undone(index: ContaminationIndex) -> None:
    mirrored = PICTURE_ALONE["mirrored"](problems()[0].images[0], random.Random(1))
    match = index.check("What do you see?", [mirrored])
    assert match is not None
    assert match.detail.startswith("mirrored, correlation 0.9") or match.detail == "mirrored, correlation 1.00"


def test_the_template_with_other_numbers_is_another_question(index: ContaminationIndex) -> None:
    rng = random.Random(8)
    for number in range(len(STORIES)):
        text = STORIES[number].replace("Six", "Eight").replace("three", "five").replace("two", "nine")
        assert index.check(altered_texts.other_numbers(f"{text} {ENDS[number % 4]}", rng), [picture_of(rng)]) is None


@pytest.mark.parametrize("kind", KINDS)
def test_clean_rows(index: ContaminationIndex, kind: str) -> None:
    rng = random.Random(9)
    for _ in range(25):
        question, image = KINDS[kind](rng)
        assert index.check(question, [image]) is None, question


def test_a_template_needs_its_picture(index: ContaminationIndex) -> None:
    rng = random.Random(10)
    for problem in problems()[6:16]:
        question = problem.question.removeprefix(PROMPT)
        assert index.check(question, [scene(rng)[1]]) is None, question
        assert index.check(question, [altered_pictures.several(problem.images[0], rng)]) is not None, question


def test_a_grid_alone_is_no_evidence_but_with_the_question_it_is() -> None:
    def grid(size: int, line: int) -> bytes:
        picture = Image.new("RGB", (size, size), "white")
        for place in (0.1, 0.5, 0.9):
            ImageDraw.Draw(picture).line((place * size, 0.1 * size, place * size, 0.9 * size), "black", line)
            ImageDraw.Draw(picture).line((0.1 * size, place * size, 0.9 * size, place * size), "black", line)
        return altered_pictures.png(picture)

    asked = Problem(id="grid", question="Which square is missing?", images=(grid(200, 3),), gold="A")
    index = ContaminationIndex.build({"grids": (asked,)})
    assert index.check("How many lines are there?", [grid(240, 3)]) is None
    match = index.check("Which square is missing?", [grid(240, 3)])
    assert match is not None
    assert match.kind in ("text and image", "text exact")


def test_what_stands_in_many_candidates_is_no_evidence() -> None:
    asked = Problem(
        id="1", question="Count all shiny lamps on the marble shelf. How many lamps glow?", images=(), gold="3"
    )
    candidates = [
        f"Count all {how} {what} on the {where} shelf. How many {what} glow?"
        for how in ("shiny", "dull", "old") for what in ("lamps", "jars", "pans") for where in ("marble", "old", "top")
    ]  # fmt: skip
    assert ContaminationIndex.build({"shelves": (asked,)}).check(asked.question, ()) is not None
    assert ContaminationIndex.build({"shelves": (asked,)}, background=candidates).check(asked.question, ()) is None


def test_blank_and_tiny_pictures_never_match() -> None:
    blank, tiny = Image.new("RGB", (80, 60), "white"), Image.new("RGB", (9, 9), "red")
    files = tuple(altered_pictures.png(picture) for picture in (blank, tiny))
    index = ContaminationIndex.build({"blank": (Problem(id="1", question="?", images=files, gold="1"),)})
    assert index.check("", files) is None


def test_a_prompt_is_no_question(index: ContaminationIndex) -> None:
    assert index.check(PROMPT, ()) is None
    assert index.check("", ()) is None


def test_a_broken_image_is_one_clear_line(index: ContaminationIndex) -> None:
    with pytest.raises(DataError, match="an image cannot be read"):
        index.check("What is this?", [b"no image"])


def test_one_file_serves_every_process(index: ContaminationIndex, tmp_path: Path) -> None:
    path = tmp_path / "index.npz"
    index.save(path)
    loaded = ContaminationIndex.load(path)
    rows = [(story(number), problem.images) for number, problem in enumerate(problems()[:6])]
    rows += [("What is this?", problem.images) for problem in problems()]
    expected = [index.check(*row) for row in rows]
    assert [loaded.check(*row) for row in rows] == expected
    assert [pickle.loads(pickle.dumps(index)).check(*row) for row in rows[:2]] == expected[:2]
    with ProcessPoolExecutor(1) as pool:
        assert list(pool.map(loaded.check, *zip(*rows, strict=True))) == expected


def test_a_damaged_file_is_one_clear_line(index: ContaminationIndex, tmp_path: Path) -> None:
    path = tmp_path / "index.npz"
    index.save(path)
    content = path.read_bytes()
    for broken in (b"", b"nothing", content[: len(content) // 2], content[:1000] + bytes(500) + content[1500:]):
        path.write_bytes(broken)
        with pytest.raises(DataError, match="remove it"):
            ContaminationIndex.load(path)
    with pytest.raises(DataError, match="cannot read"):
        ContaminationIndex.load(tmp_path / "none.npz")


@pytest.mark.shared_data
def test_leaks_of_mathvision() -> None:
    own = find_benchmark("mathvision").load(split="test", limit=120, data=str(shared("mathvision")))
    index = ContaminationIndex.build({"mathvision": own[:60]})
    rng = random.Random(11)
    texts = list(altered_texts.ALTERATIONS.values())
    pictures = list(altered_pictures.ALTERATIONS.values())
    matches = 0
    for place, problem in enumerate(own[:60]):
        question = problem.question.split("\n", 1)[1]
        assert index.check(question, problem.images) is not None
        altered = (texts[place % len(texts)](question, rng), [pictures[place % len(pictures)](problem.images[0], rng)])
        matches += index.check(*altered) is not None
    assert matches >= 58
    others = [problem for problem in own[60:] if index.check(problem.question, problem.images) is not None]
    assert len(others) <= 1
