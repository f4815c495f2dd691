"""Files that other harnesses wrote themselves: their verdicts are our official ones where the scorer is the same."""

from __future__ import annotations

import ast
import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from s1m.benchmarks import find_benchmark
from s1m.cli import main
from s1m.evaluate.store import load_run
from tests.benchmarks.data import write
from tests.benchmarks.sample_rows import ROWS
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer

RECORDED = Path(__file__).parent / "recorded"


def charts(folder: Path) -> Path:
    """The 24 questions of ``lmms_eval_samples.jsonl``, in the columns of lmms-eval's ChartQA."""
    rows = [
        {
            "question": problem.question,
            "answer": problem.gold,
            "type": ("augmented_test", "human_test")[place % 2],
            "image": {"bytes": problem.images[0], "path": f"{place}.png"},
        }
        for place, problem in enumerate(find_benchmark("digits").load(split="test", limit=24, data=None))
    ]
    write(folder / "test-00000-of-00001.parquet", rows)
    return folder


def scored(benchmark: str, samples: Path, data: Path) -> list[dict[str, Any]]:
    """Our verdicts on a file of samples, in its order."""
    out = samples.with_suffix(".verdicts.jsonl")
    assert main(["score", benchmark, str(samples), "--data", str(data), "--out", str(out)]) == 0
    return lines_of(out)


