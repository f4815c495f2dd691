"""``s1m score``: recorded responses through a benchmark's scorers, one at a time.

A file of another harness is read as that harness writes it (see ``readers``); a line of s1m's own is

    {"id": "17", "response": "The answer is (B).", "extraction": "B"}
    -> {"id": "17", "extraction": "B", "prediction": "B", "official": true, "strict": true, "rule": "letter"}

A line without a response (null, or missing) is an error of the run that recorded it: counted, never scored.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from s1m.analysis.responses.counts import ResponseCounts
from s1m.analysis.responses.matching import Problems, check_numbers
from s1m.analysis.responses.readers.choose import read_any
from s1m.analysis.responses.readers.own import EXPECTED
from s1m.analysis.responses.readers.response import Response
from s1m.analysis.responses.table import print_counts
from s1m.benchmarks import Measured, find_benchmark
from s1m.benchmarks.reading.rows import without_images
from s1m.errors import S1mError, UsageError
from s1m.families import Delimiters, as_default
from s1m.files.json_lines import encode_line
from s1m.files.printing import Printer, print_json
from s1m.files.writing import VERDICTS, check_output, writing
from s1m.judge import Judge, Scored, StreamJudge, unjudged
from s1m.types import Benchmark

PLAIN_WIDTH = 120
"""Columns of the table in a file or a pipe, which have no width of their own."""


class VerdictLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of verdicts; ``judged`` is written where the strict verdict is a judge model's."""

    id: str
    extraction: str | None
    prediction: str | None
    official: bool | None
    strict: bool
    rule: str
    judged: bool = False


def score_file(
    benchmark_name: str,
    responses: Path,
    *,
    split: str,
    data: str,
    out: str,
    as_json: bool,
    judge_model: str = "",
    judge_base_url: str = "",
    delimiters: Delimiters | None = None,
) -> int:
    """Score a file of responses and print the counts; the exit code, 1 when the judge or a scorer failed on some.

    ``delimiters`` are those of the responses' thinking, where they are not those of a known family.
    """
    if judge_model and not judge_base_url:
        raise UsageError("--judge-model needs --judge-base-url, such as http://127.0.0.1:8000/v1")
    check_responses(responses)
    judgements = responses.with_suffix(".judgements.jsonl")
    if out:
        check_output(Path(out), VERDICTS, inputs=(responses, judgements, *([Path(data)] if data else [])))
    benchmark = find_benchmark(benchmark_name)
    problems = _problems(benchmark, split, data)
    check_numbers(responses, read_responses(responses), problems, benchmark.name)
    counts = ResponseCounts(
        breakdowns=benchmark.breakdowns, measured=benchmark if isinstance(benchmark, Measured) else None
    )
    failures: Sequence[Exception] = ()
    with contextlib.ExitStack() as stack:
        verdicts = stack.enter_context(writing(Path(out))) if out else None
        scored = _score(benchmark, problems, responses, counts, delimiters)
        if judge_base_url:
            judge = StreamJudge(Judge(judge_base_url, judge_model), judgements)
            scored = stack.enter_context(judge).over(benchmark, scored)
            counts.judge, failures = judge.judge.model, judge.failures
        for response in scored:
            counts.add(response.problem, response.verdict)
            if verdicts is not None:
                verdicts.write(encode_line(_line(response)))
    if as_json:
        print_json(counts.as_json())
    else:
        print_counts(counts, benchmark, Printer(soft_wrap=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH))
    if failures:
        Printer(stderr=True).print(f"s1m: {unjudged(failures)}")
    for failure in counts.failures:
        Printer(stderr=True).print(f"s1m: {failure}")
    return 1 if failures or counts.failures else 0


def _score(
    benchmark: Benchmark,
    problems: Problems,
    path: Path,
    counts: ResponseCounts,
    delimiters: Delimiters | None = None,
) -> Iterator[Scored]:
    """The verdicts by rule, one at a time; lines without a response are counted as errors."""
    for response in read_responses(path):
        problem = problems.of(response, path, benchmark.name)
        text = response.response
        if text is None:
            counts.errors += 1
            continue
        if delimiters is not None:
            text = as_default(text, delimiters)
        try:
            verdict = benchmark.score(problem, text, response.extraction)
        except S1mError:
            raise
        except Exception as error:  # a scorer may be a user's own: its fault costs one response and not the run
            reason = f"{type(error).__name__}: {error}"
            counts.failures.append(f"{problem.id}: the scorer of {benchmark.name} failed ({reason}); not scored")
            continue
        yield Scored(problem=problem, text=text, extraction=response.extraction, verdict=verdict)


def check_responses(path: Path) -> None:
    """Raise ``UsageError`` for a file without a single response: there is nothing to score."""
    if not path.is_file():
        raise UsageError(f"cannot read {path}: it is not a file")
    if all(response.response is None for response in read_responses(path)):
        raise UsageError(f"{path} has no responses to score; a line is {EXPECTED}")


def read_responses(path: Path) -> Iterator[Response]:
    """The responses in a file of s1m's or of another harness.

    Raises ``DataError`` that names the line, ``UsageError`` that names the package which reads such a file.
    """
    return read_any(path)


def _problems(benchmark: Benchmark, split: str, data: str) -> Problems:
    loaded = benchmark.load(split=split or benchmark.splits[0], limit=None, data=data or None)
    return Problems(without_images(loaded))


def _line(scored: Scored) -> VerdictLine:
    verdict = scored.verdict
    return VerdictLine(
        id=scored.problem.id,
        extraction=scored.extraction,
        prediction=verdict.prediction,
        official=verdict.official,
        strict=verdict.correct,
        rule=verdict.rule,
        judged=verdict.judged,
    )
