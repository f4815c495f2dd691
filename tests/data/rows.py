"""Rows and records for tests of the building of data."""

from __future__ import annotations

from pathlib import Path

from s1m.data.shards import write_shards
from s1m.data.trace_row import TraceRow
from s1m.types import Answer, Finish, Record, Segment, StopClass, Trace, Verdict
from tests.datasets.sets import picture


def trace_row_of(
    prompt: str = "How many?", thinking: str = "I count: 1, 2, 3.", said: str = "3", **origin: str
) -> TraceRow:
    return TraceRow(
        prompt=prompt,
        response=f"<think>\n{thinking}\n</think>\nFinal answer: {said}",
        images=(picture(),),
        origin={"answer": "3", "answer_type": "integer", "domain": "count", **origin},
    )


def folder_of(path: Path, rows: list[TraceRow]) -> Path:
    write_shards(rows, path, several_images=False)
    return path


Said = tuple[str, str, bool, StopClass]
"""Of a stretch of thinking: its text, the answer after it, whether that is right, and how it ended."""


def record_of(*chains: list[Said], finish: Finish = "eos") -> Record:
    samples: list[Answer] = []
    verdicts: list[Verdict] = []
    for number, chain in enumerate(chains):
        for level, (_, answer, right, stop) in enumerate(chain):
            samples.append(
                Answer(level=level, chain=number, segments=level + 1, stop=stop, text=answer, tokens=1, finish=finish)
            )
            verdicts.append(Verdict(prediction=answer or None, correct=right, rule="last-integer"))
    thought = tuple(
        tuple(
            Segment(injected="Wait," if level else "", text=text, tokens=4, stop=stop)
            for level, (text, _, _, stop) in enumerate(chain)
        )
        for chain in chains
    )
    return Record(
        key="k",
        id="p1",
        question="How many?",
        gold="3",
        metadata={"kind": "count"},
        trace=Trace(chains=thought, answers=tuple(samples[:1]), samples=tuple(samples)),
        verdicts=tuple(verdicts[:1]),
        sample_verdicts=tuple(verdicts),
        started=0.0,
        seconds=1.0,
    )
