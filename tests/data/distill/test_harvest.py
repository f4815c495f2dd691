"""What of a teacher's chains becomes a row: the longest stretch with a right answer, whole, in its own words."""

from __future__ import annotations

from s1m.data.distill.harvest import Harvest, Teacher
from s1m.data.distill.settings import distill_settings
from s1m.types import Problem, Record
from tests.data.rows import Said, record_of

PROBLEM = Problem(id="p1", question="How many?", images=(b"png",), gold="3", metadata={"kind": "count"})
SETTINGS = distill_settings({"benchmark": "digits", "model": "teacher"}).run


def harvest(record: Record, compose: int = 0) -> Harvest:
    return Teacher(settings=SETTINGS, domain="kind", licence="mit", compose=compose).harvest(record, PROBLEM)


def test_the_longest_stretch_with_a_right_answer_is_kept() -> None:
    chain: list[Said] = [(" a.", "3", True, "closed"), (" b.", "3", True, "closed"), (" c.", "4", False, "closed")]
    (row,) = harvest(record_of(chain)).rows
    assert row.response == "<think>\n a.Wait, b.</think>\nFinal answer: 3"
    assert row.images == (b"png",)
    assert row.origin["num_ignore"] == 1
    assert (row.origin["samples"], row.origin["samples_right"]) == (1, 0)
    assert (row.origin["problem"], row.origin["domain"], row.origin["teacher"]) == ("p1", "count", "teacher")
    assert (row.origin["answer"], row.origin["licence"]) == ("3", "mit")


def test_every_chain_is_a_row_or_has_one_reason() -> None:
    harvested = harvest(
        record_of(
            [(" a.", "3", True, "closed")],
            [(" a.", "3", True, "closed")],
            [(" b.", "4", False, "closed")],
            [(" c.", "", False, "closed")],
            [(" d d d", "3", True, "looped")],
            [(" <think> e.", "3", True, "closed")],
        )
    )
    assert len(harvested.rows) == 1
    assert [(refusal.filter, refusal.reason) for refusal in harvested.refused] == [
        ("same", "as another sample"),
        ("answer", "wrong"),
        ("answer", "none"),
        ("whole", "right only where it was cut: looped"),
        ("form", "thinking opened twice: 2 times"),
    ]


def test_an_answer_that_was_cut_is_not_learned() -> None:
    (refusal,) = harvest(record_of([(" a.", "3", True, "closed")], finish="length")).refused
    assert refusal.filter == "whole"


def test_of_a_chain_that_loops_later_the_part_before_is_kept() -> None:
    (row,) = harvest(record_of([(" a.", "3", True, "closed"), (" b b b", "3", True, "looped")])).rows
    assert row.response == "<think>\n a.</think>\nFinal answer: 3"


def test_a_composed_row_goes_through_wrong_attempts_and_ends_right() -> None:
    chains: tuple[list[Said], ...] = (
        [(" I see 4.", "4", False, "closed"), (" Still 4.", "4", False, "closed")],
        [(" I see 5.", "5", False, "closed")],
        [(" I see 3.", "3", True, "closed")],
        [(" x x x", "6", False, "looped")],
    )
    harvested = harvest(record_of(*chains), compose=2)
    (row,) = harvested.composed
    thinking, _, answer = row.response.partition("</think>")
    assert answer == "\nFinal answer: 3"
    assert thinking.index("I see 4.") < thinking.index("I see 5.") < thinking.index("I see 3.")
    assert "image" in thinking  # between them it looks again
    assert "x x x" not in thinking
    assert row.origin["composed_of"] == 3
    assert len(harvested.rows) + len(harvested.refused) == len(chains)
    assert not harvest(record_of(*chains)).composed
