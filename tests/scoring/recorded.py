"""Recorded MathVista responses beside the checkout, where there are some."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from s1m.types import Problem

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "mathvista"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What a model answered, what a language model extracted from it, and the official verdict on that."""

    problem: Problem
    response: str
    extraction: str
    official: bool


@cache
def problems() -> dict[str, Problem]:
    """The problems of testmini by id, without images."""
    rows = json.loads((SHARED / "testmini.json").read_text(encoding="utf-8"))
    return {
        pid: Problem(
            id=pid,
            question=row["question"],
            images=(),
            gold=row["answer"],
            choices=tuple(row["choices"] or ()),
            metadata={
                "question_type": row["question_type"],
                "answer_type": row["answer_type"],
                "precision": str(row["precision"] or ""),
                "unit": row["unit"] or "",
            },
        )
        for pid, row in rows.items()
    }


def recorded(model: str) -> Sequence[Recorded]:
    """The 1,000 recorded responses of a model."""
    with (SHARED / f"{model}.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Recorded(
            problem=problems()[row["pid"]],
            response=row["response"],
            extraction=row["extraction"],
            official=row["true_false"],
        )
        for row in rows
    ]
