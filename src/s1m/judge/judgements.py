"""What a judge has said, in a file that only grows: nothing is asked twice, and no file mixes two judges."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from s1m.errors import UsageError
from s1m.files.json_lines import append, open_for_append, read_lines
from s1m.judge.reading import is_asked
from s1m.types import Record, Verdict


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a judge copied out of an answer, None for nothing. ``key`` is a hash of its model and its prompt."""

    key: str
    model: str
    extraction: str | None


@dataclass(frozen=True, kw_only=True)
class RecordJudgement(Judgement):
    """A judgement with the verdict that follows for the answers of a record with this text."""

    record: str
    """The record's key."""
    answer: str
    """The text's hash."""
    verdict: Verdict


class Judgements:
    """The judgements of one model in a file, for one process at a time; ``extractions`` are known by key."""

    def __init__(self, path: Path, model: str) -> None:
        """Open or create the file. Raises ``UsageError`` when it is another model's or cannot be written."""
        self.extractions: dict[str, str | None] = {}
        for judgement in read_lines(path, Judgement):
            if judgement.model != model:
                raise UsageError(
                    f"{path} holds judgements of {judgement.model}, and {model} would be a second judge: ask "
                    f"{judgement.model}, or move the file away to judge everything anew"
                )
            self.extractions[judgement.key] = judgement.extraction
        try:
            self._file = open_for_append(path)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from None

    def add(self, judgement: Judgement) -> None:
        """Append a judgement. Raises ``DataError`` when the disk does not take it."""
        append(self._file, judgement)
        self.extractions[judgement.key] = judgement.extraction

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def content_key(model: str, prompt: str) -> str:
    """The hash that names what a model is asked: 16 hexadecimal digits."""
    return hashlib.sha256(msgspec.json.encode([model, prompt])).hexdigest()[:16]


def text_hash(text: str) -> str:
    """A hash of an answer's text: 16 hexadecimal digits."""
    # A reply may hold half of a surrogate pair, as JSON allows, which plain UTF-8 refuses.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def laid_over(records: Iterable[Record], judgements: Iterable[RecordJudgement]) -> Iterator[Record]:
    """The records, with a judge's verdict wherever it was asked and there is one."""
    verdicts = {(judgement.record, judgement.answer): judgement.verdict for judgement in judgements}

    def verdict_on(record: Record, text: str, verdict: Verdict) -> Verdict:
        return verdicts.get((record.key, text_hash(text)), verdict) if is_asked(verdict, text) else verdict

    for record in records:
        if not verdicts:
            yield record
            continue
        answered = zip(record.trace.answers, record.verdicts, strict=True)
        yield replace(record, verdicts=tuple(verdict_on(record, answer.text, verdict) for answer, verdict in answered))
