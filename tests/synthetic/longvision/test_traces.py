"""The traces: sound, long, without loops, and every sum in them right except those that are corrected."""

from __future__ import annotations

import hashlib
import random
import re
import statistics
from collections import Counter
from itertools import pairwise

import pytest

from s1m.benchmarks.longvision import LongVision
from s1m.forcing import find_loop
from s1m.synthetic.longvision import example
from s1m.synthetic.longvision.example import (
    AIMED,
    KINDS,
    LONGEST,
    SHORTEST,
    LongExample,
    LongProblem,
    Unsound,
    make_example,
    make_problem,
    make_trace,
)
from s1m.synthetic.longvision.grids.plan import walk
from s1m.synthetic.longvision.kind import ProblemKind
from s1m.synthetic.longvision.mazes.kind import Mazes
from s1m.synthetic.longvision.mazes.plan import Maze
from s1m.synthetic.voice import Voice, length

MANY = 90
EXAMPLES = [make_example("train", index) for index in range(MANY)]

SUM = re.compile(r"(?<![\d*/x+-] )(?<![\d*/(-])(\d+(?: [+*-] \d+| x \d+|\*\d+)+) = (-?\d+)(?![\d/])(?! [-+*x/])")


def kind_of(example: LongExample) -> str:
    return f"{example.family} {example.size}"


def test_lengths_keep_the_limits_and_the_mean_is_above_4000() -> None:
    lengths = [length(example.thinking) for example in EXAMPLES]
    assert min(lengths) >= SHORTEST
    assert max(lengths) <= LONGEST
    assert min(lengths) < 1000
    assert max(lengths) > 12_000
    assert statistics.mean(lengths) > 4000
    assert statistics.mean(make_problem("train", i).tokens for i in range(400)) > 4000


def test_no_trace_reads_like_a_loop() -> None:
    assert [kind_of(example) for example in EXAMPLES if find_loop(example.thinking)] == []
    assert {example.family for example in EXAMPLES} == {"geometry", "charts", "grids", "mazes"}
    again = sum(example.wordings > 1 for example in EXAMPLES)
    assert again <= MANY // 50


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_wording_reads_like_a_loop(kind: ProblemKind) -> None:
    for number in range(12):
        tokens = max(AIMED[0], kind.lengths[0] + (min(kind.lengths[1], AIMED[1]) - kind.lengths[0]) * number // 11)
        plan = kind.plan(random.Random(number), tokens)
        thinking, answer = make_trace(LongProblem(kind=kind, plan=plan, tokens=tokens), Voice(f"any {number}"))
        assert find_loop(thinking) is None, (kind.name, tokens)
        assert answer == f"Final answer: {kind.check(plan)}"


def test_a_trace_that_misses_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example, "LONGEST", 550)
    with pytest.raises(Unsound, match="no wording kept the limits"):
        make_example("train", 0)


def test_a_trace_that_loops_is_worded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []

    def once(text: str) -> object:
        looks.append(text)
        return object() if len(looks) == 1 else None

    monkeypatch.setattr(example, "find_loop", once)
    assert make_example("train", 0).wordings == 2
    assert looks[0] != looks[1]


def test_the_text_depends_on_the_seed_alone() -> None:
    assert make_example("train", 3) == EXAMPLES[3]
    other = make_example("train", 3, seed=1)
    assert other.image.plan != EXAMPLES[3].image.plan
    problem = make_problem("train", 3)
    assert make_trace(problem, Voice("a")) == make_trace(problem, Voice("a")) != make_trace(problem, Voice("b"))


def test_answers_are_the_gold_ones_and_score() -> None:
    page = LongVision()
    problems = page.load(split="train", limit=MANY // 3, data=None)
    for made, problem in zip(EXAMPLES, problems, strict=False):
        assert made.answer == f"Final answer: {made.gold}"
        assert made.gold == problem.gold
        assert page.score(problem, made.answer).correct
        assert made.gold in made.thinking.rsplit("\n\n", 1)[-1]


def test_every_sum_and_product_is_right_unless_corrected() -> None:
    wrong = Counter[str]()
    checked = Counter[str]()
    for made in EXAMPLES:
        for paragraph in made.thinking.split("\n"):
            for left, right in SUM.findall(paragraph):
                checked[made.family] += 1
                if "Wait," not in paragraph and eval(left.replace("x", "*")) != int(right):
                    wrong[f"{made.family}: {left} = {right}"] += 1
    assert not wrong
    assert min(checked[family] for family in ("geometry", "charts", "mazes")) > 20


def test_mistakes_are_made_and_corrected() -> None:
    doubtful = [made for made in EXAMPLES if re.search(r"Wait,|mistake|wrong|correct ", made.thinking)]
    assert len(doubtful) > 0.8 * MANY


def test_hardly_any_sentence_repeats_in_a_trace() -> None:
    for made in EXAMPLES:
        sentences = Counter(re.split(r"(?<=[.?])\s+", made.thinking))
        most = max((n for sentence, n in sentences.items() if len(sentence.split()) > 12), default=1)
        assert most <= 2, [sentence for sentence, count in sentences.items() if count == most]


def test_a_robots_trace_takes_the_steps_that_the_robot_takes() -> None:
    made = next(made for made in EXAMPLES if made.kind == "robot" and made.size == "small")
    done, _ = walk(made.image.plan)
    last = done[-1].to
    assert f"{chr(65 + last[1])}{last[0] + 1}" in made.thinking
    cells = re.findall(r"\b([A-Z]\d+)\b", made.thinking)
    assert {f"{chr(65 + step.cell[1])}{step.cell[0] + 1}" for step in done} <= set(cells)


def test_the_path_of_a_trace_passes_no_wall() -> None:
    named = 0
    for made in EXAMPLES:
        plan = made.image.plan
        if not isinstance(plan, Maze) or plan.key:
            continue
        back = re.search(r"(?:numbers back: |backwards: |I pass )([A-Z0-9, ]+)", made.thinking)
        assert back
        cells = [(int(cell[1:]) - 1, ord(cell[0]) - 65) for cell in re.findall(r"[A-Z]\d+", back[1])]
        assert (cells[0], cells[-1]) == (plan.goal, plan.start)
        assert len(cells) - 1 == int(made.gold)
        assert all(b in plan.beside(a) and plan.joined(a, b) for a, b in pairwise(cells))
        named += 1
    assert named > 5


def test_longer_traces_need_larger_problems() -> None:
    small, large = (Mazes().plan(random.Random(1), tokens) for tokens in (700, 12_000))
    assert large.rows * large.columns > 8 * small.rows * small.columns


def test_the_text_of_sixty_examples_is_the_same_byte_for_byte() -> None:
    """Training data and the bundled numbers depend on it: a change of wording is a new data set."""
    text = "\n".join("\n".join((made.question, made.thinking, made.answer)) for made in EXAMPLES[:60])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "0ef509b75d66d659"
