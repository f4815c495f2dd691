"""What a verb writes at the end of a run: summary, figures and report; and the report of several runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from s1m.analysis.run.plots import save_figures
from s1m.analysis.run.report import write_report
from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import summary_json
from s1m.analysis.run.table import print_table
from s1m.errors import DataError, UsageError
from s1m.evaluate.store import Run, load_run


def write_results(run: Run) -> None:
    """Write summary, figures and report into the run folder, and print the table."""
    console = Console()
    summary = summarize(run)
    try:
        _write_json(run.folder / "summary.json", summary_json(summary))
        save_figures([summary], run.folder / "figures")
        write_report([run], run.folder / "report.html")
    except OSError as error:
        raise DataError(f"cannot write to {run.folder}: {error.strerror}; every record is kept") from None
    print_table(summary, console)
    console.print(f"report: {run.folder / 'report.html'}", highlight=False, soft_wrap=True)


def draw_report(folders: Sequence[Path], out: str, *, as_json: bool) -> int:
    """``s1m report``: one page from one run or several; the exit code."""
    runs = [load_run(folder) for folder in folders]
    summaries = [summarize(run) for run in runs]
    console = Console(stderr=as_json)  # so that the JSON stands alone on standard output
    for summary in summaries:
        print_table(summary, console)
    if as_json:
        print(json.dumps([summary_json(summary) for summary in summaries], indent=2))
    path = Path(out) if out else folders[0] / "report.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_report(runs, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    console.print(f"report: {path}", highlight=False, soft_wrap=True)
    return 0


def _write_json(path: Path, value: object) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
