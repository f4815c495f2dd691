"""What is not the answer is removed: thinking, marks of a turn, wrappers, line breaks written as two characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.families import END_OF_TURN_MARKS, THINKING_DELIMITERS, Delimiters
from s1m.scoring.answer import committed
from s1m.scoring.text.markup import answer_part, first_turn, without_thinking

CHOICES = ("3", "5", "7", "9")


@pytest.mark.parametrize("delimiters", THINKING_DELIMITERS)
def test_thinking_in_any_delimiters_is_removed(delimiters: Delimiters) -> None:
    opening, closing = delimiters.opening, delimiters.closing
    thought = "\nThe answer is A.\n"
    for text in (
        f"{opening}{thought}{closing}B",
        f"{opening.upper()}{thought}{closing.upper()}\n\nB",
        f"{thought}{closing}\nB",  # the template opened it
        f"{opening}{opening}{thought}{closing}B",
        f"{opening}{thought}{closing}\n{closing}\n\nB",
        f"{opening}{thought}{closing}B\n{closing}",
        f"{opening}{closing}{opening}{thought}{closing}B",
        f"B\n{opening}{thought}",
    ):
        assert committed(text, kind="choice", choices=CHOICES).prediction == "B", text


@pytest.mark.parametrize("delimiters", THINKING_DELIMITERS)
def test_thinking_that_never_closed_commits_to_nothing(delimiters: Delimiters) -> None:
    for thought in ("The answer is B", "\\boxed{B}", "B", "<answer>B</answer>", "so B.\nB<|im_end|>"):
        text = f"{delimiters.opening}\n{thought}"
        assert committed(text, kind="choice", choices=CHOICES).prediction is None, text
        long = f"{delimiters.opening}\n" + "and so on. " * 30_000 + thought
        assert committed(long, kind="choice", choices=CHOICES).prediction is None, thought


def test_a_text_that_ends_in_a_closing_delimiter_has_no_answer() -> None:
    assert without_thinking("The answer is B.</think>") == ""
    assert without_thinking("think of it") == "think of it"


@pytest.mark.parametrize("mark", END_OF_TURN_MARKS)
def test_a_turn_ends_at_its_mark(mark: str) -> None:
    for text in (f"B{mark}", f"B {mark}\n", f"B{mark}{mark}", f"B{mark}\nuser\nWhy not C?\nThe answer is C."):
        assert committed(text, kind="choice", choices=CHOICES).prediction == "B", text
    assert first_turn(f"{mark}B") == f"{mark}B".replace("</s>", "<eos>")


def test_text_that_is_struck_out_ends_no_turn() -> None:
    assert committed("The answer is <s>A</s> B", kind="choice", choices=CHOICES).prediction is not None
    assert committed("<s>B</s>", kind="choice", choices=CHOICES).prediction == "B"


@pytest.mark.parametrize(
    "text",
    [
        "<answer>B</answer>",
        "<ANSWER>B</ANSWER>",
        "<answer>B",
        "<answer>\n(B) 5\n</answer>",
        "<|begin_of_box|>B<|end_of_box|>",
        "So it is <|begin_of_box|>B<|end_of_box|>.",
        "<answer><|begin_of_box|>B<|end_of_box|></answer>",
        "<answer>\\boxed{B}</answer>",
        "<response>\nB\n</response>",
        "<response>I count five of them. The answer is (B).</response>",
        "I rule out A.\n<answer>I count five of them, two more than three, so the answer is (B).</answer>",
        "<<B>>",
        "The answer is <<B>>.",
        "Answer: <<B",
        "<Thought process>: <<maybe (A)>> <Answer>: <<B>>",
        "<Thought process>: maybe (A) <Answer>: B",
        "<Thought process>: <<maybe (A)>>\n<Answer>: <<(B) 5>>.",
        "<Thought process>: <<if a < b then (A)>> <Answer>: <B>",
        "<<Thought process>>: maybe (A)\n<<Answer>>: <<B>>",
        "<thought process>: <<maybe (A)>> <answer>: <<B",
        "<Thought process>:<<maybe (A)>><Answer>:<<B. 5>>",
        "<Answer>: <<A>>\nI misread it.\n<Answer>: <<B>>",
        "Thought process: <<maybe (A)>> Answer: <<B>>",
    ],
)
def test_wrappers_are_taken_off(text: str) -> None:
    assert committed(text, kind="choice", choices=CHOICES).prediction == "B"


def test_a_thought_in_the_template_of_we_math_is_not_its_answer() -> None:
    assert committed("<Thought process>: <<so it is (B)", kind="choice", choices=CHOICES).prediction is None
    assert committed("<Thought process>: <<so it is (B)>>", kind="choice", choices=CHOICES).prediction is None
    assert committed("<Thought process>: <<maybe (A)>> B", kind="choice", choices=CHOICES).prediction == "B"
    assert committed("<Thought process>: I count. So it is (B).", kind="choice", choices=CHOICES).prediction == "B"


def test_free_words_in_a_box_are_the_answer_without_the_sentence_around_it() -> None:
    for text in (
        "The tallest is <|begin_of_box|>Sri Lanka<|end_of_box|>",
        "The tallest is \\boxed{\\text{Sri Lanka}}.",
        "The tallest is <answer>Sri Lanka</answer>",
        "<response>Sri Lanka</response>",
    ):
        assert committed(text, kind="text").prediction == "Sri Lanka", text


def test_what_a_calculator_was_asked_is_not_the_answer() -> None:
    assert committed("48/2 = <<48/2=24>>24 clips", kind="integer").prediction == "24"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"12 + 30 = 42\n\nAnswer: 42\n", "12 + 30 = 42\n\nAnswer: 42"),
        (r"a\r\nb", "a\nb"),
        (r"the\nuse of it\nnow", "the\nuse of it\nnow"),
        (r"x \neq 3", r"x \neq 3"),
        (r"\nu = 3 and \nabla f \notin S", r"\nu = 3 and \nabla f \notin S"),
        (r"\begin{pmatrix}1\\n\end{pmatrix}", r"\begin{pmatrix}1\\n\end{pmatrix}"),
    ],
)
def test_line_breaks_written_as_two_characters(text: str, read: str) -> None:
    assert answer_part(text) == read


PIECES = (
    *(each.opening for each in THINKING_DELIMITERS),
    *(each.closing for each in THINKING_DELIMITERS),
    *END_OF_TURN_MARKS,
    *("<answer>", "</answer>", "<<", ">>", "<Answer>: ", "<Thought process>: ", "\\n", "B", "\\boxed{", "}", " ", "="),
)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=12))
def test_no_text_makes_reading_fail(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert len(answer_part(text)) <= 4 * len(text)  # ½ becomes 1/2
