"""A run as two folders for the Hub: a dataset of its answers, and the evaluation results of the model that gave them.

    OUT/dataset/README.md                        a card, with where the rows are
    OUT/dataset/data/test-00000-of-00001.parquet one row an answer, in the columns of ``--to parquet``
    OUT/model/.eval_results/mathvision.yaml      what the Hub shows on the model's page and the benchmark's leaderboard
    OUT/model/model-index.yaml                   the same as metadata of a model card, for whatever reads that

The format of the results is that of https://huggingface.co/docs/hub/eval-results.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from s1m import __version__
from s1m.analysis.display.page import environment
from s1m.analysis.export.answers import Exported, answers_of, levels_of, rows_of
from s1m.analysis.export.tables import as_parquet
from s1m.benchmarks import Page, benchmark_of_run
from s1m.errors import UsageError
from s1m.evaluate.store import Run
from s1m.files.writing import replace_file

DATASET, MODEL = "dataset", "model"
"""The folders, and what their repositories are."""
TASKS = {
    ("mathvision", "test"): "mathvision",
    ("mathvision", "testmini"): "mathvision_testmini",
    ("gpqa_diamond", "train"): "gpqa_diamond",
}
"""The ids that a benchmark's ``eval.yaml`` at the Hub gives its tasks, where they could be read."""
RESULTS = ".eval_results"
"""The Hub's own name of the folder in a model's repository."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """The accuracy at one level as it is reported: by the benchmark's own scorer where that judged every answer."""

    accuracy: float
    scorer: str
    """official or strict"""
    level: int
    problems: int
    answers: int
    date: str
    """When the first answer began; empty for an imported run, which does not say."""

    @property
    def percent(self) -> float:
        """The accuracy in percent, as the Hub's own example has it."""
        return round(100 * self.accuracy, 2)


def result_at(answers: Sequence[Exported]) -> Result:
    """The result of the answers at one level."""
    official = [each.verdict.official for each in answers if each.verdict.official is not None]
    is_official = len(official) == len(answers)
    right = sum(official) if is_official else sum(each.verdict.correct for each in answers)
    started = min(each.record.started for each in answers)
    return Result(
        accuracy=right / len(answers),
        scorer="official" if is_official else "strict",
        level=answers[0].answer.level,
        problems=len({each.record.id for each in answers}),
        answers=len(answers),
        date=datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if started else "",
    )


def write_hub(run: Run, out: Path, level: int | None) -> int:
    """Write both folders into ``out``; how many answers the dataset has. The results are those of one level.

    Raises ``UsageError`` where pyarrow or PyYAML is not installed.
    """
    levels = levels_of(run)
    result = result_at(answers_of(run, levels[-1] if level is None else level))
    answers = answers_of(run, None)
    split = re.sub(r"\W", "_", str(run.settings.get("split") or "test"))  # what load_dataset takes as the name of one
    page = benchmark_of_run(run.settings.get("benchmark"))
    results = {f"{results_name(run)}.yaml": results_of(run, page, result)} if is_at_hub(page) else {}
    files: dict[str, bytes | str] = {
        f"{DATASET}/data/{split}-00000-of-00001.parquet": as_parquet(rows_of(run, answers)),
        f"{DATASET}/README.md": card_of(run, page, split, len(answers)),
        **{f"{MODEL}/{RESULTS}/{name}": as_yaml(entries) for name, entries in results.items()},
        f"{MODEL}/model-index.yaml": as_yaml({"model-index": model_index(run, page, result)}),
    }
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        replace_file(out / name, content)
    return len(answers)


def results_name(run: Run) -> str:
    """What the file of results is called, without its ending: as the benchmark is."""
    return re.sub(r"[^\w.-]", "_", str(run.settings.get("benchmark", "results")))


def is_at_hub(page: Page | None) -> bool:
    """Whether the benchmark is one dataset at the Hub, without which no leaderboard can show a result."""
    return page is not None and getattr(page, "data_from", "hub") == "hub" and page.source.count("/") == 1


def results_of(run: Run, page: Page | None, result: Result) -> list[dict[str, Any]]:
    """The entries of a file in ``.eval_results``."""
    entry: dict[str, Any] = {
        "dataset": {"id": page.source if page else "", "task_id": task_of(run) or "default"},
        "value": result.percent,
        **({"date": result.date} if result.date else {}),
        "notes": notes_on(run, page, result),
    }
    return [entry]


def task_of(run: Run) -> str:
    """The id of the run's task at the Hub; empty where it is not known."""
    return TASKS.get((str(run.settings.get("benchmark")), str(run.settings.get("split"))), "")


def notes_on(run: Run, page: Page | None, result: Result) -> str:
    """How the number came to be, in one line: whoever compares it with others has to know."""
    split = str(run.settings.get("split", ""))
    size = page.sizes.get(split) if page else None
    of = f" of {size:,}" if size and size != result.problems else ""
    samples = f", {result.answers / result.problems:g} samples each" if result.answers > result.problems else ""
    settings = [f"{key} {run.settings[key]}" for key in ("strategy", "temperature") if key in run.settings]
    return "; ".join(
        [
            f"s1m {__version__}, {result.scorer} scorer",
            f"split {split}, {result.problems:,}{of} problems{samples}",
            *settings,
            f"level {result.level}",
        ]
    )


def model_index(run: Run, page: Page | None, result: Result) -> list[dict[str, Any]]:
    """The results as ``model-index``, which a model card may have in its metadata."""
    model = str(run.settings.get("model", "")).rstrip("/").rpartition("/")[2] or "model"
    benchmark = str(run.settings.get("benchmark", ""))
    dataset: dict[str, Any] = {
        "name": benchmark,
        "type": page.source if page and is_at_hub(page) else benchmark,
        "split": str(run.settings.get("split", "")),
    }
    metric = {"type": "accuracy", "value": result.percent, "name": f"accuracy in percent, {result.scorer} scorer"}
    evaluated = {"task": {"type": "image-text-to-text"}, "dataset": dataset, "metrics": [metric]}
    return [{"name": model, "results": [evaluated]}]


def card_of(run: Run, page: Page | None, split: str, rows: int) -> str:
    """The dataset's card, in the Markdown of the Hub."""
    markdown = environment().overlay(autoescape=False)
    levels = [result_at(answers_of(run, level)) for level in levels_of(run)]
    text: str = markdown.get_template("answers_card.md.jinja").render(
        name=run.folder.resolve().name, settings=run.settings, page=page, split=split, rows=rows, levels=levels,
        version=__version__,
    )  # fmt: skip
    return text + "\n"


def as_yaml(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """A document in YAML. Raises ``UsageError`` where PyYAML is not installed."""
    try:
        import yaml
    except ImportError:
        raise UsageError("--to hub needs huggingface_hub and PyYAML: pip install 's1m[evaluate]'") from None
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=200)
    return text
