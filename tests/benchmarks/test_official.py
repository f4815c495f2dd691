"""What the official rules make of answers, where they are known to be generous, harsh or random."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1m.benchmarks import BENCHMARKS
from s1m.scoring.official.chartqa import is_relaxed_equal
from s1m.scoring.official.dynamath import short_answer
from s1m.scoring.official.m3cot import official_letter
from s1m.scoring.official.mmmu import Parsed, open_is_right, parse_choice, parse_pro
from s1m.scoring.official.olympiadbench import final_answer, judge
from s1m.scoring.official.wemath import official_letter as wemath_letter
from tests.benchmarks.sample_rows import ROWS
from tests.benchmarks.test_pages import load

CHOICES = {"A": "red", "B": "green", "C": "blue"}


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        ("B", "B"),
        ("(A) or rather (C).", "C"),
        ("(A), though C is near", "A"),
        ("I think it is B or C .", "C"),
        ("The colour of the sky must be blue today", "C"),
    ],
)
def test_mmmu_takes_the_last_choice(response: str, letter: str) -> None:
    assert parse_choice(response, CHOICES, "1") == Parsed(letter=letter)


def test_mmmu_guesses_the_same_in_every_run_and_says_so(tmp_path: Path) -> None:
    drawn = [parse_choice("", CHOICES, str(number)) for number in range(60)]
    assert all(parsed.guess for parsed in drawn)
    assert {parsed.letter for parsed in drawn} == set(CHOICES)
    assert drawn == [parse_choice("", CHOICES, str(number)) for number in range(60)]
    verdict = BENCHMARKS["mmmu"].score(load("mmmu", tmp_path)[0], "")
    assert (verdict.correct, verdict.prediction, verdict.rule) == (False, None, "blank; official: guess")
    assert verdict.official in (True, False)


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        ("Answer: A\nAnswer: B", "B"),
        ("(C)\nAnswer: none", "C"),
        ("Answer: A or B. So (B)", "B"),
        ("I say B. And that is it", "B"),
    ],
)
def test_mmmu_pro_takes_what_follows_answer(response: str, letter: str) -> None:
    assert parse_pro(response, CHOICES, "1") == Parsed(letter=letter)


@pytest.mark.parametrize(
    ("response", "golds", "right"),
    [
        ("The result is 8.3", ("8.3", "8.30"), True),
        ("8.301", ("8.3",), True),
        ("x = 1,234", ("1234",), True),
        ("it is clearly Fauvism, so be it.\nThe answer is Fauvism", ("fauvism",), True),
        ("7", ("8",), False),
        ("", ("8",), False),
    ],
)
def test_mmmu_open_questions(response: str, golds: tuple[str, ...], right: bool) -> None:
    assert open_is_right(response, golds) is right


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        ("<Thought process>: <<...>> <Answer>: <<B>>", "B"),
        ("Answer: (B)", None),
        ("B. 8", "B"),
        ("I", None),
        ("", None),
    ],
)
def test_wemath_takes_the_first_letter_behind_answer(response: str, letter: str | None) -> None:
    assert wemath_letter(response) == letter


def test_dynamath_reads_json() -> None:
    assert short_answer('```json\n{"solution": "so \\\\frac{1}{2}", "short answer": "B"}\n```') == "B"
    assert short_answer('{"short answer": 2.5}') == "2.5"
    assert short_answer("no json") is None
    assert short_answer('{"solution": "x"}') is None


@pytest.mark.parametrize(
    ("answer", "correct", "official"),
    [
        ('{"solution": "1.5 + 1", "short answer": "2.500"}', True, True),
        ('{"short answer": "2.5009"}', True, True),
        ('{"short answer": "2.502"}', False, False),
        ("The answer is 2.5.", True, False),
    ],
)
def test_dynamath_numbers(answer: str, correct: bool, official: bool, tmp_path: Path) -> None:
    problem = load("dynamath", tmp_path)[0]
    verdict = BENCHMARKS["dynamath"].score(problem, answer)
    assert (verdict.correct, verdict.official) == (correct, official)


def test_logicvista_compares_sets_of_letters(tmp_path: Path) -> None:
    page, problem = BENCHMARKS["logicvista"], load("logicvista", tmp_path)[1]
    assert page.score(problem, "The answer is C and A.").correct
    assert not page.score(problem, "The answer is A.").correct
    assert page.score(problem, "anything", extraction="ca").official is False
    assert page.score(problem, "anything", extraction="c, a").official is True


def test_a_question_without_a_gold_answer_is_never_right(tmp_path: Path) -> None:
    page = BENCHMARKS["logicvista"]
    row = ROWS["logicvista"][2][0]
    empty, digit = load("logicvista", tmp_path, [row | {"answer": ""}, row | {"answer": "3"}])
    assert not page.score(empty, "A").correct
    assert not page.score(empty, "").correct
    assert page.score(digit, "3").correct
    hidden = load("mmmu", tmp_path, [row | {"answer": "?"} for row in ROWS["mmmu"][2]])
    for problem in hidden:
        verdict = BENCHMARKS["mmmu"].score(problem, "A")
        assert (problem.gold, verdict.correct, verdict.official) == ("", False, None)


def test_mathverse_has_an_official_verdict_only_for_an_extraction_that_is_the_gold(tmp_path: Path) -> None:
    page, problem = BENCHMARKS["mathverse"], load("mathverse", tmp_path)[0]
    assert page.score(problem, "B").official is None
    assert page.score(problem, "x", extraction="B").official is True


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [("14.7", "14", True), ("14.8", "14", False), ("14%", "0.14", True), ("Yes", "yes", True), ("0.0", "0", False)],
)
def test_chartqa_relaxed_accuracy(answer: str, gold: str, right: bool) -> None:
    assert is_relaxed_equal(answer, gold) is right


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        ("[Rationale] (A) [Answer] (b) [Context] (C)", "B"),
        ("red, then green", "B"),
        ("It is B.", "B"),
        ("c", "C"),
        ("who knows", None),
    ],
)
def test_m3cot(response: str, letter: str | None) -> None:
    assert official_letter(response, tuple(CHOICES.values())) == letter


@pytest.mark.parametrize(
    ("response", "gold", "precision", "right"),
    [
        (r"So the final answer is \boxed{0.5}.", r"$\frac{1}{2}$", 1e-8, True),
        (r"\boxed{50}", "0.5", 1e-8, True),  # a factor of 100 is forgiven
        (r"\boxed{3.29}(m/s)", "3.2", 1e-1, True),
        (r"\boxed{3.4}", "3.2", 1e-1, False),
        (r"\boxed{2},\boxed{-2}", r"$\pm 2$", 1e-8, True),
        (r"\boxed{2}", "$2,-2$", 1e-8, False),
        (r"\boxed{(3,4]}", "$(3,4]$", 1e-8, True),
        (r"\boxed{[3,4]}", "$(3,4]$", 1e-8, False),
        (r"\boxed{1+x^2}", "$x^2+1$", 1e-8, None),  # sympy would know
        (r"\boxed{x^2+1}", "$x^2+1$", 1e-8, True),
        (r"\boxed{unclosed", "1", 1e-8, False),
        (r"the set is $x \in (1,2]\cup[3,4)$", r"$(1,2]\cup[3,4)$", 1e-8, True),
        (r"\boxed{(1,2]\cup[3,5)}", r"$(1,2]\cup[3,4)$", 1e-8, False),
        (r"\boxed{(1,2]\cup[3,a)}", r"$(1,2]\cup[3,4)$", 1e-8, None),
        (r"\boxed{(1,2]}", r"$(1,2]\cup[3,4)$", 1e-8, False),
        (r"\boxed{[0.5,1]}", r"$[\frac{1}{2},1]$", 1e-8, True),
        (r"\boxed{y=x}", "$x=y$", 1e-8, None),
        (r"\boxed{x=\frac{4}{2}}", "$2$", 1e-8, True),
        ("", "$2$", 1e-8, False),
    ],
)
def test_olympiadbench(response: str, gold: str, precision: float, right: bool | None) -> None:
    assert judge(final_answer(response), gold, (precision,)) is right


def test_olympiadbench_asks_in_chinese_too(tmp_path: Path) -> None:
    rows = [row | {"language": "Chinese"} for row in ROWS["olympiadbench"][2]]
    rows.append(rows[3] | {"id": 9, "answer_type": "Numerical,Interval", "unit": "m"})
    rows.append(rows[0] | {"id": 10, "answer_type": "Tuple"})
    first, speed, *_, several, pair = [problem.question for problem in load("olympiadbench", tmp_path, rows)]
    assert first.startswith("以下是中国数学竞赛中的解答题，答案类型为数值。请根据")
    assert first.endswith("所以最终答案是\\boxed{答案}。”显式给出结果。\nFind the value of <image_1>.")
    assert "以下是中国物理竞赛中" in speed
    assert "\\boxed{答案}(单位)。”显式给出结果，注意答案的单位不要放在\\boxed{}中。\nSo:" in speed
    assert "，题目有多个答案，答案类型分别为数值、区间。" in several
    assert "解答题。请根据" in pair
    english = [*ROWS["olympiadbench"][2], ROWS["olympiadbench"][2][3] | {"id": 9, "answer_type": "Numerical,Equation"}]
    assert "in order being a numerical value, an equation. " in load("olympiadbench", tmp_path, english)[-1].question


def test_olympiadbench_with_a_precision_for_each_answer(tmp_path: Path) -> None:
    row = ROWS["olympiadbench"][2][3] | {"final_answer": ["$1.5,20$"], "error": "1e-1,1"}
    (problem,) = load("olympiadbench", tmp_path, [row])
    page = BENCHMARKS["olympiadbench"]
    assert page.score(problem, r"\boxed{1.45, 20.9}").correct
    assert page.score(problem, r"\boxed{1.45, 20.9}").official is True
    assert not page.score(problem, r"\boxed{1.3, 20.9}").correct
    assert page.score(problem, "").prediction is None


def test_olympiadbench_strictly_asks_algebra_and_forgives_no_factor(tmp_path: Path) -> None:
    page = BENCHMARKS["olympiadbench"]
    half, speed, _, both, formula = load("olympiadbench", tmp_path)
    assert page.score(formula, r"So the final answer is \boxed{1+x^2}.").correct
    assert not page.score(half, r"So the final answer is \boxed{50}.").correct
    assert not page.score(speed, r"So the final answer is \boxed{320}.").correct
    assert page.score(speed, r"So the final answer is \boxed{320}.").official is True
    assert page.score(speed, r"So the final answer is \boxed{3.29}(m/s).").correct
    assert page.score(both, r"So the final answer is \boxed{-2,2}.").correct
    assert not page.score(both, r"So the final answer is \boxed{2}.").correct
