"""Problems and the traces that solve them, made from a split, an index and a seed.

First a length is drawn, then a kind of problem that can be that long, then a problem as large as it takes. A problem
belongs to the test split when the digest of its plan says so, and to the training split otherwise: no seed can bring a
test problem into training data, and no problem is in both splits.
"""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass
from typing import Any

from s1m.errors import DataError
from s1m.forcing import find_loop
from s1m.synthetic.longvision.angles.kind import Zigzags
from s1m.synthetic.longvision.charts.kind import Charts
from s1m.synthetic.longvision.grids.kind import Robots
from s1m.synthetic.longvision.kind import ProblemKind
from s1m.synthetic.longvision.mazes.kind import Mazes
from s1m.synthetic.longvision.polygons.kind import Polygons
from s1m.synthetic.voice import Voice, length

KINDS: tuple[ProblemKind, ...] = (Zigzags(), Polygons(), Charts(), Robots(), Mazes())
"""In this order, because ``make_problem`` draws from it: another order makes other problems."""

SHORTEST, LONGEST = 500, 16_000
"""Fewest and most tokens of thinking in a trace."""

SLACK = 0.07
"""Relative error allowed for ``length``, which estimates tokens: estimates keep this far inside the limits."""

AIMED = (650, 14_500)
"""Range of the lengths drawn, uniform on a logarithmic scale: 4,460 tokens in the mean."""

SIZES = {"small": 1500, "medium": 5000, "large": LONGEST}
"""The most tokens, as drawn, for which a problem is called small, medium or large."""

# Every fourth problem: a test problem takes four draws on average, and a training problem hardly more than one.
HOLD_OUT_EVERY = 4

WORDINGS = 8
"""Attempts to word a trace that keeps the limits and reads like no loop. The first succeeds nearly always."""

ANSWER_CUE = "Final answer: "

CLOSINGS = (
    "Everything agrees, so the answer is {answer}.",
    "So I am confident: {answer}.",
    "All of it points to {answer}.",
    "That settles it: {answer}.",
    "The result stands, {answer}.",
)


class Unsound(DataError):
    """An example fails one of its checks: the answer, the length, or the absence of loops."""


@dataclass(frozen=True)
class PlanPicture:
    """The picture of a plan, drawn when it is read."""

    kind: ProblemKind
    plan: Any

    def size(self) -> tuple[int, int]:
        """Width and height in pixels, without drawing it."""
        return self.kind.size(self.plan)

    def read(self) -> bytes:
        """The PNG file."""
        return self.kind.draw(self.plan)


@dataclass(frozen=True, kw_only=True)
class LongProblem:
    """A problem without its trace."""

    kind: ProblemKind
    plan: Any
    tokens: int
    """The length drawn for its trace."""

    @property
    def size(self) -> str:
        """Small, medium or large."""
        return next(name for name, most in SIZES.items() if self.tokens <= most)

    @property
    def digest(self) -> str:
        """Hexadecimal; equal only for equal questions about equal pictures."""
        return digest(self.kind, self.plan)

    @property
    def picture(self) -> PlanPicture:
        """What the question is about."""
        return PlanPicture(self.kind, self.plan)


@dataclass(frozen=True, kw_only=True)
class LongExample:
    """A problem with its solution."""

    question: str
    image: PlanPicture
    thinking: str
    answer: str
    """The response that follows the thinking."""
    gold: str
    kind: str
    family: str
    size: str
    wordings: int
    """Attempts until a wording kept all limits: 1 nearly always."""


def digest(kind: ProblemKind, plan: Any) -> str:
    """A plan's content address, SHA-256 in hexadecimal."""
    # The plan's repr: renaming a plan's class or field would move every problem to another place of the splits.
    return hashlib.sha256(f"{kind.name} {kind.question(plan)} {plan!r}".encode()).hexdigest()


def split_of(digest: str) -> str:
    """The split to which the problem with this digest belongs, whatever seed made it."""
    return "test" if int(digest[:8], 16) % HOLD_OUT_EVERY == 0 else "train"


def make_problem(split: str, index: int, seed: int = 0) -> LongProblem:
    """Problem ``index`` of a split, the same on every machine. Another seed gives another endless sequence.

    Raises ``Unsound`` where the independent check disagrees with the steps.
    """
    rng = random.Random(f"longvision {split} {index} {seed}")
    # Uniform in the logarithm: uniform lengths would make nearly all problems long.
    low, high = (math.log(tokens) for tokens in AIMED)
    tokens = round(math.exp(rng.uniform(low, high)))
    fitting = [kind for kind in KINDS if kind.lengths[0] <= tokens <= kind.lengths[1]]
    # The family is drawn before the kind, so that two kinds of one family do not make it twice as frequent.
    family = rng.choice(list(dict.fromkeys(kind.family for kind in fitting)))
    kind = rng.choice([kind for kind in fitting if kind.family == family])
    while True:
        plan = kind.plan(rng, tokens)
        problem = LongProblem(kind=kind, plan=plan, tokens=tokens)
        if split_of(problem.digest) == split:
            break
    if kind.answer(plan) != kind.check(plan):
        raise Unsound(f"{kind.name} {split} {index}: steps give {kind.answer(plan)}, the check {kind.check(plan)}")
    return problem


def make_example(split: str, index: int, seed: int = 0) -> LongExample:
    """Problem ``index`` of a split and seed with a trace that solves it.

    Raises ``Unsound`` when none of ``WORDINGS`` wordings keeps the limits.
    """
    problem = make_problem(split, index, seed)
    kind, plan = problem.kind, problem.plan
    for wording in range(WORDINGS):
        thinking, answer = make_trace(problem, Voice(f"{split} {index} {seed} {wording}"))
        fits = SHORTEST * (1 + SLACK) <= length(thinking) <= LONGEST * (1 - SLACK)
        if fits and find_loop(thinking) is None:
            return LongExample(
                question=kind.question(plan),
                image=problem.picture,
                thinking=thinking,
                answer=answer,
                gold=str(kind.answer(plan)),
                kind=kind.name,
                family=kind.family,
                size=problem.size,
                wordings=wording + 1,
            )
    raise Unsound(f"{kind.name} {split} {index} of seed {seed}: no wording kept the limits")


def make_trace(problem: LongProblem, voice: Voice) -> tuple[str, str]:
    """Thinking, and the answer that follows it.

    The thinking is the solution and as many proofs as bring it closest to the length drawn, at least one.
    """
    kind, plan = problem.kind, problem.plan
    paragraphs = list(kind.solve(plan, voice))
    total = sum(map(length, paragraphs))
    # A proof that is left out is worded all the same: it moves the voice on, and all later text depends on that.
    for number, proof in enumerate(kind.proofs(plan, voice)):
        more = length(proof)
        closer = abs(total + more - problem.tokens) < abs(total - problem.tokens)
        if (number == 0 or closer) and total + more < LONGEST * (1 - SLACK):
            paragraphs.append(proof)
            total += more
    answer = str(kind.answer(plan))
    paragraphs.append(voice.say(CLOSINGS, answer=answer))
    return "\n\n".join(paragraphs), f"{ANSWER_CUE}{answer}"
