"""One HTML file that shows a whole run, opens anywhere and loads nothing from the network.

Model text is untrusted. Jinja escapes everything; single problems are embedded as JSON that cannot end its script
block, and the page's script sets them as text, and formulas as elements of MathML. A content security policy allows the
page's own script by its hash and nothing else, so that even a mistake here would run no foreign code.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from s1m.analysis.display.page import environment, inline_svgs, settings_rows
from s1m.analysis.display.typeset import LONG
from s1m.analysis.run import sentences
from s1m.analysis.run.drawable import run_labels
from s1m.analysis.run.grid import STOPS
from s1m.analysis.run.plots import scaling_panels
from s1m.analysis.run.samples_plot import against_samples, has_samples
from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import Summary
from s1m.analysis.run.tokens_plot import accuracy_against_tokens
from s1m.analysis.run.viewer import MAX_FORMULAS, viewer_data
from s1m.errors import UsageError
from s1m.files.writing import replace_file

if TYPE_CHECKING:
    from s1m.evaluate.store import Run

TEMPLATE = "report.html.jinja"

FILTERS = (
    sentences.gain_text,
    sentences.groups_text,
    sentences.headline,
    sentences.failed_sentence,
    sentences.strategy_text,
    sentences.judge_note,
    sentences.model_name,
    sentences.money_sentence,
    sentences.latency_sentence,
    sentences.problems_text,
    sentences.samples_sentence,
    sentences.biases_sentence,
)
"""The sentences that the template uses."""


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
        environment(*FILTERS)
        .get_template(TEMPLATE)
        .render(
            title=title(summaries),
            runs=[
                {"label": label, "summary": summary, "number": number}
                for number, (label, summary) in enumerate(zip(labels, summaries, strict=True))
            ],
            stops=STOPS,
            settings=settings_rows([run.settings for run in runs]),
            scaling_svg=inline_svgs(partial(scaling_panels, summaries), "scaling") if drawn else None,
            samples_svg=inline_svgs(partial(against_samples, summaries), "samples") if has_samples(summaries) else None,
            tokens_svg=inline_svgs(partial(accuracy_against_tokens, summaries), "tokens") if drawn else None,
            viewer=[
                viewer_data(run, label, MAX_FORMULAS // len(runs)) for run, label in zip(runs, labels, strict=True)
            ],
            long_formula=LONG,
        )
    )


def title(summaries: Sequence[Summary]) -> str:
    """Benchmark and model of one run, or how many runs the page compares."""
    if len(summaries) == 1:
        return f"{summaries[0].benchmark} · {sentences.model_name(summaries[0])}"
    benchmarks = sorted({summary.benchmark for summary in summaries})
    return f"{', '.join(benchmarks)} · {len(summaries)} runs compared"
