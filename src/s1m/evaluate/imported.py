r"""Recorded responses as records: the problem of each, its thinking, its answer. S1-M's own result files are read here.

    {"accuracy": 0.408, "results": [{"query": "Hint: ...", "answer": "1000", "response": "<think>...</think>\nFinal
     answer: 500", "extraction": "500", "true_or_false": false, ...}, ...]}

A file is a level (https://github.com/PKU-Alignment/s1-m, evaluation-test_time_scaling_law/MathVista/eval.py). A result
has no id: its problem is the one with its query, and of several with one query the first that is not taken and has its
answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from s1m.datasets.tokens import TokenCounter
from s1m.errors import DataError, UsageError
from s1m.evaluate.runner import key_of, key_of_sample
from s1m.evaluate.settings.spelling import levels_from
from s1m.families import DEFAULT
from s1m.files.decoding import Undecodable, decode_json, read_bytes
from s1m.files.paths import looks_local, user_path
from s1m.forcing.flow import Forcing
from s1m.types import Answer, Benchmark, Problem, Record, Segment, StopClass, Trace, Verdict

OPEN, CLOSE = DEFAULT.opening, DEFAULT.closing

_LEVEL = re.compile(r"results_(\d{1,4})")


class Result(msgspec.Struct, frozen=True):
    """One result of S1-M, as far as it is read; ``true_or_false`` is the verdict recorded with it."""

    query: str
    answer: str
    response: str
    true_or_false: bool
    extraction: str | None = None


class _File(msgspec.Struct, frozen=True):
    results: list[msgspec.Raw]
    accuracy: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A response with its thinking, which stands between ``DEFAULT``'s delimiters, and what was recorded of it."""

    response: str
    extraction: str | None = None
    right: bool | None = None
    """The verdict of the recording program, where it kept one."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """The responses in a file by the id of their problem, and the accuracy that the file states.

    Several responses to a problem are samples of it.
    """

    num_ignore: int
    path: Path
    accuracy: float | None
    responses: Mapping[str, Sequence[Recorded]]

    def agreeing(self, records: Sequence[Record], index: int) -> tuple[int, int]:
        """Official verdicts at the level of this index that are the recorded ones, and how many have both."""
        both = [(record.verdicts[index].official, self.responses[record.id][record.sample].right) for record in records]
        known = [(ours, theirs) for ours, theirs in both if ours is not None and theirs is not None]
        return sum(ours is theirs for ours, theirs in known), len(known)


def is_published(path: Path) -> bool:
    """Whether a file is one of S1-M's: an object with an accuracy, and results that are known by their query."""
    try:
        document = decode_json(read_bytes(path), dict[str, object])
    except (Undecodable, OSError):
        return False
    results = document.get("results")
    first = results[0] if isinstance(results, list) and results else {"query": ""}
    return {"accuracy", "results"} <= document.keys() and isinstance(first, dict) and "query" in first


def levels_of(files: Sequence[Path], num_ignore: str) -> tuple[int, ...]:
    """The level of every file: as ``num_ignore`` says, else as its name does, else 0 for a file alone."""
    if num_ignore:
        levels = tuple(msgspec.convert(levels_from(num_ignore), tuple[int, ...]))
        if len(levels) != len(files):
            raise UsageError(f"--num-ignore {num_ignore} names {len(levels)} levels, but there are {len(files)} files")
    else:
        named = [_LEVEL.fullmatch(file.stem) for file in files]
        # A file alone is level 0, but not S1-M's own "results_{args.num_ignore}.json", which every level overwrites.
        unnamed = [file for file, name in zip(files, named, strict=True) if not name]
        if unnamed and (len(files) > 1 or unnamed[0].stem.startswith("results_")):
            example = f"0-{len(files) - 1}" if len(files) > 1 else "7"
            raise UsageError(
                f"{unnamed[0]}: the file's name has no level; give the levels of the files in their order, such as "
                f"--num-ignore {example}"
            )
        levels = tuple(int(name[1]) if name else 0 for name in named)
    for level in levels:
        if levels.count(level) > 1:
            raise UsageError(f"two files are of level {level}: give every file a level of its own with --num-ignore")
    return levels


def read_level(path: Path, num_ignore: int, problems: Sequence[Problem]) -> Level:
    """The results of a file of S1-M. Raises ``UsageError`` or ``DataError`` with the file and the result's index."""
    if not path.is_file():
        raise UsageError(f"cannot read {path}: there is no such file")
    try:
        content = decode_json(read_bytes(path), _File)
    except Undecodable as error:
        raise DataError(f'{path}: {error}; a file is {{"accuracy": …, "results": [{{"query": …}}]}}') from None
    if not content.results:
        raise DataError(f"{path} has no results")
    waiting: dict[str, list[Problem]] = {}
    for problem in problems:
        waiting.setdefault(problem.question.strip(), []).append(problem)
    responses: dict[str, tuple[Recorded, ...]] = {}
    for index, raw in enumerate(content.results):
        try:
            result = decode_json(bytes(raw), Result)
            responses[_take(waiting, result).id] = (
                Recorded(response=result.response, extraction=result.extraction, right=result.true_or_false),
            )
        except (Undecodable, LookupError) as error:
            raise DataError(f"{path}, results[{index}]: {error.args[0]}") from None
    return Level(num_ignore=num_ignore, path=path, accuracy=content.accuracy, responses=responses)


