"""The problems: the same on every machine, held out, checked by a second method, drawn in the stated size."""

from __future__ import annotations

import hashlib
import io
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from s1m.benchmarks import BENCHMARKS, find_benchmark
from s1m.benchmarks.longvision import LongVision
from s1m.errors import DataError, UsageError
from s1m.synthetic.longvision.angles.check import zigzag
from s1m.synthetic.longvision.angles.plan import Zigzag
from s1m.synthetic.longvision.charts import check
from s1m.synthetic.longvision.charts.kind import Charts
from s1m.synthetic.longvision.charts.plan import Chart
from s1m.synthetic.longvision.example import KINDS, PlanPicture, Unsound, digest, make_example, make_problem, split_of
from s1m.synthetic.longvision.grids.check import robot
from s1m.synthetic.longvision.grids.kind import Robots
from s1m.synthetic.longvision.grids.plan import Floor
from s1m.synthetic.longvision.kind import ProblemKind
from s1m.synthetic.longvision.mazes.check import maze
from s1m.synthetic.longvision.mazes.kind import Mazes
from s1m.synthetic.longvision.mazes.plan import Maze
from s1m.synthetic.longvision.polygons.check import area
from s1m.synthetic.longvision.polygons.kind import Polygons
from s1m.synthetic.longvision.polygons.plan import Polygon

PAGE = LongVision()
SEEDS = 200


def plans(kind: ProblemKind, many: int) -> list[Any]:
    low, high = kind.lengths
    aims = [low + (min(high, 4000) - low) * number // many for number in range(many)]
    return [kind.plan(random.Random(f"{kind.name} {aim}"), aim) for aim in aims]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_steps_and_the_second_method_agree(kind: ProblemKind) -> None:
    made = plans(kind, SEEDS)
    answers = [kind.answer(plan) for plan in made]
    assert answers == [kind.check(plan) for plan in made]
    assert len(set(answers)) > 10


def test_the_second_methods_solve_small_cases() -> None:
    walled = ((1, 0), (0, 0)), ((1, 1, 1),)
    assert maze(*walled, ((0, 0), (0, 2), None, None)) == -1
    bent = ((1, 0), (0, 1)), ((1, 1, 1),)
    assert maze(*bent, ((0, 0), (0, 2), None, None)) == 4
    ring = ((1, 1), (1, 1)), ((1, 1, 1),)
    assert maze(*ring, ((0, 0), (0, 2), None, None)) == 2
    assert maze(*ring, ((0, 0), (0, 2), (1, 0), (0, 1))) == 4
    assert area(((0, 0), (4, 0), (4, 3), (0, 3))) == 12
    assert area(((0, 0), (4, 0), (2, 2), (4, 4), (0, 4))) == 12
    with pytest.raises(ValueError, match="1/2"):
        area(((0, 0), (1, 0), (0, 1)))
    assert check.charts(((1, 5, 3), (2, 2, 8)), (10, 1), "revenue") == 90 + 12
    assert check.charts(((1, 5, 3), (2, 2, 8)), (), "above") == 5 + 8
    assert check.charts(((1, 5, 3), (2, 2, 8)), (), "rises") == 4 + 6
    assert zigzag(60, (("angle", 50), ("right", 90))) == 20
    assert zigzag(60, (("equal", 0), ("times", 2))) == 40
    stripes = ((0, 1), (1, 0))
    assert robot(stripes, ((1, -1), (1, 0)), ((0, 0), 0), 1, 1) == 3


def test_the_second_method_detects_a_wrong_answer() -> None:
    class Careless(Mazes):
        def answer(self, plan: Maze) -> int:
            return super().answer(plan) + 1

    kind = Careless()
    plan = kind.plan(random.Random(1), 900)
    assert kind.answer(plan) != kind.check(plan)


def test_a_problem_on_which_the_methods_disagree_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "charts", lambda *_: -1)
    chart = next(i for i in range(50) if make_kind(i) == "chart")
    with pytest.raises(Unsound, match="the check -1"):
        make_problem("train", chart)


def make_kind(index: int) -> str:
    try:
        return make_problem("train", index).kind.name
    except Unsound:
        return "chart"


def test_the_problems_are_the_same_on_every_machine() -> None:
    problems = [make_problem("test", i) for i in range(40)]
    text = "\n".join(f"{p.digest} {p.tokens} {p.kind.answer(p.plan)}" for p in problems)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "1d37558e10566be6"


def test_no_seed_brings_a_test_problem_into_training() -> None:
    test = {make_problem("test", i).digest for i in range(150)}
    train = {make_problem("train", i, seed).digest for seed in (0, 1) for i in range(150)}
    assert len(test) == 150
    assert len(train) == 300
    assert {split_of(held) for held in test} == {"test"}
    assert {split_of(free) for free in train} == {"train"}


