"""A run folder: resolved settings, one line a problem as it is recorded, and nothing that a crash can spoil.

settings.toml     the resolved settings, resumed with no others; [[provenance]]: what the run was done with
records.jsonl     one record a line, appended in one write; a torn last line is pending again
failures.jsonl    what went wrong with which problem; such problems stay pending
judgements.jsonl  what a judge made of answers that no rule could read; laid over their verdicts when the run is read
thumbnails/       small PNGs of the problems' pictures, for the report
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from s1m.errors import DataError, UsageError
from s1m.evaluate.settings import NOT_CONTENT, RunSettings, with_origin
from s1m.files import run_folder
from s1m.files.images import side_by_side
from s1m.files.json_lines import append, open_for_append, read_lines
from s1m.files.settings import to_toml
from s1m.files.writing import replace_file
from s1m.judge import RecordJudgement, laid_over
from s1m.types import Problem, Record

T = TypeVar("T", Record, "Failure")

LATER_FIELDS: Mapping[str, Any] = {"usage": None, "cost": None, "first_token": None, "sample": 0}
"""Fields of a record that earlier versions did not have, and what they are where nothing is to be said."""

JUDGEMENTS = "judgements.jsonl"

THUMBNAIL_PIXELS = 384
"""Of the longer side: on a page, 300 problems with their pictures stay within a few megabytes."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A problem that could not be done, in a line of ``failures.jsonl``."""

    key: str
    id: str
    error: str
    kind: str = ""
    """Its class in a word or two, such as "content filter"; empty in runs of earlier versions."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run as it stands on disk. ``failed`` counts problems that failed and have no record yet.

    ``judge`` is the model whose judgements are laid over the verdicts, empty without any.
    """

    folder: Path
    settings: Mapping[str, Any]
    records: tuple[Record, ...]
    failed: int
    failures: Mapping[str, int] = field(default_factory=dict)
    """The failed problems by the class of their last failure."""
    judge: str = ""
    provenance: tuple[Mapping[str, Any], ...] = ()
    """What it was run with, an entry for every start that differed; empty in folders that are older than that."""

    def thumbnail(self, record: Record) -> bytes | None:
        """A small PNG of the problem's pictures, or None when it has none."""
        path = _thumbnail_path(self.folder, record.key)
        return path.read_bytes() if path.exists() else None

    def to_pandas(self) -> Any:
        """The run as a ``pandas.DataFrame`` with one row an answer, as ``s1m.evaluate.rows`` describes them.

        Raises ``UsageError`` where pandas is not installed.
        """
        from s1m.evaluate.rows import data_frame

        return data_frame(self)

    def plot(self) -> Any:
        """The panels of the run's report as a ``matplotlib.figure.Figure``, which a notebook shows as it is."""
        # By name: figures are drawn in a room above this one, which reads runs.
        return import_module("s1m.analysis.run.notebook").run_figure(self)


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


def load_run(folder: Path | str) -> Run:
    """The run in a folder. Raises ``UsageError`` when there is none, ``DataError`` when it is damaged."""
    folder = Path(folder).expanduser()
    settings = run_folder.read_settings(folder)
    if settings is None:
        raise UsageError(f"{folder} is not a run folder: it has no settings.toml")
    provenance = tuple(settings.pop(run_folder.PROVENANCE, ()))
    judgements = list(read_lines(folder / JUDGEMENTS, RecordJudgement))
    records = tuple(laid_over(_read_lines(folder / "records.jsonl", Record), judgements))
    done = {record.key for record in records}
    failures = {
        line.key: line.kind or "failed" for line in read_lines(folder / "failures.jsonl", Failure, check=_check)
    }
    failures = {key: kind for key, kind in failures.items() if key not in done}
    judge = judgements[-1].model if judgements else ""
    return Run(
        folder=folder,
        settings=with_origin(settings),
        records=records,
        failed=len(failures),
        failures=Counter(failures.values()),
        judge=judge,
        provenance=provenance,
    )


