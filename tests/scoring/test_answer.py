"""What a text commits to: every dress, the last statement, and nothing where nothing is said."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.scoring.answer import AnswerKind, committed
from tests.guards import SECONDS
from tests.scoring.dressings import corpus
from tests.scoring.judging import scores

LENGTHS = ("12", "24", "36", "48")

DRESSES = [
    "B",
    "(b)",
    "B.",
    "B)",
    "[B]",
    "**B**",
    "\\boxed{B}",
    "\\text{B}",
    "$\\boxed{\\text{B}}$",
    "Option B",
    "The correct answer is (B) 24",
    "故选：B",
    "答案是B",
    "（B）",
    "Ⓑ",
    "Answer:B",
    "Ans: B",
    "### Final Answer\n**B. 24**",
    '{"answer": "B"}',
    "<answer>B</answer>",
    "24",
    "$24$",
    "24.0",
    "twenty-four",
    "The answer is 24.",
    "I'd go with B",
    "Hence, B.",
    "B\n\nBecause (A) is too short.",
    "So, (A) is wrong and the answer is B.",
    "since (A) lies on the line, (B)",
    "(B), since (A) lies on the line",
    "The answer is (B), since point (C) lies on the line",
    "It is not (A). It is (B).",
    "The answer is not A but B",
    "The answer is A. Wait, no. The answer is B.",
    "The answer is A. Wait, that is wrong.\n\n**B**",
    "<think>The answer is A.</think>B",
    "If x were 2 the answer would be A. But x is 4.\n\nOption B is correct.",
]


@pytest.mark.parametrize("text", DRESSES)
def test_a_letter_in_any_dress(text: str) -> None:
    assert committed(text, kind="choice", choices=LENGTHS).prediction == "B"


@pytest.mark.parametrize(
    "text",
    [
        "A and B",
        "A or B",
        "\\boxed{(A), (C)}",
        "Either (A) or (B).",
        "E",
        "(E) none of them",
        "\\boxed{77}",
        "The length is 30.",
        "If it is long, the answer is (A). If it is short, the answer is (B). It cannot be determined.",
        "A point on the line",
        "(A) 12\n(B) 24\n(C) 36\n(D) 48",
    ],
)
def test_no_choice_and_two_choices_are_none(text: str) -> None:
    assert committed(text, kind="choice", choices=LENGTHS).prediction is None


@pytest.mark.parametrize(
    ("text", "kind", "parsed"),
    [
        ("The perimeter is 3 + 4 = 7 cm.", "integer", "7"),
        ("So the answer is 1,204 people.", "integer", "1,204"),
        ("There are seven ducks.", "integer", "7"),
        ("The answer is forty-two, not 41.", "integer", "42"),
        ("\\boxed{\\frac{3}{4}}", "number", "3/4"),
        ("The speed is $6.9 \\times 10^{-3}$ m/s", "number", "6.9 × 10^{-3}"),
        ("25%", "number", "25%"),
        ("The answer is 3 or 5.", "integer", None),
        ("The answer is between 40 and 60.", "integer", None),
        ("Chair B12 and x_1 and 2x", "integer", None),
        ("The list is [1, 2, 3].", "list", "[1, 2, 3]"),
        ("1, 2, 3", "list", "[1, 2, 3]"),
        ("Yes, it is.", "yes_no", "Yes"),
        ("The answer is no.", "yes_no", "No"),
        ("The answer is Paris, since it is the capital.", "text", "Paris"),
        ("\\boxed{2\\sqrt{3}}", "expression", "2\\sqrt{3}"),
        ("So $x = \\frac{\\pi}{2}$.", "expression", "\\frac{\\pi}{2}"),
    ],
)
def test_values(text: str, kind: AnswerKind, parsed: str | None) -> None:
    assert committed(text, kind=kind).prediction == parsed


def test_the_question_can_be_answered_in_its_own_words() -> None:
    choices = ("yes", "no")
    question = "Is Periwinkle the maximum?"
    text = "Based on the image, Periwinkle is {} maximum. It is small."
    for said, letter in (("the", "A"), ("not the", "B")):
        answer = committed(text.format(said), kind="choice", choices=choices, question=question)
        assert (answer.prediction, answer.rule) == (letter, "restated")
    wondering = "There is no way to determine if Periwinkle is the maximum."
    assert committed(wondering, kind="choice", choices=choices, question=question).prediction is None


SILENT = [
    "",
    " \n",
    "None",
    "N/A",
    "null",
    "Final answer:",
    "**Final Answer:**\n",
    "The answer is",
    "\\boxed{}",
    "Sorry, I cannot help with that.",
    "I'm sorry, but I can't see 3 of the 4 pictures.",
    "I apologize, but as an AI model I am unable to view images (A) or (B).",
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    "Error code: 429 - {'error': {'message': 'Rate limit reached: Limit 10000, Used 9999'}}",
    "HTTP 500 Internal Server Error",
    "Error: Request timed out after 60 seconds.",
    "0" * 34000,
]

KINDS: tuple[AnswerKind, ...] = ("choice", "integer", "number", "list", "yes_no", "text", "expression")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("choices", [LENGTHS, ("Yes", "No"), ("increase", "none of the above")])
@pytest.mark.parametrize("text", SILENT)
def test_silence_commits_to_nothing(text: str, kind: AnswerKind, choices: tuple[str, ...]) -> None:
    assert committed(text, kind=kind, choices=choices).prediction is None


def test_the_end_of_a_long_text_is_read() -> None:
    assert committed("因为三角形相似" * 2000 + "故选：B", kind="choice", choices=LENGTHS).prediction == "B"
    assert committed("so it goes on " * 1000 + "\n\n42", kind="integer").prediction == "42"
    assert committed("1" + "0" * 7000, kind="integer").prediction is None


def test_ten_thousand_dresses() -> None:
    right = wrong = scored_right = scored_wrong = 0
    for dressed in corpus(10_000):
        scored = scores(dressed.text, kind=dressed.kind, gold=dressed.gold, choices=dressed.choices)
        if dressed.right:
            right, scored_right = right + 1, scored_right + scored
        else:
            wrong, scored_wrong = wrong + 1, scored_wrong + scored
    assert scored_right / right >= 0.995
    assert scored_wrong / wrong <= 0.001


FRAGMENTS = (
    *(
        "(A)",
        "\\boxed{",
        "}",
        "{",
        "the answer is ",
        "Answer:",
        "**",
        "1/0",
        "\\pi",
        "1e999",
        "9" * 70,
        "\n",
        "答案",
        "$",
    ),
    *(
        "\\frac{1}{0}",
        ", and ",
        " or ",
        "[1,",
        "If ",
        "</think>",
        "<answer>",
        "= ",
        "not ",
        "⟦",
        "⟧",
        "<|a|>",
        "10^-999",
    ),
)

PIECES = st.lists(st.one_of(st.text(max_size=8), st.sampled_from(FRAGMENTS)), max_size=14)


@given(PIECES, st.sampled_from(KINDS), st.sampled_from([LENGTHS, ("Yes", "No"), ("(c)", "(a)"), ("",), ()]))
def test_no_text_raises(pieces: list[str], kind: AnswerKind, choices: tuple[str, ...]) -> None:
    parsed = committed("".join(pieces), kind=kind, choices=choices, question="Is it so?")
    assert parsed.prediction is None or parsed.prediction
    assert parsed.rule


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "unit",
    ["0", "1,", "the answer is ", "(", "{", "\\boxed{", "\\frac{", "A, ", "If ", "= 1 ", "is ", "so ", " ", "\n", "$",
     "**", "a-", "⟦", "\\", "no ", "1/", "x^", "答案", "not (A) ", "1 or ", "[1,", "<answer>", "Wait ", "[", "- "],
)  # fmt: skip
def test_no_text_takes_long(kind: AnswerKind, unit: str) -> None:
    start = time.process_time()
    committed(unit * (40_000 // len(unit)), kind=kind, choices=LENGTHS, question="Is it the " * 50)
    assert time.process_time() - start < SECONDS