def test_a_digest_is_that_of_the_content() -> None:
    maze, chart = Mazes(), Charts()
    first, second = maze.plan(random.Random(1), 900), maze.plan(random.Random(2), 900)
    assert digest(maze, first) == digest(Mazes(), maze.plan(random.Random(1), 900)) != digest(maze, second)
    bars = chart.plan(random.Random(1), 900)
    assert digest(chart, bars) != digest(chart, replace(bars, values=((1, *bars.values[0][1:]), *bars.values[1:])))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_pictures_have_the_stated_size_and_are_not_blank(kind: ProblemKind) -> None:
    for tokens in (kind.lengths[0], min(kind.lengths[1], 14_500)):
        plan = kind.plan(random.Random(tokens), tokens)
        picture = PlanPicture(kind, plan)
        data = picture.read()
        image = Image.open(io.BytesIO(data))
        assert image.format == "PNG"
        assert image.size == picture.size()
        assert 200 <= min(image.size) <= max(image.size) <= 2600
        colours = np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)
        assert len(colours) > 8
        assert data == PlanPicture(kind, plan).read()


def test_everything_that_decides_the_answer_is_drawn() -> None:
    """Nothing that decides the answer is left out of the drawing."""
    zigzag, polygon, chart, robot, maze = KINDS
    seen: list[tuple[ProblemKind, Any, Any]] = []
    angles = Zigzag(first=60, known=(("angle", 50), ("times", 1)))
    seen += [(zigzag, angles, replace(angles, first=61)), (zigzag, angles, replace(angles, known=(("angle", 50),) * 2))]
    corners = Polygon(corners=((1, 1), (7, 1), (7, 7), (1, 7)), side=9)
    seen.append((polygon, corners, replace(corners, corners=((1, 1), (7, 1), (7, 7), (1, 6)))))
    bars = Chart(shops=("Elm",), months=("Jan", "Feb"), values=((11, 12),), prices=(3,), ask="revenue")
    seen += [(chart, bars, replace(bars, values=((11, 13),))), (chart, bars, replace(bars, prices=(4,)))]
    floor: Floor = Robots().plan(random.Random(1), 900)
    seen += [
        (robot, floor, replace(floor, heading=(floor.heading + 1) % 4)),
        (robot, floor, replace(floor, turns=floor.turns[::-1])),
    ]
    cells: Maze = Mazes().plan(random.Random(2), 900)
    shut = ((1 - cells.across[0][0], *cells.across[0][1:]), *cells.across[1:])
    seen += [
        (maze, cells, replace(cells, across=shut)),
        (maze, cells, replace(cells, goal=cells.start, start=cells.goal)),
    ]
    for kind, plan, other in seen:
        assert kind.draw(plan) != kind.draw(other), kind.name


def test_questions_do_not_give_away_the_picture() -> None:
    assert Polygons().question(Polygon(corners=(), side=1)).count("12") == 0
    questions = {kind.question(plan) for kind in KINDS if kind.name != "robot" for plan in plans(kind, 30)}
    assert len(questions) == 1 + 1 + 3 + 2
    assert all("Answer with an integer." in question for question in questions)


def test_the_page_is_listed_and_scores_strictly() -> None:
    assert find_benchmark("longvision") is BENCHMARKS["longvision"]
    problems = PAGE.load(split="test", limit=40, data=None)
    for problem in problems:
        for said in (problem.gold, f"Final answer: {problem.gold}", f"So the answer is {problem.gold}."):
            verdict = PAGE.score(problem, said)
            assert (verdict.prediction, verdict.correct) == (problem.gold, True)
        assert set(problem.metadata) == {"family", "kind", "size"}
        assert all(key in problem.metadata for key in PAGE.breakdowns)
    problem = problems[0]
    wrong = PAGE.score(problem, f"Final answer: {int(problem.gold) + 1}")
    assert (wrong.prediction, wrong.correct) == (str(int(problem.gold) + 1), False)
    for nothing in ("", "I cannot tell.", "None"):
        verdict = PAGE.score(problem, nothing)
        assert (verdict.prediction, verdict.correct) == (None, False), nothing
    assert problem.images[0].startswith(b"\x89PNG")
    assert problem.id == "longvision-test-00000"
    assert {p.metadata["family"] for p in problems} == {"geometry", "charts", "grids", "mazes"}
    assert {p.metadata["size"] for p in problems} == {"small", "medium", "large"}


def test_an_unknown_split_and_data_are_refused_in_one_line() -> None:
    with pytest.raises(DataError, match="no split 'valid'"):
        PAGE.load(split="valid", limit=1, data=None)
    with pytest.raises(UsageError, match="takes no --data"):
        PAGE.load(split="test", limit=1, data="somewhere")


def test_a_test_example_solves_the_benchmarks_own_problem() -> None:
    problem = PAGE.load(split="test", limit=1, data=None)[0]
    example = make_example("test", 0)
    assert (example.question, example.gold) == (problem.question, problem.gold)
    assert example.image.read() == problem.images[0]
