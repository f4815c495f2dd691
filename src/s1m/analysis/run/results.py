"""What a verb writes at the end of a run: summary, figures and report; and the report of several runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from s1m.analysis.run.plots import save_figures
from s1m.analysis.run.report import write_report
from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import summary_json
from s1m.analysis.run.table import print_table
from s1m.errors import DataError
from s1m.evaluate.store import Run, load_run
from s1m.files.printing import Printer, print_json
from s1m.files.writing import PAGE, check_output, replace_file

SEVERAL = "compare.html"
"""The page of several runs, in the current folder, because it belongs to none of them."""


def write_results(run: Run) -> None:
    """Write summary, figures and report into the run folder, and print the table."""
    console = Printer(soft_wrap=False)
    summary = summarize(run)
    try:
        replace_file(run.folder / "summary.json", json.dumps(summary_json(summary), indent=2) + "\n")
        save_figures([summary], run.folder / "figures")
        write_report([run], run.folder / "report.html")
    except OSError as error:
        raise DataError(f"cannot write to {run.folder}: {error.strerror}; every record is kept") from None
    print_table(summary, console)
    console.print(f"report: {run.folder / 'report.html'}", soft_wrap=True)


def draw_report(folders: Sequence[Path], out: str, *, as_json: bool) -> int:
    """``s1m report``: one page from one run or several; the exit code.

    Raises ``UsageError`` for a page that would replace another file than a page.
    """
    path = Path(out) if out else (folders[0] / "report.html" if len(folders) == 1 else Path(SEVERAL))
    check_output(path, PAGE)
    runs = [load_run(folder) for folder in folders]
    summaries = [summarize(run) for run in runs]
    console = Printer(stderr=as_json, soft_wrap=False)  # so that the JSON stands alone on standard output
    for summary in summaries:
        print_table(summary, console)
    if as_json:
        print_json([summary_json(summary) for summary in summaries])
    write_report(runs, path)
    console.print(f"report: {path}", soft_wrap=True)
    return 0
