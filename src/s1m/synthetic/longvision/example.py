"""Which problems there are, and the traces that solve them: made from a split, a number and, for words, a seed.

First comes a length, then a kind of problem that can be that long, then a problem as big as it takes. A problem belongs
to the test split when the digest of its plan says so, and to the training split otherwise: no seed can bring a test
problem into training data, and none is in both.
"""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass
from typing import Any

from s1m.errors import DataError
from s1m.forcing import find_loop
from s1m.synthetic.longvision.angles.task import Zigzags
from s1m.synthetic.longvision.charts.task import Charts
from s1m.synthetic.longvision.grids.task import Robots
from s1m.synthetic.longvision.mazes.task import Mazes
from s1m.synthetic.longvision.polygons.task import Polygons
from s1m.synthetic.longvision.task import Task
from s1m.synthetic.longvision.voice import Voice, length

TASKS: tuple[Task, ...] = (Zigzags(), Polygons(), Charts(), Robots(), Mazes())

SHORTEST, LONGEST = 500, 16_000
"""Tokens of thinking that any trace has."""

SLACK = 0.07
"""By how much the length of a trace, which is estimated, may be off."""

AIMED = (650, 14_500)
"""Lengths that are aimed at, evenly on a logarithmic scale: 4,460 in the mean."""

SIZES = {"small": 1500, "medium": 5000, "large": LONGEST}
"""Up to how many tokens a problem is called so, by the length it was made for."""

HOLD_OUT_EVERY = 4
WORDINGS = 8
"""How often a trace is worded anew when it misses the limits or reads like a loop."""

ANSWER_CUE = "Final answer: "


class Unsound(DataError):
    """An example of which something does not hold: its answer, its length, or that it gets somewhere."""


@dataclass(frozen=True)
class Picture:
    """A picture that is drawn when it is read."""

    task: Task
    plan: Any

    def size(self) -> tuple[int, int]:
        """Width and height in pixels; nothing is drawn for it."""
        return self.task.size(self.plan)

    def read(self) -> bytes:
        """The PNG file."""
        return self.task.draw(self.plan)


@dataclass(frozen=True, kw_only=True)
class LongProblem:
    """A problem before anything is said about it."""

    task: Task
    plan: Any
    tokens: int
    """The length its trace was meant to have."""

    @property
    def size(self) -> str:
        """Small, medium or large."""
        return next(name for name, most in SIZES.items() if self.tokens <= most)

    @property
    def digest(self) -> str:
        """Hexadecimal; equal only for equal questions about equal pictures."""
        return digest(self.task, self.plan)


@dataclass(frozen=True, kw_only=True)
class LongExample:
    """A problem with its solution."""

    question: str
    image: Picture
    thinking: str
    answer: str
    """The response behind the thinking."""
    gold: str
    kind: str
    family: str
    size: str
    wordings: int
    """How many were made until one kept all limits: 1 nearly always."""


def digest(task: Task, plan: Any) -> str:
    """A plan's content address."""
    return hashlib.sha256(f"{task.name} {task.question(plan)} {plan!r}".encode()).hexdigest()


def split_of(digest: str) -> str:
    """The split that a problem belongs to, whoever makes it."""
    return "test" if int(digest[:8], 16) % HOLD_OUT_EVERY == 0 else "train"


def make_problem(split: str, index: int, seed: int = 0) -> LongProblem:
    """Problem ``index`` of a split, the same on every machine. Another seed gives another endless sequence.

    Raises ``Unsound`` where the independent check finds another answer than the steps do.
    """
    rng = random.Random(f"longvision {split} {index} {seed}")
    low, high = (math.log(tokens) for tokens in AIMED)
    tokens = round(math.exp(rng.uniform(low, high)))
    fit = [task for task in TASKS if task.lengths[0] <= tokens <= task.lengths[1]]
    family = rng.choice(list(dict.fromkeys(task.family for task in fit)))
    task = rng.choice([task for task in fit if task.family == family])
    while True:
        plan = task.plan(rng, tokens)
        problem = LongProblem(task=task, plan=plan, tokens=tokens)
        if split_of(problem.digest) == split:
            break
    if task.answer(plan) != task.check(plan):
        raise Unsound(f"{task.name} {split} {index}: steps give {task.answer(plan)}, the check {task.check(plan)}")
    return problem


def make_example(split: str, index: int, seed: int = 0) -> LongExample:
    """Problem ``index`` of a split and seed with a trace that solves it. Raises ``Unsound`` when none is sound."""
    problem = make_problem(split, index, seed)
    task, plan = problem.task, problem.plan
    for wording in range(WORDINGS):
        thinking, answer = make_trace(problem, Voice(f"{split} {index} {seed} {wording}"))
        fits = SHORTEST * (1 + SLACK) <= length(thinking) <= LONGEST * (1 - SLACK)
        if fits and find_loop(thinking) is None:
            return LongExample(
                question=task.question(plan),
                image=Picture(task, plan),
                thinking=thinking,
                answer=answer,
                gold=str(task.answer(plan)),
                kind=task.name,
                family=task.family,
                size=problem.size,
                wordings=wording + 1,
            )
    raise Unsound(f"{task.name} {split} {index} of seed {seed}: no wording kept the limits")


def make_trace(problem: LongProblem, voice: Voice) -> tuple[str, str]:
    """Thinking and the answer behind it: the solution, then as many proofs as bring it nearest to the wished length."""
    task, plan = problem.task, problem.plan
    parts = list(task.solve(plan, voice))
    total = sum(map(length, parts))
    for number, proof in enumerate(task.proofs(plan, voice)):
        more = length(proof)
        closer = abs(total + more - problem.tokens) < abs(total - problem.tokens)
        if (number == 0 or closer) and total + more < LONGEST * (1 - SLACK):
            parts.append(proof)
            total += more
    answer = str(task.answer(plan))
    parts.append(voice.say(CLOSINGS, answer=answer))
    return "\n\n".join(parts), f"{ANSWER_CUE}{answer}"


CLOSINGS = (
    "Everything agrees, so the answer is {answer}.",
    "So I am confident: {answer}.",
    "All of it points to {answer}.",
    "That settles it: {answer}.",
    "The result stands, {answer}.",
)
