"""Does curation help? One model is trained on all of a teacher's traces, one on the curated part.

The teacher is the bundled model at a temperature at which it makes mistakes. The pool has every segment of every chain
with the answer after it, right or wrong. `s1m data curate` keeps what is right, of each question the longest traces, at
most four. Both students start from the bundled model and see the same number of tokens in the same number of steps.
`python perf/curation.py`, about half an hour on two cores. `python perf/curation.py --draw` draws the figure again,
from the kept table.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keep import RESULTS, keep

from s1m.analysis.display.style import WIDE_INCHES, colour, house_style, look, percent_axis
from s1m.analysis.display.words import add_legend, add_note, lay_out, set_title
from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import LevelSummary
from s1m.analysis.statistics.intervals import mcnemar_p, wilson_interval
from s1m.benchmarks import find_benchmark
from s1m.data.distill.harvest import said
from s1m.data.shards import write_shards
from s1m.data.trace_row import TraceRow
from s1m.evaluate.store import load_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PROBLEMS, SAMPLES, TEMPERATURE = 400, 4, 1.5
HELD_OUT = 256
STEPS = 150
ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "src" / "s1m" / "assets" / "digits.toml"
CURATE = """
out = "{out}"
tokenizer = "bundled"
filters = ["thinking", "loops", "language", "leaks", "answer", "duplicates"]
verified = true
per_question = 4
[[data]]
path = "{pool}"
"""
TRAIN = """
model = "bundled"
max_tokens = 1024
pack_tokens = 8192
max_steps = {steps}
epochs = 100
learning_rate = 1e-3
gradient_checkpointing = false
workers = 0
precision = "fp32"
save_every = 10000
[[data]]
path = "{data}"
"""


def s1m(*arguments: str) -> None:
    """An s1m command; its output is shown."""
    subprocess.run([sys.executable, "-m", "s1m.cli", *arguments], check=True)


def pool(run: Path) -> Iterator[TraceRow]:
    """All of the teacher's traces, as rows."""
    problems = {
        problem.id: problem for problem in find_benchmark("digits").load(split="train", limit=PROBLEMS, data=None)
    }
    for record in load_run(run).records:
        problem = problems[record.id]
        for answer in record.trace.samples:
            if answer.same_as is not None:
                continue
            thinking = said(record.trace.chains[answer.chain][: answer.segments])
            response = f"<think>\n{thinking}</think>\nFinal answer: {answer.text.strip()}"
            origin = {"answer": problem.gold, "answer_type": "integer", "domain": record.metadata["kind"]}
            origin |= {"source": "digits", "problem": record.id}
            row = TraceRow(prompt=problem.question, response=response, images=problem.images, origin=origin)
            yield replace(row, origin={**origin, "id": row.id})


def student(name: str, data: Path, folder: Path) -> Path:
    """The run of a model that was trained on ``data``."""
    config = folder / f"{name}.toml"
    config.write_text(TRAIN.format(steps=STEPS, data=data), encoding="utf-8")
    s1m("train", str(config), "--out", str(folder / name / "trained"))
    return sweep(name, str(folder / name / "trained" / "model"), folder)


def sweep(name: str, model: str, folder: Path) -> Path:
    """The run of a model on held-out problems."""
    out = folder / "runs" / name
    s1m("eval", "digits", "--config", str(CONFIG), "--model", model, "--limit", str(HELD_OUT), "--out", str(out))
    return out


def line(name: str, levels: tuple[LevelSummary, ...]) -> list[tuple[object, ...]]:
    """The rows of the table for one model."""
    return [
        (name, "accuracy, %", *(f"{100 * level.accuracy:.1f}" for level in levels)),
        (name, "thinking tokens", *(f"{level.thinking_tokens_mean:.0f}" for level in levels)),
    ]


