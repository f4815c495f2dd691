"""A run folder: resolved settings, one line a problem as it lands, and nothing that a crash can spoil.

settings.toml     what the run was asked for; resuming with anything else is refused
records.jsonl     one record a line, appended in one write; a torn last line is owed again
failures.jsonl    what went wrong for whom; such problems stay owed
judgements.jsonl  what a judge made of answers that no rule could read; laid over their verdicts when the run is read
thumbnails/       small PNGs of the problems' pictures, for the report
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from s1m.errors import DataError, UsageError
from s1m.evaluate.settings import NOT_CONTENT, RunSettings, with_origin
from s1m.files.json_lines import append, open_for_append, read_lines
from s1m.files.settings import flat, to_toml
from s1m.judge import RecordJudgement, laid_over
from s1m.types import Problem, Record

T = TypeVar("T", Record, "Failure")

JUDGEMENTS = "judgements.jsonl"

THUMBNAIL_PIXELS = 384


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A problem that could not be done, in a line of ``failures.jsonl``."""

    key: str
    id: str
    error: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run as it stands on disk. ``failed`` counts problems that failed and have no record yet.

    ``judge`` is the model whose judgements are laid over the verdicts, empty without any.
    """

    folder: Path
    settings: Mapping[str, Any]
    records: tuple[Record, ...]
    failed: int
    judge: str = ""

    def thumbnail(self, record: Record) -> bytes | None:
        """A small PNG of the problem's pictures, or None when it has none."""
        path = _thumbnail_path(self.folder, record.key)
        return path.read_bytes() if path.exists() else None


@dataclass
class Standing:
    """How a run stands: problems recorded, and how many of their first and last answers are right."""

    recorded: int = 0
    right_first: int = 0
    right_last: int = 0

    def count(self, record: Record) -> None:
        """Take one more record into account."""
        self.recorded += 1
        self.right_first += record.verdicts[0].correct
        self.right_last += record.verdicts[-1].correct


def load_run(folder: Path) -> Run:
    """The run in a folder. Raises ``UsageError`` when there is none, ``DataError`` when it is damaged."""
    settings = _read_settings(folder)
    if settings is None:
        raise UsageError(f"{folder} is no run folder: it has no settings.toml")
    judgements = list(read_lines(folder / JUDGEMENTS, RecordJudgement))
    records = tuple(laid_over(_read_lines(folder / "records.jsonl", Record), judgements))
    done = {record.key for record in records}
    failures = {failure.key for failure in _read_lines(folder / "failures.jsonl", Failure)}
    judge = judgements[-1].model if judgements else ""
    return Run(folder=folder, settings=settings, records=records, failed=len(failures - done), judge=judge)


def read_records(folder: Path) -> Iterator[Record]:
    """The records of a run as its engine left them, unjudged, one by one. Raises ``DataError`` when one is damaged."""
    return _read_lines(folder / "records.jsonl", Record)