def recorded_settings(folder: Path) -> Mapping[str, Any]:
    """The settings of a run that has records; empty for a folder without any."""
    records = folder / "records.jsonl"
    if not records.exists() or not records.stat().st_size:
        return {}
    return run_folder.read_settings(folder) or {}


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
        self._settings = to_toml(settings)
        with contextlib.ExitStack() as stack:
            stack.enter_context(run_folder.held(self.folder))
            self._claim()
            self.keys: set[str] = set()
            self.standing = Standing()
            for record in _read_lines(self.folder / "records.jsonl", Record):
                self._remember(record)
            self._records = stack.enter_context(open_for_append(self.folder / "records.jsonl"))
            self._failures = stack.enter_context(open_for_append(self.folder / "failures.jsonl"))
            self._open = stack.pop_all()

    @property
    def provenance(self) -> list[Mapping[str, Any]]:
        """What the run was done with so far, an entry for every start that differed."""
        return list((run_folder.read_settings(self.folder) or {}).get(run_folder.PROVENANCE, ()))

    def add_provenance(self, entry: Mapping[str, Any]) -> None:
        """Keep what the run is done with from now on. Raises ``DataError`` when the disk does not take it."""
        present = (
            (self.folder / run_folder.SETTINGS).read_text(encoding="utf-8").partition(run_folder.PROVENANCE_MARK)[0]
        )
        replace_file(self.folder / run_folder.SETTINGS, run_folder.with_provenance(present, [*self.provenance, entry]))

    def add(self, record: Record) -> None:
        """Append a record, whole. Raises ``DataError`` when the disk does not take it; then nothing is appended."""
        append(self._records, as_line(record))
        self._remember(record)

    def keep_thumbnail(self, key: str, problem: Problem) -> None:
        """Draw the problem's pictures small, for the report. May run in a thread of its own."""
        with contextlib.suppress(DataError):  # a picture that cannot be drawn is missing from the report, no more
            _save_thumbnail(self.folder, key, problem)

    def fail(self, key: str, problem: Problem, error: Exception) -> None:
        """Append a failure; the problem stays pending."""
        append(self._failures, Failure(key=key, id=problem.id, error=str(error), kind=getattr(error, "kind", "")))

    def close(self) -> None:
        """Close the files and release the folder."""
        self._open.close()

    def _remember(self, record: Record) -> None:
        self.keys.add(record.key)
        self.standing.count(record)

    def _claim(self) -> None:
        present = run_folder.read_settings(self.folder)
        records = self.folder / "records.jsonl"
        recorded = records.exists() and records.stat().st_size > 0
        if present is None and recorded:
            raise UsageError(f"{self.folder} has records but no settings.toml; choose another --out")
        if present is not None and "benchmark" not in present:
            raise UsageError(f"{self.folder} holds something else than a run; choose another --out")
        origin = with_origin(present or {})["origin"]
        if recorded and origin != "generated":
            raise UsageError(f"{self.folder} holds {origin} results, to which nothing is added; choose another --out")
        # Without a record nothing would be mixed up: a start that failed must not bind the next. Runs of earlier
        # versions do not name an origin.
        loose = frozenset((*NOT_CONTENT, "origin"))
        run_folder.claim(self.folder, self._settings, loose=loose, work="run", binding=recorded, keep=recorded)


def as_line(record: Record) -> dict[str, Any]:
    """A record without the fields that earlier versions did not write, where they have nothing to say.

    So a run of an earlier version is resumed to the very lines that it would have written.
    """
    line: dict[str, Any] = msgspec.to_builtins(record)
    for chain in line["trace"]["chains"]:
        for segment in chain:
            if not segment["loops"]:
                del segment["loops"]
    return {name: value for name, value in line.items() if name not in LATER_FIELDS or value != LATER_FIELDS[name]}


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
        raise ValueError("its key is not a content hash")
    if isinstance(item, Record):
        answers = item.trace.answers
        if not answers or len(answers) != len(item.verdicts):
            raise ValueError(f"it has {len(answers)} answers and {len(item.verdicts)} verdicts")
        samples = item.trace.samples
        if len(samples) != len(item.sample_verdicts):
            raise ValueError(f"it has {len(samples)} samples and {len(item.sample_verdicts)} verdicts on them")
        if not all(0 <= answer.chain < len(item.trace.chains) for answer in (*answers, *samples)):
            raise ValueError("an answer refers to a chain that does not exist")
        if not all(0 <= index < len(samples) for answer in answers for index in answer.chosen_from):
            raise ValueError("an answer was chosen from samples that do not exist")


def _thumbnail_path(folder: Path, key: str) -> Path:
    return folder / "thumbnails" / f"{key}.png"


def _save_thumbnail(folder: Path, key: str, problem: Problem) -> None:
    """The problem's pictures side by side, small enough to live in a report."""
    if problem.images:
        replace_file(_thumbnail_path(folder, key), side_by_side(problem.images, THUMBNAIL_PIXELS))
