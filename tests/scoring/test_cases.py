"""Responses and pairs of answers from public reports, each with its right outcome."""

from __future__ import annotations

import pytest

from s1m.benchmarks import find_benchmark
from s1m.scoring.answer import committed
from s1m.scoring.equality.formula import same_formula
from s1m.types import Problem
from tests.cases import cases

pytestmark = pytest.mark.shared_data


def test_every_answer_case_commits_to_what_it_should() -> None:
    for case in cases("answers"):
        parsed = committed(case["text"], kind=case["kind"], choices=case.get("choices", ()))
        assert (parsed.prediction or "") == case["expected"], (case, parsed)


def test_every_equality_case_holds_in_both_directions() -> None:
    pytest.importorskip("math_verify")
    for case in cases("equality"):
        assert same_formula(case["a"], case["b"]) is case["equal"], case
        assert same_formula(case["b"], case["a"]) is case["equal"], case


def test_every_benchmark_case_has_its_strict_verdict() -> None:
    for case in cases("benchmarks"):
        problem = Problem(
            id="1",
            question="?",
            images=(),
            gold=case["gold"],
            choices=tuple(case.get("choices", ())),
            metadata={key: str(value) for key, value in case.items() if key not in ("response", "gold", "strict")},
        )
        verdict = find_benchmark(case["benchmark"]).score(problem, case["response"])
        assert verdict.correct is case["strict"], (case, verdict)
