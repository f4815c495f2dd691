"""``s1m export``: a run as a file of another format, or as folders for the Hub; neither replaces what is there."""

from __future__ import annotations

from pathlib import Path

from s1m.analysis.export.answers import answers_of, levels_of, rows_of
from s1m.analysis.export.hub import MODEL, RESULTS, task_of, write_hub
from s1m.analysis.export.inspect_log import as_inspect
from s1m.analysis.export.lmms_eval import as_lmms_eval
from s1m.analysis.export.tables import as_csv, as_parquet
from s1m.analysis.export.upload import check_repositories, push
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


def export_to_hub(folder: Path, *, out: str, level: int | None, repo_id: str = "", model_repo_id: str = "") -> int:
    """Write the run in ``folder`` as folders for the Hub, and push them where a repository is named; the exit code.

    Raises ``UsageError`` for a folder that is not empty, a level that the run has not, and no name of a repository;
    ``DataError`` where the Hub does not take it.
    """
    check_repositories(repo_id, model_repo_id)
    path = Path(out or f"{folder.resolve().name}-hub").expanduser()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path} exists and is not an empty folder; choose another --out")
    if path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{path} would stand in the run folder; choose another --out")
    run = load_run(folder)
    count = write_hub(run, path, level)
    console = Printer(stderr=True)
    console.print(f"{count:,} answers of {folder}: {path}", soft_wrap=True)
    has_results = (path / MODEL / RESULTS).is_dir()
    if not has_results:
        console.print(f"{run.settings.get('benchmark')} is not a dataset of the Hub: it gets no .eval_results")
    elif not task_of(run):
        console.print("task_id is default: check it in the eval.yaml of the benchmark's dataset", soft_wrap=True)
    if model_repo_id and not has_results:
        raise UsageError("--model-repo-id pushes .eval_results, and there is none; leave it out")
    for line in push(path, repo_id, model_repo_id) if repo_id or model_repo_id else ():
        console.print(line, soft_wrap=True, markup=False)
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
