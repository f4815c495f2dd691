"""The data of the report's browser of single problems: plain values, which the page shows as text and as formulas."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from s1m.analysis.display.typeset import FormulaTable
from s1m.types import Answer, Record, Segment, Trace, Verdict

if TYPE_CHECKING:
    from s1m.evaluate.store import Run

MAX_PROBLEMS = 300
"""Most problems of a run on a page: 300 with their pictures stay within a few megabytes."""


MAX_FORMULAS = 4_000
"""Most different formulas of a page, about 1.5 megabytes and two seconds; texts after that are shown as they are."""


def viewer_data(run: Run, label: str, max_formulas: int = MAX_FORMULAS) -> dict[str, object]:
    """A run for the browser: its label, how many problems it has, and the first ``MAX_PROBLEMS`` of them by id."""
    records = sorted(run.records, key=lambda record: (record.id, record.sample, record.key))
    formulas = FormulaTable(max_formulas)
    problems = [problem_data(record, run.thumbnail(record), formulas) for record in records[:MAX_PROBLEMS]]
    return {
        "label": label,
        "total": len(records),
        "problems": pictures_once(problems),
        "formulas": formulas.rows,
    }


def pictures_once(problems: list[dict[str, object]]) -> list[dict[str, object]]:
    """The problems, a picture that an earlier one has replaced by the number of that one: samples share theirs."""
    first: dict[object, int] = {}
    for number, problem in enumerate(problems):
        earlier = first.setdefault(problem["picture"], number)
        if problem["picture"] is not None and earlier != number:
            problem["picture"] = earlier
    return problems


def problem_data(record: Record, picture: bytes | None, formulas: FormulaTable) -> dict[str, object]:
    """One problem as JSON values; ``picture``, a PNG, becomes a data URI; ``formulas`` takes those of its texts."""
    answers = zip(record.trace.answers, record.verdicts, strict=True)
    samples = enumerate(zip(record.trace.samples, record.sample_verdicts, strict=True))
    return {
        "id": record.id,
        "sample": record.sample,
        "question": formulas.shown(record.question),
        "gold": formulas.shown(record.gold, answer=True),
        "metadata": dict(record.metadata),
        "picture": None if picture is None else "data:image/png;base64," + b64encode(picture).decode("ascii"),
        "chains": [[segment_data(segment, formulas) for segment in chain] for chain in record.trace.chains],
        "answers": [
            {**answer_data(answer, verdict, formulas), "votes": votes_for(record, answer, verdict)}
            for answer, verdict in answers
        ],
        "samples": [
            {**answer_data(sample, verdict, formulas), "won": levels_won(record.trace, index)}
            for index, (sample, verdict) in samples
        ],
    }


def votes_for(record: Record, answer: Answer, verdict: Verdict) -> dict[str, int] | None:
    """How many of the samples from which an answer was chosen agree with it; None where there was no choice."""
    if not answer.chosen_from:
        return None
    predictions = [record.sample_verdicts[index].prediction for index in answer.chosen_from]
    return {"same": predictions.count(verdict.prediction), "of": len(predictions)}


def levels_won(trace: Trace, sample: int) -> list[int]:
    """The levels whose answer is the sample with this index."""
    return [answer.level for answer in trace.answers if trace.place_of(answer) == sample]


def segment_data(segment: Segment, formulas: FormulaTable) -> dict[str, object]:
    """One stretch of thinking, without its token ids."""
    return {
        "injected": segment.injected,
        "text": formulas.shown(segment.text),
        "tokens": segment.tokens,
        "stop": segment.stop,
        "cut_characters": segment.cut_characters,
        "flaws": list(segment.flaws),
    }


def answer_data(answer: Answer, verdict: Verdict, formulas: FormulaTable) -> dict[str, object]:
    """One answer and its verdict."""
    return {
        "level": answer.level,
        "chain": answer.chain,
        "segments": answer.segments,
        "stop": answer.stop,
        "text": formulas.shown(answer.text, answer=True),
        "tokens": answer.tokens,
        "finish": answer.finish,
        "same_as": answer.same_as,
        "tries": answer.tries,
        "prediction": None if verdict.prediction is None else formulas.shown(verdict.prediction, answer=True),
        "correct": verdict.correct,
        "rule": verdict.rule,
    }
