"""From a teacher's chains to rows: of each the longest stretch whose answer is right, or the reason why it has none.

Nothing but the teacher's own turn goes into a row: what it wrote, the ignore strings, and the answer it committed to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from s1m.data.funnel import Refusal
from s1m.data.trace_row import TraceRow
from s1m.datasets.checks import check_response
from s1m.datasets.example import Unusable
from s1m.evaluate.settings import EvalSettings
from s1m.families import Delimiters
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.types import Answer, Problem, Record, Segment, Verdict

DESCRIBED_BY = "described_by"
"""Key of a problem's metadata: the model that described its images to a teacher which sees none."""


@dataclass(frozen=True, kw_only=True)
class Harvest:
    """The rows from the chains of one problem, and for every other chain why it became none."""

    rows: tuple[TraceRow, ...]
    refused: tuple[Refusal, ...]
    composed: tuple[TraceRow, ...] = ()
    """Rows made of several chains, beside those of one."""


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """What turns records of a distillation into rows."""

    settings: EvalSettings
    domain: str = ""
    """Key of a problem's metadata that says its domain."""
    licence: str = ""
    """Of the benchmark."""
    compose: int = 0
    """Most wrong attempts that a composed row goes through before the right one; 0 composes none."""

    @property
    def delimiters(self) -> Delimiters:
        """What thinking stands between."""
        return Delimiters(self.settings.strategy.thinking_open.strip(), self.settings.strategy.thinking_close)

    def harvest(self, record: Record, problem: Problem) -> Harvest:
        """The rows of a record of ``problem``, as its benchmark has it: with its images, not described."""
        rows: list[TraceRow] = []
        refused: list[Refusal] = []
        for number in range(len(record.trace.chains)):
            row = self._row(record, problem, number)
            if isinstance(row, Refusal):
                refused.append(row)
            elif any(row.response == other.response for other in rows):
                refused.append(Refusal("same", "as another sample"))
            else:
                rows.append(row)
        return Harvest(rows=tuple(rows), refused=tuple(refused), composed=self._composed(record, problem, rows))

    def _row(self, record: Record, problem: Problem, number: int) -> TraceRow | Refusal:
        """The longest stretch of a chain whose answer is right, or why there is no such stretch."""
        samples = samples_of(record, number)
        right = [answer for answer, verdict in samples if verdict.correct]
        if not right:
            nothing = all(verdict.prediction is None for _, verdict in samples)
            return Refusal("answer", "none" if nothing else "wrong")
        chain = record.trace.chains[number]
        whole = [answer for answer in right if is_whole(chain[: answer.segments]) and answer.finish != "length"]
        if not whole:
            return Refusal("whole", f"right only where it was cut: {chain[right[-1].segments - 1].stop}")
        answer = max(whole, key=lambda each: each.segments)
        row = self._made(record, problem, chain[: answer.segments], answer)
        try:
            check_response(row.response, self.delimiters)
        except Unusable as error:
            return Refusal("form", str(error))
        return row

    def _composed(self, record: Record, problem: Problem, rows: Sequence[TraceRow]) -> tuple[TraceRow, ...]:
        """One row that goes through wrong attempts, looks again after each, and ends with the longest right one."""
        if not self.compose or not rows:
            return ()
        best = max(range(len(rows)), key=lambda index: len(rows[index].response))
        right = rows[best].thinking(self.delimiters)
        wrong = [text for number in range(len(record.trace.chains)) if (text := wrong_attempt(record, number))]
        attempts = list(dict.fromkeys(text.strip() for text in wrong))[: self.compose]
        if not attempts:
            return ()
        links = IGNORE_STRINGS["lookback"]
        thinking = "".join(f"{text}\n{links[index % len(links)]} " for index, text in enumerate(attempts)) + right
        response = self.delimiters.around(thinking, rows[best].answer(self.delimiters))
        origin = {**rows[best].origin, "composed_of": len(attempts) + 1}
        return (TraceRow(prompt=problem.question, response=response, images=problem.images, origin=origin),)

    def _made(self, record: Record, problem: Problem, stretch: Sequence[Segment], answer: Answer) -> TraceRow:
        """The teacher's turn up to an answer, as a row."""
        settings = self.settings
        ending = f"{settings.strategy.thinking_close}{settings.strategy.answer_cue}{answer.text.strip()}"
        verdicts = [samples_of(record, number)[-1][1] for number in range(len(record.trace.chains))]
        origin = {
            "source": settings.problems.benchmark,
            "problem": record.id,
            "domain": record.metadata.get(self.domain, ""),
            "answer": problem.gold,
            "answer_type": record.metadata.get("answer_type") or ("choice" if problem.choices else "expression"),
            "teacher": settings.engine.model,
            "licence": self.licence,
            "num_ignore": len(stretch) - 1,
            "samples": len(verdicts),
            "samples_right": sum(verdict.correct for verdict in verdicts),
        }
        if DESCRIBED_BY in record.metadata:
            origin[DESCRIBED_BY] = record.metadata[DESCRIBED_BY]
        response = f"{settings.strategy.thinking_open}{said(stretch)}{ending}"
        return TraceRow(prompt=problem.question, response=response, images=problem.images, origin=origin)


def samples_of(record: Record, number: int) -> list[tuple[Answer, Verdict]]:
    """The answers of a chain with the verdicts on them, by rising level, without those that repeat a lower one's."""
    pairs = zip(record.trace.samples, record.sample_verdicts, strict=True)
    return [(answer, verdict) for answer, verdict in pairs if answer.chain == number and answer.same_as is None]


def wrong_attempt(record: Record, number: int) -> str:
    """The first stretch of a chain, where its answer then was wrong and it ended by itself; else nothing."""
    (answer, verdict), *_ = samples_of(record, number)
    stretch = record.trace.chains[number][: answer.segments]
    is_wrong = verdict.prediction is not None and not verdict.correct
    return said(stretch) if is_wrong and is_whole(stretch) else ""


def is_whole(stretch: Sequence[Segment]) -> bool:
    """Whether nothing in a stretch of thinking was cut: no loop, no spent budget."""
    return all(segment.stop in ("closed", "eos") for segment in stretch)


def said(stretch: Sequence[Segment]) -> str:
    """The text of a stretch of thinking, with the ignore string at each ignored stop."""
    return "".join(segment.injected + segment.text for segment in stretch)
