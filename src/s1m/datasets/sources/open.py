"""The rows of a source: of a local file, a folder of files, or a dataset of the Hub."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from s1m.benchmarks.reading.files import SHARD
from s1m.datasets.source import Source
from s1m.datasets.sources.rows import Files, LineRows, Rows, TableRows
from s1m.errors import DataError, UsageError
from s1m.files.paths import looks_local, user_path

LINES = (".jsonl", ".json")
KINDS = (".parquet", *LINES)
HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
INSTALL = "pip install 's1m[train]'"


def open_rows(source: Source) -> Rows:
    """All rows of a source.

    Raises ``UsageError`` for a path that does not exist, ``DataError`` that names the file which cannot be read.
    """
    paths = files_of(source)
    return TableRows(from_hub(source), source.path) if paths is None else _from_files(paths, source.path)


def files_of(source: Source) -> tuple[Path, ...] | None:
    """The files of a source, all of one kind; None for a dataset of the Hub. Raises as ``open_rows`` does."""
    path = user_path(source.path)
    if path.is_dir():
        return _in_folder(path, source.split)
    if path.is_file():
        if path.suffix not in KINDS:
            kinds = f"a source is a {', '.join(KINDS)} file, a folder of them, or a Hub id"
            hint = (
                f"; pandas.read_csv({path.name!r}).to_parquet('new.parquet') makes one" if path.suffix == ".csv" else ""
            )
            raise UsageError(f"{path} is not a data file: {kinds}{hint}")
        return (path,)
    if looks_local(source.path) or not HUB_ID.fullmatch(source.path):
        raise UsageError(f"there is no file or folder {source.path}; check the path, or name a dataset of the Hub")
    return None


def _from_files(paths: Sequence[Path], name: str) -> Rows:
    if paths[0].suffix in LINES:
        return LineRows(paths)
    datasets = _datasets()
    starts = _starts(paths)
    try:
        dataset = datasets.load_dataset("parquet", data_files=[str(path) for path in paths], split="train")
    except (datasets.exceptions.DatasetGenerationError, OSError, ValueError) as error:
        raise DataError(_culprit(paths) or f"cannot read {name}: {reason_of(error.__cause__ or error)}") from None
    return TableRows(dataset, name, Files(paths=paths, starts=starts))


def _in_folder(folder: Path, split: str) -> tuple[Path, ...]:
    """The files of a split, if some are named for it, else all files."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in KINDS and path.is_file())
    # train-00000-of-00002.parquet and train/a.parquet are of the split train
    files = [p for p in files if re.split(r"[-.]", p.name)[0] == split or p.parent.name == split] or files
    tables = tuple(path for path in files if path.suffix == ".parquet")
    if tables:  # JSON files beside parquet files describe them
        _check_complete(tables)
        return tables
    lines = tuple(path for path in files if path.suffix == ".jsonl")
    if not lines:
        raise DataError(f"{folder} has no .parquet and no .jsonl files{_saved_by_datasets(folder, split)}")
    return lines


def _saved_by_datasets(folder: Path, split: str) -> str:
    """How to make parquet of a folder that ``save_to_disk`` of the package datasets wrote; nothing for another."""
    has_splits = (folder / "dataset_dict.json").is_file()
    if not has_splits and not (folder / "dataset_info.json").is_file():
        return ""
    part = f"[{split!r}]" if has_splits else ""
    return f"; save_to_disk wrote it: datasets.load_from_disk({str(folder)!r}){part}.to_parquet('new.parquet')"


def _check_complete(paths: Sequence[Path]) -> None:
    """Raise ``DataError`` for a dataset of which shards are missing."""
    there = {path.name for path in paths}
    for path in paths:
        match = SHARD.fullmatch(path.name)
        if (
            match
            and match["count"]
            and sum(name.startswith(f"{match['stem']}-") for name in there) < int(match["count"])
        ):
            raise DataError(f"{path.parent} should have {match['count']} shards of {match['stem']}; some are missing")


def _starts(paths: Sequence[Path]) -> list[int]:
    """Number of the first row of each parquet file. Raises ``DataError`` for a file that has other columns."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    starts, count, columns = [], 0, None
    for path in paths:
        try:
            file = ParquetFile(path)
        except (OSError, ArrowException) as error:
            raise DataError(f"cannot read {path}: {reason_of(error)}") from None
        names = sorted(file.schema_arrow.names)
        columns = columns or names
        if names != columns:
            there = f"{path} has the columns {', '.join(names)}, {paths[0].name} has {', '.join(columns)}"
            raise DataError(f"{there}: give them as sources of their own")
        starts.append(count)
        count += file.metadata.num_rows
    return starts


def _culprit(paths: Sequence[Path]) -> str:
    """Which file cannot be read to its end, and why; nothing when all can."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    for path in paths:
        try:
            for _ in ParquetFile(path).iter_batches(64):
                pass
        except (OSError, ArrowException) as error:
            return f"cannot read {path}: {reason_of(error)}"
    return ""


def from_hub(source: Source, *, streaming: bool = False) -> Any:
    """A dataset of the Hub, downloaded, or streamed from there."""
    datasets = _datasets()
    try:
        return datasets.load_dataset(source.path, split=source.split, streaming=streaming)
    except Exception as error:  # the Hub, its client and datasets of other kinds raise many errors, reported alike
        raise DataError(
            f"cannot load {source.path} from the Hub ({reason_of(error)}); download it where there is a network "
            f"(hf download --repo-type dataset {source.path} --local-dir FOLDER) and give path = FOLDER"
        ) from None


def _datasets() -> Any:
    try:
        import datasets
    except ImportError as error:
        raise DataError(f"training data needs {error.name}: {INSTALL}") from None
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)  # our own errors report what goes wrong
    logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)  # it warns of every attempt
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    return datasets


def reason_of(error: BaseException) -> str:
    """What an error of a library says, in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
