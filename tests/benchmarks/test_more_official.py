"""What the official rules of the newer benchmarks make of answers, where they are generous, harsh or silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1m.benchmarks import BENCHMARKS
from s1m.scoring.official import aime, emma, math500
from s1m.scoring.official.boxed import last_boxed
from s1m.scoring.official.realworldqa import is_right
from s1m.scoring.official.visulogic import official_letter
from tests.benchmarks.test_more_pages import load


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (r"\boxed{1} and \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"\boxed 7$ it is", "7"),
        (r"\fbox{x}", "x"),
        (r"\boxed{7", None),
        ("nothing", None),
    ],
)
def test_the_last_box(text: str, content: str | None) -> None:
    assert last_boxed(text) == content


@pytest.mark.parametrize(
    ("first", "other", "same"),
    [
        (r"\dfrac{1}{2}", r"\frac{1}{2}", True),
        ("0.5", r"\frac12", True),
        ("1/2", r"\frac{1}{2}", True),
        ("0.25", r"\frac{1}{4}", False),  # no value is computed
        ("x=5", "5", True),
        ("f(x)=5", "5", False),
        (r"\sqrt3", r"\sqrt{3}", True),
        (r"10\text{ cm}", "10", True),
        (r"50\%", "50", True),
        ("50%", "50", False),
        (r"\left( 1, 2 \right)", "(1,2)", True),
        (r"90^\circ", "90", True),
        (".5x", "0.5x", True),
        ("1,000", "1000", False),
        (r"\frac1{72}", r"\frac{1}{72}", True),
    ],
)
def test_math_compares_texts(first: str, other: str, same: bool) -> None:
    assert math500.is_equivalent(first, other) is same


@pytest.mark.parametrize(
    ("response", "gold", "right"),
    [
        (r"so \boxed{025}", "25", True),
        ("Answer: 25", "25", True),
        ("Answer: 25.", "25", None),  # shown to a language model
        ("Answer: 7\nAnswer: 25", "25", None),
        ("24", "25", False),
        (r"\boxed{n = 25}", "25", None),
        ("  ", "25", False),
        ("1" * 6000, "25", False),
    ],
)
def test_aime(response: str, gold: str, right: bool | None) -> None:
    assert aime.official(aime.extraction_of(response), gold) is right


@pytest.mark.parametrize(
    ("answer", "official"),
    [("Answer: C", True), ("**Answer:** C", False), ("Answer: $C$", True), ("answer: c", False), ("C", False)],
)
def test_gpqa_takes_the_letter_after_answer(answer: str, official: bool, tmp_path: Path) -> None:
    problem = load("gpqa_diamond", tmp_path)[0]
    verdict = BENCHMARKS["gpqa_diamond"].score(problem, answer)
    assert (problem.gold, verdict.official) == ("C", official)
    assert verdict.correct


@pytest.mark.parametrize(
    ("answer", "official"),
    [("(B) a cat", True), ("The answer is B", True), ("option b", True), ("bread", True), ("So it is B.", False)],
)
def test_mmstar_takes_the_first_letter(answer: str, official: bool, tmp_path: Path) -> None:
    assert BENCHMARKS["mmstar"].score(load("mmstar", tmp_path)[0], answer).official is official


@pytest.mark.parametrize(
    ("response", "question", "gold", "right"),
    [
        ("B.", "?\nA. Red\nB. Blue", "B", True),
        ("It is Blue", "?\nA. Red\nB. Blue", "B", True),
        ("two", "How many?", "2", True),
        ("There are two", "How many?", "2", False),
        ("yes", "Is it?", "Yes", True),
        ("0.5", "How much?", "0.5", False),  # marks are removed from one side alone
    ],
)
def test_realworldqa(response: str, question: str, gold: str, right: bool) -> None:
    assert is_right(response, question, gold) is right


def test_blink_is_judged_by_a_language_model_unless_a_letter_is_all(tmp_path: Path) -> None:
    page, problem = BENCHMARKS["blink"], load("blink", tmp_path)[0]
    assert page.score(problem, "(B)").official is True
    assert page.score(problem, "A").official is False
    assert page.score(problem, "There are 3.").official is None
    assert page.score(problem, "There are 3.", extraction="(Z) Failed").official is False


def test_hallusionbench_takes_the_judges_word(tmp_path: Path) -> None:
    page = BENCHMARKS["hallusionbench"]
    seen, unseen = load("hallusionbench", tmp_path)
    assert page.score(seen, "Yes.").official is None
    assert [page.score(seen, "", word).official for word in ("Correct", "incorrect", "unclear")] == [True, False, False]
    assert [page.score(unseen, "", word).official for word in ("correct", "incorrect", "unclear")] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        (r"so \boxed{\text{C}}", "C"),
        ("C", "C"),
        ("I take (D).", "D"),
        ("(B)\nbecause", "B"),
        ("The final answer is: d", "D"),
        ("The answer is option A. Really", "A"),
        (r"\boxed{A or B}", None),
        ("c", None),
        ("", None),
    ],
)
def test_visulogic(response: str, letter: str | None) -> None:
    assert official_letter(response) == letter


@pytest.mark.parametrize(
    ("response", "gold", "is_choice", "right"),
    [
        ("B: that", "B", True, True),
        (r"\boxed{\text{B}}", "B", True, True),
        ("The correct answer is\nb. It fits", "B", True, True),
        ("I think B", "B", True, False),
        ("2.50", "2.5", False, True),
        (r"\boxed{three}", "3", False, True),
        (r"\boxed{2.504}", "2.5", False, True),
        (r"\boxed{2.51}", "2.5", False, False),
        (r"\boxed{x+1}", "1+x", False, None),
        ("no idea", "2.5", False, False),
    ],
)
def test_emma(response: str, gold: str, is_choice: bool, right: bool | None) -> None:
    assert emma.official(emma.extraction_of(response), gold, is_choice=is_choice) is right


@pytest.mark.parametrize(
    ("answer", "correct", "official"),
    [
        ("{1} then {11.90}", True, True),
        ("So {11.9}", True, False),
        ("It is 11.90.", True, False),
        ("{12.90}", False, False),
    ],
)
def test_zerobench_reads_the_last_braces(answer: str, correct: bool, official: bool, tmp_path: Path) -> None:
    verdict = BENCHMARKS["zerobench"].score(load("zerobench", tmp_path)[0], answer)
    assert (verdict.correct, verdict.official) == (correct, official)


@pytest.mark.parametrize(
    ("answer", "official"),
    [
        ("The correct option is B.", True),
        ("The answer is Clearly B", False),  # the first capital after the word
        ("B: 2 m/s", True),
        ("**B**", True),
        ("B", False),
        ("The answer is C, not B: 2", True),  # the gold letter with a colon is enough
    ],
)
def test_phyx(answer: str, official: bool, tmp_path: Path) -> None:
    assert BENCHMARKS["phyx"].score(load("phyx", tmp_path)[0], answer).official is official


def test_charxiv_has_an_official_verdict_only_for_an_extraction_that_is_the_gold(tmp_path: Path) -> None:
    page, problems = BENCHMARKS["charxiv"], load("charxiv", tmp_path)
    assert page.score(problems[0], "ResNet").official is None
    assert page.score(problems[0], "x", extraction="ResNet").official is True
    assert page.score(problems[2], "The value is 10^{-2}.").correct
    assert not page.score(problems[2], "0.012").correct
