"""A run as a table, one row an answer.

id, sample, question, gold         of the problem, and metadata_*
level, answer, prediction          what was answered, and what it commits to (None: to nothing)
correct, official, judged, rule    the verdicts
chain, segments, stop, same_as     the thinking that it rests on, how that ended, and whose answer it is
thinking_tokens, answer_tokens     what had to be generated for it
finish, tries, logprob             how it was written
seconds                            of the whole problem, all levels together
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from s1m.errors import UsageError
from s1m.types import Answer, Record, Verdict

if TYPE_CHECKING:
    from s1m.evaluate.store import Run


def data_frame(run: Run) -> Any:
    """The table as a ``pandas.DataFrame``. Raises ``UsageError`` where pandas is not installed."""
    try:
        import pandas
    except ImportError:
        raise UsageError("a table of a run needs pandas, which is not installed: pip install pandas") from None
    return pandas.DataFrame(list(answer_rows(run)))


def answer_rows(run: Run) -> Iterator[dict[str, Any]]:
    """The rows, in the order of the records and their levels."""
    for record in run.records:
        for answer, verdict in zip(record.trace.answers, record.verdicts, strict=True):
            yield _row(record, answer, verdict)


def _row(record: Record, answer: Answer, verdict: Verdict) -> dict[str, Any]:
    return {
        "id": record.id,
        "sample": record.sample,
        "level": answer.level,
        "answer": answer.text,
        "prediction": verdict.prediction,
        "gold": record.gold,
        "correct": verdict.correct,
        "official": verdict.official,
        "judged": verdict.judged,
        "rule": verdict.rule,
        "stop": answer.stop,
        "chain": answer.chain,
        "segments": answer.segments,
        "same_as": answer.same_as,
        "thinking_tokens": record.trace.thinking_tokens(answer),
        "answer_tokens": record.trace.answer_tokens(answer),
        "finish": answer.finish,
        "tries": answer.tries,
        "logprob": answer.logprob,
        "seconds": record.seconds,
        "question": record.question,
        **{f"metadata_{name}": value for name, value in record.metadata.items()},
    }
