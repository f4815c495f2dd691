"""Samples of lmms-eval: one line a problem, with the texts of all its samples at one level.

``doc_id`` counts the problems in the order of the records, which need not be that of the split: ``doc`` has the id.
``resps`` holds thinking and answer, ``filtered_resps`` the answers alone; ``strict`` and ``official`` are the correct
fractions of the samples, as metrics of a task would stand there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from s1m.analysis.export.answers import Exported
from s1m.files.json_lines import encode_lines


def as_lmms_eval(answers: Sequence[Exported]) -> bytes:
    """The answers, all of one level, as lines of JSON."""
    by_problem: dict[str, list[Exported]] = {}
    for each in answers:
        by_problem.setdefault(each.record.id, []).append(each)
    return encode_lines(_line(number, samples) for number, samples in enumerate(by_problem.values()))


def _line(number: int, samples: Sequence[Exported]) -> dict[str, Any]:
    record = samples[0].record
    official = [each.verdict.official for each in samples if each.verdict.official is not None]
    return {
        "doc_id": number,
        "doc": {"id": record.id, "question": record.question},
        "target": record.gold,
        "input": record.question,
        "resps": [[each.whole for each in samples]],
        "filtered_resps": [each.answer.text for each in samples],
        "strict": sum(each.verdict.correct for each in samples) / len(samples),
        "official": sum(official) / len(official) if official else None,
    }
