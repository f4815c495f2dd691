"""A record of a run, made up: wrong at level 0, right at level 1."""

from __future__ import annotations

from s1m.synthetic.digits.problems import make_problem
from s1m.types import Answer, Record, Segment, Trace, Verdict


def record(number: int) -> Record:
    problem = make_problem("test", number)
    answers = tuple(
        Answer(level=level, chain=0, segments=1, stop="closed", text="7", tokens=2, finish="eos") for level in (0, 1)
    )
    thought = Segment(injected="", text="I look.", tokens=9, stop="closed")
    verdicts = tuple(Verdict(prediction="7", correct=level > 0, rule="test") for level in (0, 1))
    return Record(
        key=f"{number:016x}",
        id=problem.id,
        question=problem.question,
        gold=problem.gold,
        metadata={},
        trace=Trace(chains=((thought,),), answers=answers),
        verdicts=verdicts,
        started=0.0,
        seconds=1.0,
    )