def _take(waiting: Mapping[str, list[Problem]], result: Result) -> Problem:
    """The problem of a result, no longer waiting. Raises ``LookupError`` that says why there is none."""
    candidates = waiting.get(result.query.strip())
    if not candidates:
        why = "belongs to no problem" if candidates is None else "occurs more often than there are problems with it"
        raise LookupError(f"its query {why}: {result.query[-60:]!r}")
    for index, problem in enumerate(candidates):
        if problem.gold.strip() == result.answer.strip():
            return candidates.pop(index)
    raise LookupError(f"its answer is {result.answer!r}, but that of problem {candidates[0].id} {candidates[0].gold!r}")


def records_of(
    levels: Sequence[Level], problems: Sequence[Problem], benchmark: Benchmark, count: Callable[[str], int], digest: str
) -> list[Record]:
    """A record for every sample of every problem of the files, in the benchmark's order, its levels in rising order.

    ``count`` counts tokens. Raises ``DataError`` that names a problem which some level lacks or has fewer samples of.
    """
    levels = sorted(levels, key=lambda level: level.num_ignore)
    present = [problem for problem in problems if any(problem.id in level.responses for level in levels)]
    for level in levels:
        absent = [problem.id for problem in present if problem.id not in level.responses]
        if absent:
            more = f" and {len(absent) - 1} more" if absent[1:] else ""
            raise DataError(f"{level.path} has no result for problem {absent[0]}{more}, which other levels have")
    records = []
    for problem in present:
        counts = {len(level.responses[problem.id]) for level in levels}
        if len(counts) > 1:
            raise DataError(
                f"problem {problem.id} has {min(counts)} responses at one level and {max(counts)} at another; import "
                "files with as many for each"
            )
        for sample in range(counts.pop()):
            results = {level.num_ignore: level.responses[problem.id][sample] for level in levels}
            trace, verdicts = judged(problem, results, benchmark, count)
            records.append(
                Record(
                    key=key_of_sample(key_of(problem, digest), sample),
                    id=problem.id,
                    question=problem.question,
                    gold=problem.gold,
                    metadata=problem.metadata,
                    trace=trace,
                    verdicts=verdicts,
                    started=0.0,
                    seconds=0.0,
                    sample=sample,
                )
            )
    return records


def judged(
    problem: Problem, results: Mapping[int, Recorded], benchmark: Benchmark, count: Callable[[str], int]
) -> tuple[Trace, tuple[Verdict, ...]]:
    """The trace of a problem's responses, a chain a level, and our verdicts on its answers."""
    chains: list[tuple[Segment, ...]] = []
    answers: list[Answer] = []
    for level, result in results.items():
        thinking, text, stop = turn_of(result.response)
        chain = (Segment(injected="", text=thinking, tokens=count(thinking), stop=stop),) if thinking else ()
        answers.append(
            Answer(
                level=level,
                chain=len(chains),
                segments=len(chain),
                stop=stop,
                text=text,
                tokens=count(text),
                finish="eos",
            )
        )
        chains.append(chain)
    verdicts = (benchmark.score(problem, answer.text, results[answer.level].extraction) for answer in answers)
    return Trace(chains=tuple(chains), answers=tuple(answers)), tuple(verdicts)


def turn_of(response: str) -> tuple[str, str, StopClass]:
    """The thinking of a recorded turn, its answer, and how the thinking ended.

    Without a mark of thinking all is the answer, and no thinking was left open. Thinking that never ended has no
    answer. That it closed says no more than that the delimiter is there: S1-M writes it itself before it asks.
    """
    thinking, close, answer = response.rpartition(CLOSE)
    if not close and OPEN not in response:
        return "", response, "closed"
    if not close:
        thinking, answer = response, ""
    thinking = thinking.strip().removeprefix(OPEN).strip()
    return thinking, answer.removeprefix(Forcing.answer_cue), "closed" if close else "eos"


def token_counter(tokenizer: str) -> Callable[[str], int]:
    """What counts the tokens of a text: a tokenizer by its folder or Hub id, or an estimate without one.

    Raises ``UsageError`` when the tokenizer cannot be loaded.
    """
    if not tokenizer:
        return TokenCounter()
    if looks_local(tokenizer) and not user_path(tokenizer).exists():
        raise UsageError(f"--tokenizer {tokenizer} cannot be loaded: there is no such folder")
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise UsageError(f"--tokenizer needs {error.name}: pip install 's1m[local]'") from None
    try:
        loaded = AutoTokenizer.from_pretrained(tokenizer, trust_remote_code=False)
    except Exception as error:  # the loader raises many types for a missing or broken folder
        why = str(error).partition("\n")[0]
        raise UsageError(f"--tokenizer {tokenizer} cannot be loaded: {why}") from None
    return lambda text: len(loaded(text, add_special_tokens=False)["input_ids"])
