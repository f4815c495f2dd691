"""``s1m export``: a run as a file of another format, which never replaces a file that is there."""

from __future__ import annotations

from pathlib import Path

from s1m.analysis.export.answers import answers_of, levels_of, rows_of
from s1m.analysis.export.inspect_log import as_inspect
from s1m.analysis.export.lmms_eval import as_lmms_eval
from s1m.analysis.export.tables import as_csv, as_parquet
from s1m.errors import UsageError
from s1m.evaluate.store import Run, load_run
from s1m.files.printing import Printer
from s1m.files.writing import Kind, check_output, is_same, replace_file

ENDINGS = {"csv": ".csv", "parquet": ".parquet", "lmms-eval": ".jsonl", "inspect": ".eval"}
"""The formats, and how the name of a file ends where none is given."""
LOG_ENDINGS = (".eval", ".json")


def export(folder: Path, to: str, *, out: str, level: int | None) -> int:
    """Write the run in ``folder`` as ``to`` says, to ``out`` or a name of its own here; the exit code.

    Tables have all levels unless one is given, the formats of harnesses one: the last unless another is given. Raises
    ``UsageError`` for a file that exists, a level that the run has not, and a package that is not installed.
    """
    path = Path(out) if out else Path(folder.resolve().name + ENDINGS[to])
    if to == "inspect" and path.suffix not in LOG_ENDINGS:
        raise UsageError(f"inspect view opens .eval and .json, not {path.name}; choose another --out")
    check_output(path, Kind("file of answers", lambda _: True))
    if path.is_file() and path.stat().st_size:
        raise UsageError(f"{path} exists; remove it or choose another --out")
    if is_same(path.parent, folder):
        raise UsageError(f"{path} would stand in the run folder; choose another --out")
    run = load_run(folder)
    content, count = _content(run, to, level, path)
    replace_file(path, content)
    Printer(stderr=True).print(f"{count:,} answers of {folder}: {path}", soft_wrap=True)
    return 0


def _content(run: Run, to: str, level: int | None, path: Path) -> tuple[bytes, int]:
    """The file, and how many answers are in it."""
    if to in ("csv", "parquet"):
        answers = answers_of(run, level)
        rows = rows_of(run, answers)
        return (as_csv(rows) if to == "csv" else as_parquet(rows)), len(answers)
    answers = answers_of(run, levels_of(run)[-1] if level is None else level)
    if to == "lmms-eval":
        return as_lmms_eval(answers), len(answers)
    return as_inspect(run, answers, "json" if path.suffix == ".json" else "eval"), len(answers)