def main() -> None:
    """Distil, curate, train twice, sweep three times."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        teacher = folder / "teacher"
        flags = ["--config", str(CONFIG), "--temperature", str(TEMPERATURE), "--num-ignore", "0-7"]
        flags += ["--samples", str(SAMPLES), "--limit", str(PROBLEMS), "--out", str(teacher)]
        s1m("data", "distill", "digits", *flags)
        everything = folder / "everything"
        write_shards(pool(teacher), everything, several_images=False)
        (folder / "curate.toml").write_text(CURATE.format(out=folder / "curated", pool=everything), encoding="utf-8")
        s1m("data", "curate", str(folder / "curate.toml"))
        s1m(
            "data",
            "stats",
            str(everything),
            str(folder / "curated" / "data"),
            "--tokenizer",
            "bundled",
            "--out",
            str(folder),
        )
        runs = [
            sweep("bundled", "bundled", folder),
            student("everything", everything, folder),
            student("curated", folder / "curated" / "data", folder),
        ]
        summaries = [summarize(load_run(run)) for run in runs]
        funnel = json.loads((folder / "curated" / "funnel.json").read_text(encoding="utf-8"))
        sources = json.loads((folder / "stats.json").read_text(encoding="utf-8"))["sources"]
        rows = [row for run, summary in zip(runs, summaries, strict=True) for row in line(run.name, summary.levels)]
        keep_table(rows, summaries[0].levels, funnel, sources, paired(runs[1], runs[2]))
    save()


def save() -> None:
    """Draw the figure of the docs from the kept table."""
    drawn(kept()).savefig(ROOT / "docs" / "images" / "curation.png", dpi=110, format="png")


def kept() -> dict[str, list[float]]:
    """The accuracies in the kept table, by model."""
    lines = (RESULTS / "curation.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in each.strip("|").split("|")] for each in lines if "| accuracy, % |" in each]
    return {name: [float(cell) / 100 for cell in values] for name, _, *values in cells}


def drawn(accuracies: dict[str, list[float]]) -> Figure:
    """Accuracy by ignored stops, a line for each model."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    with house_style():
        figure = Figure(figsize=(WIDE_INCHES, 4.2), layout="constrained")
        axes = figure.subplots()
        for number, values in enumerate(accuracies.values()):
            intervals = [wilson_interval(round(value * HELD_OUT), HELD_OUT) for value in values]
            low, high = [each.low for each in intervals], [each.high for each in intervals]
            axes.fill_between(range(len(values)), low, high, color=colour(number), alpha=0.14, linewidth=0)
            axes.plot(range(len(values)), values, **look(number), clip_on=False)
        axes.set_xlabel("ignored stops")
        percent_axis(axes)
        set_title(axes, "Accuracy, with 95 % interval", WIDE_INCHES)
        add_legend(figure, [Line2D([], [], **look(number)) for number in range(len(accuracies))], list(accuracies))
        add_note(figure, [f"digits · {HELD_OUT} held-out problems · all three think for the same number of tokens"])
        lay_out(figure)
    return figure


def paired(former: Path, other: Path) -> str:
    """How two runs differ at the last level, paired by problem."""
    right = [{record.id: record.verdicts[-1].correct for record in load_run(run).records} for run in (former, other)]
    gained = sum(right[1][problem] and not right[0][problem] for problem in right[0])
    lost = sum(right[0][problem] and not right[1][problem] for problem in right[0])
    return (
        f"At level 7 the {other.name} student has {gained} problems right that the other has wrong, and {lost} wrong "
        f"that it has right: p = {mcnemar_p(gained, lost):.3f} (McNemar, exact)."
    )


def keep_table(
    rows: list[tuple[object, ...]],
    levels: tuple[LevelSummary, ...],
    funnel: dict[str, Any],
    sources: list[dict[str, Any]],
    test: str,
) -> None:
    """Print and keep the table."""
    left_out = ", ".join(
        f"{stage['name']} {sum(stage['reasons'].values()):,}" for stage in funnel["stages"] if stage["reasons"]
    )
    sizes = [f"{each['rows']:,} of {each['mean']:.0f} tokens on average" for each in sources]
    keep(
        "curation",
        "Training on all of a teacher's traces, and on the curated part",
        ("model", "", *(str(level.level) for level in levels)),
        rows,
        [
            f"Teacher: the bundled model at temperature {TEMPERATURE}, {SAMPLES} chains on each of {PROBLEMS} problems "
            "of the training split, answers after 0 to 7 ignored stops.",
            f"Left out of {funnel['rows']:,}: {left_out}. Everything: {sizes[0]}; curated: {sizes[1]}.",
            f"Both students: from the bundled model, {STEPS} steps of 8,192 tokens at a peak of 1e-3. {HELD_OUT} "
            "held-out problems at temperature 1; 95 % intervals reach about 5 points to either side.",
            test,
        ],
    )


if __name__ == "__main__":
    save() if "--draw" in sys.argv else main()
