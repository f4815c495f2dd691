"""Which answers a judge is asked about, what its prompt holds, and how its reply is read."""

from __future__ import annotations

import pytest

from s1m.benchmarks import find_benchmark
from s1m.engines.remote.reply import Unreadable
from s1m.errors import EngineError
from s1m.judge import is_asked, judged
from s1m.judge.prompt import prompt_for, read_extraction
from s1m.types import Problem, Verdict
from tests.engines.chat_server import completion

MATHVISTA = find_benchmark("mathvista")
CUSTOM = find_benchmark("custom")
INTEGER = Problem(id="q", question="How many?", images=(), gold="17", metadata={"answer_type": "integer"})


def test_only_the_end_of_a_long_response_is_shown() -> None:
    prompt = prompt_for(INTEGER, "the beginning " + "so on " * 2000 + "the end")
    assert "the end\n</response>" in prompt
    assert "the beginning" not in prompt
    assert "<question>\nHow many?\n</question>" in prompt


def test_choices_that_stand_in_the_picture_only_are_written_out() -> None:
    read = Problem(id="q", question="Which?\n(A) red\n(B) blue", images=(), gold="B", choices=("red", "blue"))
    seen = Problem(id="q", question="Which?", images=(), gold="B", choices=("red", "blue"))
    assert prompt_for(read, "it is") == prompt_for(seen, "it is")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("There are rather many, shall we say seventeen or so", True),
        ("Well, what is a number after all?", True),
        ("17", False),
        ("", False),
        ("N/A", False),
        ("Sorry, I cannot help with that.", False),
        ("It cannot be determined.", False),
        ("Final answer:", False),
        ("HTTP 500 Internal Server Error", False),
    ],
)
def test_a_judge_is_asked_where_something_is_said_and_no_rule_reads_it(text: str, asked: bool) -> None:
    assert is_asked(CUSTOM.score(INTEGER, text), text) is asked


def test_failures_and_blanks_go_to_no_judge_whatever_the_rule_is_called() -> None:
    silent = Verdict(prediction=None, correct=False, rule="no-answer")
    assert is_asked(silent, "prose")
    assert not is_asked(silent, "HTTP 500 Internal Server Error")
    assert not is_asked(silent, "<think>long</think> ")
    assert not is_asked(Verdict(prediction=None, correct=False, rule="judge: none", judged=True), "prose")


@pytest.mark.parametrize(
    ("content", "extraction"),
    [
        ("17", "17"),
        (" 17 \n\nBecause it says so.", "17"),
        ("<think>It says 17.</think>\nB", "B"),
        ("NONE", None),
        ('"None."', None),
    ],
)
def test_the_first_line_of_the_reply_counts(content: str, extraction: str | None) -> None:
    assert read_extraction(completion(content, tokens=3).body) == extraction


@pytest.mark.parametrize("content", ["", None, "  \n"])
def test_an_empty_reply_is_a_failure(content: str | None) -> None:
    with pytest.raises(EngineError, match="wrote nothing"):
        read_extraction(completion(content, tokens=0).body)


def test_a_reply_that_was_cut_is_a_failure_unless_its_first_line_is_whole() -> None:
    with pytest.raises(EngineError, match="within 128 tokens"):
        read_extraction(completion("Let me think about", tokens=128, finish="length").body)
    assert read_extraction(completion("17\nLet me explain", tokens=128, finish="length").body) == "17"
    with pytest.raises(Unreadable, match="broke off"):
        read_extraction(completion("1", tokens=1, finish=None).body)


def test_the_extraction_is_scored_as_strictly_as_an_answer() -> None:
    text = "shall we say seventeen or so"
    verdict = CUSTOM.score(INTEGER, text)
    right = judged(CUSTOM, INTEGER, text, verdict, "seventeen")
    assert right == Verdict(prediction="17", correct=True, rule="judge: whole", judged=True)
    vague = judged(CUSTOM, INTEGER, text, verdict, "many")
    assert (vague.prediction, vague.correct, vague.rule, vague.judged) == (None, False, "judge: no-answer", True)
    none = judged(CUSTOM, INTEGER, text, verdict, None)
    assert none == Verdict(prediction=None, correct=False, rule="judge: none", judged=True)


def test_an_official_verdict_stands_and_a_missing_one_gets_the_extraction() -> None:
    problem = Problem(
        id="1",
        question="Which?",
        images=(),
        gold="blue whale",
        choices=("blue whale", "red fox"),
        metadata={"question_type": "multi_choice", "answer_type": "text", "precision": ""},
    )
    text = "It swims and is rather large, I would have thought"
    missing = MATHVISTA.score(problem, text)
    assert (missing.prediction, missing.official) == (None, None)
    assert judged(MATHVISTA, problem, text, missing, "A").official is True
    assert judged(MATHVISTA, problem, text, missing, None).official is None
    recorded = MATHVISTA.score(problem, text, extraction="B")
    assert recorded.official is False
    stands = judged(MATHVISTA, problem, text, recorded, "A")
    assert (stands.correct, stands.official) == (True, False)
