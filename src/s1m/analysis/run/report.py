"""One HTML file that shows a run whole, opens anywhere and asks the network for nothing.

Model text is untrusted. Jinja escapes all that it writes; single problems travel as JSON that cannot end its script
block, and the page writes them as text only. A content security policy allows the page's own script by its hash and
nothing else, so even a mistake here would run no foreign code.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s1m.analysis.run import wording
from s1m.analysis.run.measure import STOPS, summarize
from s1m.analysis.run.page import environment, inline_svg, settings_rows
from s1m.analysis.run.plots import accuracy_against_tokens, four_panels, run_labels
from s1m.analysis.run.summary import Summary
from s1m.analysis.run.viewer import viewer_data
from s1m.errors import UsageError
from s1m.files.writing import replace_file

if TYPE_CHECKING:
    from s1m.evaluate.store import Run

TEMPLATE = "report.html.jinja"


def write_report(runs: Sequence[Run], path: Path) -> Path:
    """Write the page of one run, or of several side by side, to ``path`` and return it.

    Raises ``UsageError`` without runs and ``DataError`` when the records of a run do not fit together.
    """
    if not runs:
        raise UsageError("a report needs at least one run folder")
    replace_file(path, render_report(runs))
    return path


def render_report(runs: Sequence[Run]) -> str:
    """The page as HTML text."""
    summaries = [summarize(run) for run in runs]
    labels = run_labels(summaries)
    drawn = any(summary.levels for summary in summaries)
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            title=title(summaries),
            runs=[
                {"label": label, "summary": summary, "position": position}
                for position, (label, summary) in enumerate(zip(labels, summaries, strict=True))
            ],
            stops=STOPS,
            settings=settings_rows(runs),
            scaling_svg=inline_svg(four_panels(summaries), "scaling") if drawn else None,
            tokens_svg=inline_svg(accuracy_against_tokens(summaries), "tokens") if drawn else None,
            viewer=[viewer_data(run, label) for run, label in zip(runs, labels, strict=True)],
        )
    )


def title(summaries: Sequence[Summary]) -> str:
    """What the page is about: benchmark and model of one run, or how many runs it compares."""
    if len(summaries) == 1:
        return f"{summaries[0].benchmark} · {wording.model_name(summaries[0])}"
    benchmarks = sorted({summary.benchmark for summary in summaries})
    return f"{', '.join(benchmarks)} · {len(summaries)} runs compared"
