"""The answers of a run as they are exported: one for every problem, sample and level."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from s1m.errors import DataError, UsageError
from s1m.evaluate.store import Run
from s1m.families import DEFAULT
from s1m.types import Answer, Record, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """An answer with its record and its verdict."""

    record: Record
    answer: Answer
    verdict: Verdict

    @property
    def thinking(self) -> str:
        """The thinking that the answer follows, with the ignore strings in it."""
        segments = self.record.trace.chains[self.answer.chain][: self.answer.segments]
        return "".join(segment.injected + segment.text for segment in segments)

    @property
    def whole(self) -> str:
        """Thinking and answer as one text, the thinking between s1m's default delimiters; the answer where none is."""
        thinking = self.thinking
        return f"{DEFAULT.opening}{thinking}{DEFAULT.closing}{self.answer.text}" if thinking else self.answer.text

    @property
    def thinking_tokens(self) -> int:
        """Tokens of thinking that the answer cost, in all chains that it was chosen from."""
        return self.record.trace.thinking_tokens(self.answer)

    @property
    def answer_tokens(self) -> int:
        """Tokens of the answer, and of all that it was chosen from."""
        return self.record.trace.answer_tokens(self.answer)


def levels_of(run: Run) -> list[int]:
    """The levels of a run, rising. Raises ``DataError`` for a run without a record."""
    levels = sorted({answer.level for record in run.records for answer in record.trace.answers})
    if not levels:
        raise DataError(f"{run.folder} has no records yet; there is nothing to export")
    return levels


def answers_of(run: Run, level: int | None) -> list[Exported]:
    """The answers at one level, or at all of them, in the order of the records.

    Raises ``UsageError`` for a level that the run does not have, ``DataError`` for a run without a record.
    """
    levels = levels_of(run)
    if level is not None and level not in levels:
        raise UsageError(f"{run.folder} has no level {level}; it has: {', '.join(map(str, levels))}")
    return [
        Exported(record=record, answer=answer, verdict=verdict)
        for record in run.records
        for answer, verdict in zip(record.trace.answers, record.verdicts, strict=True)
        if level is None or answer.level == level
    ]


COLUMNS: Mapping[str, type] = {
    "run": str, "benchmark": str, "split": str, "model": str, "id": str, "sample": int, "level": int, "question": str,
    "gold": str, "response": str, "prediction": str, "strict": bool, "official": bool, "rule": str, "judged": bool,
    "thinking": str, "thinking_tokens": int, "answer_tokens": int, "stop": str, "finish": str, "seconds": float,
    "metadata": str,
}  # fmt: skip
"""The columns of a table of answers, with the type of each; any may be null."""


def rows_of(run: Run, answers: list[Exported]) -> Iterator[dict[str, Any]]:
    """One row an answer, with ``COLUMNS`` as keys; ``metadata`` is JSON, so that all benchmarks have one schema."""
    settings = {name: str(run.settings.get(name, "")) for name in ("benchmark", "split", "model")}
    for each in answers:
        record, answer, verdict = each.record, each.answer, each.verdict
        yield {
            "run": run.folder.name,
            **settings,
            "id": record.id,
            "sample": record.sample,
            "level": answer.level,
            "question": record.question,
            "gold": record.gold,
            "response": answer.text,
            "prediction": verdict.prediction,
            "strict": verdict.correct,
            "official": verdict.official,
            "rule": verdict.rule,
            "judged": verdict.judged,
            "thinking": each.thinking,
            "thinking_tokens": each.thinking_tokens,
            "answer_tokens": each.answer_tokens,
            "stop": answer.stop,
            "finish": answer.finish,
            "seconds": record.seconds,
            "metadata": json.dumps(dict(record.metadata), ensure_ascii=False),
        }
