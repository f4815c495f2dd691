"""The filters that look at one row: what each leaves out, for which reason, and what it lets pass."""

from __future__ import annotations

import pytest

from s1m.data.curate.filters.answers import Solved, TooEasy, WrongAnswer
from s1m.data.curate.filters.thinking import Language, Leaks, Loops, Thinking
from s1m.data.trace_row import TraceRow, trace_row
from s1m.datasets.example import IMAGE, Example, Turn, Unusable
from s1m.families import Delimiters
from tests.data.rows import trace_row_of

TAGS = Delimiters("<think>", "</think>")


def test_a_response_without_thinking_is_left_out() -> None:
    assert Thinking(delimiters=TAGS).refuses(trace_row_of(thinking=" ")) == "no thinking"
    assert Thinking(delimiters=TAGS).refuses(TraceRow(prompt="?", response="3")) == "no thinking"
    assert Thinking(delimiters=TAGS).refuses(trace_row_of()) is None


def test_a_loop_is_left_out_and_honest_checking_is_not() -> None:
    looping = trace_row_of(thinking="I look again at the third bar and count it. " * 12)
    assert str(Loops().refuses(looping)).partition(":")[0].endswith("loop")
    honest = "The bar is 12. Wait, let me look again. It ends at 14, not at 12, so the sum is 14 + 3 = 17."
    assert Loops().refuses(trace_row_of(thinking=honest)) is None


@pytest.mark.parametrize(
    ("thinking", "refused"),
    [
        ("The angle α is 30° and ∠ABC = 2π/3, as Müller says.", False),
        ("首先我们看这个图,角度是三十度。", True),
        ("The picture shows the sign 出口 above a door, and the arrow beneath it points to the left side.", False),
        ("Сначала посмотрим на рисунок.", True),
    ],
)
def test_another_script_is_left_out_but_not_formulas_or_a_quoted_word(thinking: str, refused: bool) -> None:
    assert (Language(scripts=("latin",)).refuses(trace_row_of(thinking=thinking)) is not None) == refused


def test_the_wanted_script_can_be_another() -> None:
    assert Language(scripts=("cjk",)).refuses(trace_row_of(thinking="首先我们看这个图,角度是三十度。")) is None


@pytest.mark.parametrize(
    ("thinking", "reason"),
    [
        ("The given answer is 3, so I must get there.", "talks of a given answer"),
        ("According to the description there are three dots.", "talks of a description"),
        ("I cannot see the image, so I go by what is said.", "talks of a description"),
        ("There are three dots, so the answer is 3.", None),
    ],
)
def test_thinking_that_talks_of_what_a_learner_will_not_have_is_left_out(thinking: str, reason: str | None) -> None:
    refusal = Leaks(delimiters=TAGS).refuses(trace_row_of(thinking=thinking))
    assert (refusal and refusal.partition(":")[0]) == reason


def test_a_question_about_a_caption_may_talk_of_it() -> None:
    row = trace_row_of(prompt="Is the caption right?", thinking="The caption says three, and I count three.")
    assert Leaks(delimiters=TAGS).refuses(row) is None


@pytest.mark.parametrize(
    ("answer", "origin", "reason"),
    [
        ("3", {}, None),
        ("4", {}, "wrong answer"),
        ("I do not know", {}, "answers nothing"),
        ("B", {"answer": "B", "answer_type": "choice"}, None),
        ("C", {"answer": "B", "answer_type": "choice"}, "wrong answer"),
        ("1/2", {"answer": "0.5", "answer_type": "number"}, None),
        ("3", {"answer_type": "riddle"}, "unknown answer_type"),
        ("3", {"answer": ""}, None),
    ],
)
def test_a_wrong_answer_is_left_out(answer: str, origin: dict[str, str], reason: str | None) -> None:
    refusal = WrongAnswer(delimiters=TAGS, verified=False).refuses(trace_row_of(said=answer, **origin))
    assert (refusal and refusal.partition(":")[0]) == reason


def test_where_only_verified_rows_are_wanted_one_without_an_answer_is_left_out() -> None:
    row = trace_row_of(said="3", answer="")
    assert WrongAnswer(delimiters=TAGS, verified=True).refuses(row) == "no answer to compare with"


def test_what_a_small_model_solves_often_enough_is_too_easy() -> None:
    solved = {
        "small": {"p1": Solved(right=1, of=4), "p2": Solved(right=0, of=4)},
        "other": {"p2": Solved(right=0, of=1)},
    }
    strict, mild = TooEasy(solved=solved, most=0.0), TooEasy(solved=solved, most=0.25)
    assert strict.refuses(trace_row_of(problem="p1")) == "too easy: small solves it 1 of 4 times"
    assert strict.refuses(trace_row_of(problem="p2")) is None
    assert strict.refuses(trace_row_of(problem="unknown")) is None
    assert mild.refuses(trace_row_of(problem="p1")) is None


def example(*turns: Turn) -> Example:
    return Example(id="x", turns=turns, images=(b"1", b"2"))


def test_a_row_is_one_question_and_one_response() -> None:
    question = Turn(role="user", content=(IMAGE, IMAGE, "How many?"))
    response = Turn(role="assistant", content=("<think>I count.</think>3",))
    system = Turn(role="system", content=("You are helpful.",))
    row = trace_row(example(system, question, response), TAGS)
    assert (row.prompt, row.response) == ("How many?", "<think>I count.</think>3")
    with pytest.raises(Unusable, match="several turns"):
        trace_row(example(question, response, question, response), TAGS)
    with pytest.raises(Unusable, match="thinking not closed"):
        trace_row(example(question, Turn(role="assistant", content=("<think>I count",))), TAGS)


def test_images_between_words_keep_their_positions() -> None:
    question = Turn(role="user", content=(IMAGE, "Is this like ", IMAGE, "?"))
    row = trace_row(example(question, Turn(role="assistant", content=("Yes",))), TAGS)
    assert row.prompt == "<image>Is this like <image>?"


def test_the_id_of_a_row_is_that_of_its_content() -> None:
    assert trace_row_of().id == trace_row_of(source="elsewhere").id
    assert trace_row_of().id != trace_row_of(prompt="How much?").id
    assert len(trace_row_of().id) == 16
