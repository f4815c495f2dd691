"""A judge's pass over a run, after it: what no rule could read is asked about, each text once, and recorded beside."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from s1m.benchmarks.reading.rows import without_images
from s1m.errors import EngineError
from s1m.evaluate.store import JUDGEMENTS, Run
from s1m.judge import Judge, Judgements, RecordJudgement, is_asked, judged, text_hash
from s1m.types import Benchmark, Problem, Record, Verdict


@dataclass(frozen=True, kw_only=True)
class Unread:
    """An answer of a record that no rule could read, at whatever levels."""

    record: Record
    text: str
    verdict: Verdict


async def judge_run(run: Run, benchmark: Benchmark, problems: Sequence[Problem], judge: Judge) -> list[EngineError]:
    """Have the pending answers of a run judged; the failures of the judge, whose answers keep their verdicts and stay
    pending.

    Raises ``EngineUnavailable`` when the judge can be asked nothing, ``UsageError`` when the run has another judge.
    """
    try:
        await judge.ready()
        judgements = Judgements(run.folder / JUDGEMENTS, judge.model)
        try:
            return await _judge(run, benchmark, problems, judge, judgements)
        finally:
            judgements.close()
    finally:
        await judge.close()


async def _judge(
    run: Run, benchmark: Benchmark, problems: Sequence[Problem], judge: Judge, judgements: Judgements
) -> list[EngineError]:
    texts: Mapping[str, Problem] = {problem.id: problem for problem in without_images(problems)}
    prompts: dict[str, str] = {}
    waiting: dict[str, list[Unread]] = {}
    for unread in unread_of(run):
        key, prompt = judge.question(texts[unread.record.id], unread.text)
        prompts[key] = prompt
        waiting.setdefault(key, []).append(unread)

    async def heard(key: str, extraction: str | None) -> None:
        for unread in waiting[key]:
            problem = texts[unread.record.id]
            # In a thread, as the runner does: computer algebra may take a second.
            verdict = await asyncio.to_thread(judged, benchmark, problem, unread.text, unread.verdict, extraction)
            judgements.add(
                RecordJudgement(
                    key=key,
                    model=judge.model,
                    extraction=extraction,
                    record=unread.record.key,
                    answer=text_hash(unread.text),
                    verdict=verdict,
                )
            )

    known = dict(judgements.extractions)
    for key in waiting.keys() & known.keys():
        await heard(key, known[key])
    return await judge.ask({key: prompt for key, prompt in prompts.items() if key not in known}, heard)


def unread_of(run: Run) -> list[Unread]:
    """The answers of a run that a judge is to read, each text of a record once."""
    unread: dict[tuple[str, str], Unread] = {}
    for record in run.records:
        for answer, verdict in zip(record.trace.answers, record.verdicts, strict=True):
            if is_asked(verdict, answer.text):
                unread[record.key, answer.text] = Unread(record=record, text=answer.text, verdict=verdict)
    return list(unread.values())