def verdicts(benchmark: str, samples: Path, data: Path) -> list[bool | None]:
    """Our official verdicts."""
    return [line["official"] for line in scored(benchmark, samples, data)]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_samples_that_lmms_eval_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = tmp_path / "samples.jsonl"
    samples.write_bytes((RECORDED / "lmms_eval_samples.jsonl").read_bytes())
    theirs = [line["relaxed_overall"] == 1 for line in lines_of(samples)]
    assert sum(theirs) == 23
    assert verdicts("chartqa", samples, charts(tmp_path / "data")) == theirs
    run = tmp_path / "run"
    assert main(["import", "chartqa", str(samples), "--data", str(tmp_path / "data"), "--out", str(run)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == [
        "0", "95.8", "%", "95.8", "%", "95.8", "%", "24", "of", "24",
    ]  # fmt: skip
    records = load_run(run).records
    assert [record.verdicts[0].official for record in records] == theirs
    assert [record.trace.answers[0].text for record in records] == [
        line["filtered_resps"] for line in lines_of(samples)
    ]


def test_a_workbook_that_vlmevalkit_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("openpyxl")
    rows = [["id", "question", "answer"]] + [
        [str(place), problem.question, problem.gold]
        for place, problem in enumerate(find_benchmark("digits").load(split="test", limit=12, data=None))
    ]
    with (tmp_path / "questions.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    flags = ["custom", str(RECORDED / "vlmevalkit.xlsx"), "--data", str(tmp_path / "questions.csv")]
    assert main(["import", *flags, "--out", str(tmp_path / "run")]) == 0
    records = load_run(tmp_path / "run").records
    assert [record.verdicts[0].correct for record in records] == [True, True, False, True] * 3
    assert [bool(record.trace.chains[0]) for record in records] == [False, False, False, True] * 3
    capsys.readouterr()
    assert main(["score", *flags, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["strict"]["accuracy"] == 0.75


def answering(said: Mapping[str, str]) -> Behaviour:
    """A chat server that gives the answer whose question stands in the prompt."""

    def behave(request: Request) -> Answer:
        asked = json.dumps(request.body)
        text = next(text for question, text in said.items() if json.dumps(question)[1:-1] in asked)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return answer({"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})

    return behave


SAID = ("{}", "The answer is {}.", "{}%", "I cannot see it.", "{}.0", " {}", "B", "(A)", "Answer: {}", "1e3")
"""Wordings of gold answers, and other answers, some of them right by the official scorers."""


def task(folder: Path, name: str, base: Path, split: str, path: Path) -> None:
    """A task of lmms-eval's that reads a local file, with nothing after the question."""
    (folder / f"{name}.yaml").write_text(
        f"include: {base}\ntask: {name}\ndataset_path: parquet\ndataset_kwargs:\n  data_files:\n    {split}: {path}\n"
    )


def with_features(path: Path, rows: Sequence[Mapping[str, Any]], images: Sequence[str]) -> None:
    """A parquet file that says of its pictures that they are pictures, which ``load_dataset`` then decodes."""
    import datasets

    table = datasets.Dataset.from_list([{**row} for row in rows])
    for name in images:
        table = table.cast_column(name, datasets.Image())
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(str(path))


def test_a_run_of_lmms_eval_itself(tmp_path: Path) -> None:
    lmms_eval = pytest.importorskip("lmms_eval")
    tasks = Path(lmms_eval.__file__).parent / "tasks"
    problems = find_benchmark("digits").load(split="test", limit=20, data=None)
    chart_rows = [
        {
            "question": f"{place}: {problem.question}",
            "answer": problem.gold,
            "type": "human_test",
            "image": {"bytes": problem.images[0], "path": "a.png"},
        }
        for place, problem in enumerate(problems)
    ]
    _, _, mmmu_rows = ROWS["mmmu"]
    exams = [
        {**row, "id": f"validation_Math_{number}", "question": f"<image 1> Exam {number}: what is it?"}
        for number, row in enumerate([*mmmu_rows] * 8)
    ]
    with_features(tmp_path / "charts" / "test-00000-of-00001.parquet", chart_rows, ["image"])
    with_features(tmp_path / "exams" / "validation-00000-of-00001.parquet", exams, ["image_1"])
    (tmp_path / "tasks").mkdir()
    task(
        tmp_path / "tasks", "our_charts", tasks / "chartqa" / "chartqa.yaml", "test",
        tmp_path / "charts" / "test-00000-of-00001.parquet",
    )  # fmt: skip
    task(
        tmp_path / "tasks", "our_exams", tasks / "mmmu" / "mmmu_val.yaml", "validation",
        tmp_path / "exams" / "validation-00000-of-00001.parquet",
    )  # fmt: skip
    said: dict[str, str] = {
        str(row["question"]): SAID[place % len(SAID)].format(row["answer"]) for place, row in enumerate(chart_rows)
    }
    said |= {
        f"Exam {number}: what is it?": SAID[number % len(SAID)].format(row["answer"])
        for number, row in enumerate(exams)
    }
    with ChatServer(answering(said)) as server:
        subprocess.run(
            [
                sys.executable, "-m", "lmms_eval", "eval", "--model", "openai",
                "--model_args", f"model=m,base_url={server.url}/v1,max_retries=1", "--tasks", "our_charts,our_exams",
                "--include_path", str(tmp_path / "tasks"), "--log_samples", "--output_path", str(tmp_path / "out"),
            ],
            env={
                **os.environ,
                "OPENAI_API_KEY": "none",
                "HF_HOME": str(tmp_path / "hf"),
                "HF_HUB_OFFLINE": "1",
                "HF_DATASETS_OFFLINE": "1",
            },
            check=True,
            timeout=280,
        )  # fmt: skip
    (charted,) = (tmp_path / "out").rglob("*_samples_our_charts.jsonl")
    theirs = [line["relaxed_overall"] == 1 for line in lines_of(charted)]
    assert verdicts("chartqa", charted, tmp_path / "charts") == theirs
    assert 0 < sum(theirs) < len(theirs)
    (examined,) = (tmp_path / "out").rglob("*_samples_our_exams.jsonl")
    from lmms_eval.tasks.mmmu.utils import eval_multi_choice, eval_open

    judges = {"multiple-choice": eval_multi_choice, "open": eval_open}
    of_mmmu = [line["mmmu_acc"] for line in lines_of(examined)]
    rights = [judges[each["question_type"]](as_list(each["answer"]), each["parsed_pred"][0]) for each in of_mmmu]
    ours = scored("mmmu", examined, tmp_path / "exams")
    pairs = [
        (line["official"], right)
        for line, right in zip(ours, rights, strict=True)
        if "guess" not in line["rule"]  # both draw a letter at random
    ]
    assert len(pairs) > 12
    assert [mine for mine, _ in pairs] == [right for _, right in pairs]
    assert {True, False} == {right for _, right in pairs}


def as_list(gold: str) -> str | list[str]:
    """A gold answer of MMMU, some of which are lists in Python's spelling."""
    return list(ast.literal_eval(gold)) if gold.startswith("[") else gold