class RunStore:
    """The writing side of a run folder, for one process at a time. Remembers which problems have a record, no more."""

    def __init__(self, settings: RunSettings) -> None:
        """Open or create the settings' run folder.

        Raises ``UsageError`` when it holds a run with other settings, is in use, or cannot be written.
        """
        self.folder = settings.run_folder
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / ".lock").open("w")
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot write to {self.folder}: {getattr(error, 'strerror', error)}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise UsageError(
                f"{self.folder} is in use by another process; wait for it or choose another --out"
            ) from None
        try:
            self._claim(settings)
            self.keys: set[str] = set()
            self.standing = Standing()
            for record in _read_lines(self.folder / "records.jsonl", Record):
                self._remember(record)
            self._records = open_for_append(self.folder / "records.jsonl")
            self._failures = open_for_append(self.folder / "failures.jsonl")
        except Exception:
            self._lock.close()
            raise

    def add(self, record: Record) -> None:
        """Append a record, whole. Raises ``DataError`` when the disk does not take it; then nothing is appended."""
        append(self._records, record)
        self._remember(record)

    def keep_thumbnail(self, key: str, problem: Problem) -> None:
        """Draw the problem's pictures small, for the report. May run in a thread of its own."""
        with contextlib.suppress(Exception):  # a picture that cannot be drawn is missing from the report, no more
            _save_thumbnail(self.folder, key, problem)

    def fail(self, key: str, problem: Problem, error: Exception) -> None:
        """Append a failure; the problem stays owed."""
        append(self._failures, Failure(key=key, id=problem.id, error=str(error)))

    def close(self) -> None:
        """Close the files and give the folder free."""
        for file in (self._records, self._failures, self._lock):
            file.close()

    def _remember(self, record: Record) -> None:
        self.keys.add(record.key)
        self.standing.count(record)

    def _claim(self, settings: RunSettings) -> None:
        found = _read_settings(self.folder)
        records = self.folder / "records.jsonl"
        recorded = records.exists() and records.stat().st_size > 0
        if found is None and recorded:
            raise UsageError(f"{self.folder} has records but no settings.toml; choose another --out")
        if found is not None and "benchmark" not in found:
            raise UsageError(f"{self.folder} holds something else than a run; choose another --out")
        if not recorded:  # nothing would be mixed up: a start that failed must not bind the next
            partial = self.folder / "settings.toml.partial"
            try:
                partial.write_text(to_toml(settings), encoding="utf-8")
                partial.replace(self.folder / "settings.toml")
            except OSError as error:
                raise UsageError(f"cannot write to {self.folder}: {error.strerror}") from None
            return
        assert found is not None
        if found["origin"] != "generated":
            raise UsageError(
                f"{self.folder} holds {found['origin']} results, to which nothing is added; choose another --out"
            )
        wanted = tomllib.loads(to_toml(settings))
        differing = [
            f"{name} ({found.get(name, 'unset')!r} there, {wanted.get(name, 'unset')!r} now)"
            for name in flat(settings)
            if name not in NOT_CONTENT and found.get(name) != wanted.get(name)
        ]
        if differing:
            raise UsageError(
                f"{self.folder} holds a run with other settings: {', '.join(differing)}; "
                "choose another --out, or the same settings to resume it"
            )


def _read_settings(folder: Path) -> dict[str, Any] | None:
    path = folder / "settings.toml"
    try:
        return with_origin(tomllib.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged: {error}") from None


def _read_lines(path: Path, kind: type[T]) -> Iterator[T]:
    """The lines of a file, each key once."""
    seen: set[str] = set()
    for item in read_lines(path, kind, check=_check):
        if item.key not in seen:
            seen.add(item.key)
            yield item


def _check(item: Record | Failure) -> None:
    """Raises ``ValueError`` for what no run writes, whatever its types: readers may rely on the rest."""
    if not re.fullmatch(r"\w{1,64}", item.key):
        raise ValueError("its key is no content hash")
    if isinstance(item, Record):
        answers = item.trace.answers
        if not answers or len(answers) != len(item.verdicts):
            raise ValueError(f"it has {len(answers)} answers and {len(item.verdicts)} verdicts")
        samples = item.trace.samples
        if len(samples) != len(item.sample_verdicts):
            raise ValueError(f"it has {len(samples)} samples and {len(item.sample_verdicts)} verdicts on them")
        if not all(0 <= answer.chain < len(item.trace.chains) for answer in (*answers, *samples)):
            raise ValueError("an answer rests on a chain that is not there")
        if not all(0 <= place < len(samples) for answer in answers for place in answer.chosen_from):
            raise ValueError("an answer was chosen from samples that are not there")


def _thumbnail_path(folder: Path, key: str) -> Path:
    return folder / "thumbnails" / f"{key}.png"


def _save_thumbnail(folder: Path, key: str, problem: Problem) -> None:
    """The problem's pictures side by side, small enough to live in a report."""
    if not problem.images:
        return
    from PIL import Image

    pictures = [Image.open(io.BytesIO(image)).convert("RGB") for image in problem.images]
    sheet = Image.new("RGB", (sum(p.width for p in pictures), max(p.height for p in pictures)), "white")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width
    sheet.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    path = _thumbnail_path(folder, key)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    sheet.save(partial, format="PNG")
    partial.replace(path)
