"""What a run means: numbers, tables, figures and one HTML page, all drawn from its records alone.

    summary = summarize(load_run(folder))
    print_table(summary)
    save_figures([summary], folder / "figures")
    write_report([run], folder / "report.html")

Importing this package is cheap: numpy, matplotlib, jinja2 and rich are imported by the functions that need them.
"""

from s1m.analysis.run.measure import summarize
from s1m.analysis.run.plots import accuracy_against_tokens, four_panels, save_figures
from s1m.analysis.run.report import write_report
from s1m.analysis.run.summary import LevelSummary, StopShares, Summary, SweepMetrics, summary_json
from s1m.analysis.run.table import print_table
from s1m.analysis.statistics.intervals import Interval

__all__ = [
    "Interval",
    "LevelSummary",
    "StopShares",
    "Summary",
    "SweepMetrics",
    "accuracy_against_tokens",
    "four_panels",
    "print_table",
    "save_figures",
    "summarize",
    "summary_json",
    "write_report",
]
