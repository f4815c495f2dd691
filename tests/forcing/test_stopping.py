"""Stopping rules: what is known at a stop, and what each kind of rule makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from s1m.forcing.stopping import Features, Rule, features_at
from s1m.types import Answer, Segment, StopClass

LEVELS = tuple(range(8))


def known(**changed: Any) -> Features:
    values: dict[str, Any] = {
        "ignored": 2, "agreeing": 2, "lead": 1, "confidence": 0.8, "tokens": 90, "stop": "closed", "loops": 0,
    }  # fmt: skip
    return Features(**{**values, **changed})


def answered(text: str, segments: int, stop: StopClass = "closed", logprob: float | None = -0.1) -> Answer:
    return Answer(
        level=segments - 1, chain=0, segments=segments, stop=stop, text=text, tokens=2, finish="eos", logprob=logprob
    )


def thought(stop: StopClass = "closed", flaws: tuple[str, ...] = ()) -> Segment:
    return Segment(injected="", text="hm", tokens=10, stop=stop, flaws=flaws)


def test_features_count_what_was_answered_so_far() -> None:
    chain = (thought(), thought(flaws=("looped",)), thought("looped"), thought())
    answers = [answered("7", 1), answered("8", 2), answered("8", 3, "looped", logprob=0.0)]
    assert features_at(chain, answers, ["7", "8", "8"], "sum") == Features(
        ignored=2, agreeing=2, lead=1, confidence=1.0, tokens=36, stop="looped", loops=2, kind="sum"
    )
    nothing = features_at(chain, [*answers, answered("", 4, logprob=None)], ["7", "8", "8", None])
    assert (nothing.agreeing, nothing.lead, nothing.confidence, nothing.tokens) == (0, -2, None, 48)


@pytest.mark.parametrize(
    ("rule", "stops", "goes_on"),
    [
        (Rule(kind="level", levels=LEVELS, first=4), {"ignored": 4}, None),
        (Rule(kind="agree", levels=LEVELS, agreeing=3), {"agreeing": 3}, {"agreeing": 2}),
        (Rule(kind="confident", levels=LEVELS, confidence=0.9), {"confidence": 0.9}, {"confidence": 0.89}),
        (Rule(kind="confident", levels=LEVELS, confidence=0.9), {"confidence": 1.0}, {"confidence": None}),
        (Rule(kind="confident", levels=LEVELS, confidence=0.9), {"confidence": 1.0}, {"confidence": 1, "agreeing": 0}),
        (
            Rule(kind="agree_or_confident", levels=LEVELS, agreeing=3, confidence=0.9),
            {"confidence": 0.95},
            {"confidence": 0.8},
        ),
        (
            Rule(kind="logistic", levels=LEVELS, weights={"agreeing": 1.0, "kind=sum": -9.0}, threshold=0.7),
            {"kind": "range"},
            {"kind": "sum"},
        ),
    ],
)
def test_each_rule_stops_where_it_says(rule: Rule, stops: dict[str, Any], goes_on: dict[str, Any] | None) -> None:
    assert rule.stops(known(**stops))
    assert goes_on is None or not rule.stops(known(**goes_on))
    assert rule.stops(known(ignored=7, agreeing=0, confidence=0.0))  # the last level


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "agree"},
        {"kind": "confident", "confidence": 1.5},
        {"kind": "logistic", "threshold": 0.5},
        {"kind": "level", "first": 9},
        {"kind": "level", "levels": (3, 1)},
        {"kind": "logistic", "threshold": 0.5, "weights": {"agreeing": float("nan")}},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|needs"):
        Rule(**{"levels": LEVELS, **wrong})
