"""s1m score reads what other harnesses wrote, known by content: every file here has the same name."""

from __future__ import annotations

import builtins
import csv
import gc
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from s1m.analysis.responses.score import read_responses
from s1m.benchmarks import find_benchmark
from s1m.cli import main
from s1m.evaluate.store import load_run

PROBLEMS = find_benchmark("digits").load(split="test", limit=8, data=None)
TEXTS = [problem.gold if number % 2 else "I cannot see it." for number, problem in enumerate(PROBLEMS)]
"""Every second response is right."""


def path_in(folder: Path) -> Path:
    return folder / "answers.data"


def written(folder: Path, content: str | bytes) -> Path:
    path = path_in(folder)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table(folder: Path, rows: Sequence[dict[str, Any]], delimiter: str = ",") -> Path:
    with path_in(folder).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path_in(folder)


def lines(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    return written(folder, "".join(json.dumps(row) + "\n" for row in rows))


def counts(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["score", "digits", str(path), "--json"]) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def complaint(path: Path, capsys: pytest.CaptureFixture[str], code: int = 1) -> str:
    assert main(["score", "digits", str(path)]) == code
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def rows_by_id() -> list[dict[str, Any]]:
    return [{"ID": each.id, "Model answer": text} for each, text in zip(PROBLEMS, TEXTS, strict=True)]


def lmms_lines() -> list[dict[str, Any]]:
    return [
        {"doc_id": place, "target": problem.gold, "filtered_resps": [text], "doc_hash": "", "input": "Look."}
        for place, (problem, text) in enumerate(zip(PROBLEMS, TEXTS, strict=True))
    ]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_tables_of_text(delimiter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_by_id()
    rows[1]["Model answer"] = f'First, I look.\nThen "I" count; so\tthe answer is {PROBLEMS[1].gold}'
    scored = counts(table(tmp_path, rows, delimiter), capsys)
    assert (scored["responses"], scored["strict"]["accuracy"]) == (8, 0.5)


def test_an_empty_cell_is_an_answer_without_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scored = counts(table(tmp_path, [*rows_by_id()[:1], {"ID": PROBLEMS[1].id, "Model answer": ""}]), capsys)
    assert (scored["responses"], scored["no_answer"], scored["errors"]) == (2, 2, 0)


def test_a_cell_of_many_characters_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": PROBLEMS[0].id, "prediction": "x" * 300_000 + f"\nAnswer: {PROBLEMS[0].gold}"}]
    assert counts(table(tmp_path, rows), capsys)["strict"]["accuracy"] == 1


def test_columns_that_cannot_be_matched_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = complaint(table(tmp_path, [{"name": "a", "prediction": "b", "score": 1}]), capsys)
    assert "has no column for an id (id, pid" in said
    assert "it has: name, prediction, score" in said
    said = complaint(table(tmp_path, [{"id": "a", "words": "b"}]), capsys)
    assert "has no column for a response (response, prediction" in said


def test_a_row_with_more_cells_than_the_header(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = complaint(written(tmp_path, f"id,response\n{PROBLEMS[0].id},4, I think\n"), capsys)
    assert "row 2: it has more cells than the header; quote cells that hold ','" in said


def test_a_failed_request_is_an_error_and_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = lmms_lines()
    rows[0]["filtered_resps"] = "[LMMS_EVAL_REQUEST_FAILED after 5 retries] Connection error. 4"
    scored = counts(lines(tmp_path, rows), capsys)
    assert (scored["responses"], scored["errors"]) == (7, 1)
    failed = [{"index": each.id, "prediction": "Failed to obtain answer via API. "} for each in PROBLEMS]
    scored = counts(table(tmp_path, [*failed[1:], {"index": PROBLEMS[0].id, "prediction": PROBLEMS[0].gold}]), capsys)
    assert (scored["responses"], scored["errors"], scored["strict"]["accuracy"]) == (1, 7, 1)


@pytest.mark.parametrize("indent", [None, 2])
def test_lists_and_objects_of_rows(indent: int | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_by_id()
    by_id = {row["ID"]: {"response": row["Model answer"]} for row in rows}
    for document in (rows, {"results": rows}, by_id):
        scored = counts(written(tmp_path, json.dumps(document, indent=indent)), capsys)
        assert (scored["responses"], scored["strict"]["accuracy"]) == (8, 0.5)


def test_lines_with_other_names_and_lists_of_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"question_id": each.id, "pred": [each.gold, "no idea", None]} for each in PROBLEMS]
    scored = counts(lines(tmp_path, rows), capsys)
    assert (scored["problems"], scored["responses"], scored["errors"]) == (8, 16, 8)
    assert scored["strict"]["accuracy"] == 0.5


def test_lmms_eval_numbers_places_in_the_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scored = counts(lines(tmp_path, lmms_lines()), capsys)
    assert (scored["problems"], scored["strict"]["accuracy"]) == (8, 0.5)


def test_lmms_eval_repeats_are_samples_as_the_model_wrote_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{**row, "resps": [[f"<think>{row['target']}</think>no idea", row["target"]]]} for row in lmms_lines()]
    scored = counts(lines(tmp_path, rows), capsys)
    assert (scored["problems"], scored["responses"], scored["strict"]["accuracy"]) == (8, 16, 0.5)


def test_numbers_of_another_order_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{**row, "doc_id": (row["doc_id"] + 3) % 8} for row in lmms_lines()]
    said = complaint(lines(tmp_path, rows), capsys)
    assert "numbers lead to another problem of digits" in said
    assert "check --split and --data, or give a column id" in said


def test_a_number_beyond_the_split_is_no_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = complaint(lines(tmp_path, [{**lmms_lines()[0], "doc_id": 10**6}]), capsys)
    assert "which is not a problem of digits" in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"doc_id": "x", "resps": [["4"]]}, "line 1: its doc_id is not a place in the split: 'x'"),
        ({"doc_id": 0, "resps": [[[-1.5, True]]]}, "line 1: expected the text of a response, got bool"),
        (
            {"doc_id": 0, "resps": [], "filtered_resps": []},
            "line 1: expected the text of a response, got an empty list",
        ),
        ({"index": "x", "model_output": {}}, "line 1: its index is not a number: 'x'"),
        ({"id": {"a": 1}, "prediction": "4"}, "line 1: it has no id in column 'id'"),
    ],
)
def test_a_bad_line_is_named(
    row: dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in complaint(lines(tmp_path, [row]), capsys)


def test_evalscope_predictions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for place, (problem, text) in enumerate(zip(PROBLEMS, TEXTS, strict=True)):
        parts = [{"type": "reasoning", "reasoning": problem.gold}, {"type": "text", "text": text}]
        asked = [{"type": "image", "image": "data:"}, {"type": "text", "text": f"{problem.question}\nThink first."}]
        message = {"role": "assistant", "content": parts if place % 4 else text}
        output = {"model": "m", "choices": [{"message": message, "stop_reason": "stop"}]}
        rows.append(
            {"index": place, "model": "m", "model_output": output, "messages": [{"role": "user", "content": asked}]}
        )
    scored = counts(lines(tmp_path, [*rows, {**rows[0], "model_output": None}]), capsys)
    assert (scored["problems"], scored["errors"], scored["strict"]["accuracy"]) == (8, 1, 0.5)


def sampled(place: int, sample: int, text: str) -> dict[str, Any]:
    """What evalscope 1.14.1 wrote of an answer at ``repeats`` 2, shortened: ids differ, and so do the answers."""
    image = {"internal": None, "type": "image", "image": f"data:image/png;base64,{place}", "detail": "auto"}
    question = {"internal": None, "type": "text", "text": PROBLEMS[place].question, "refusal": None}
    thought = {"internal": None, "type": "reasoning", "reasoning": "I read 03334.\n", "signature": None}
    answer = {"internal": None, "type": "text", "text": text, "refusal": None}
    said = {"id": f"a{place}{sample}", "role": "assistant", "content": [thought, answer], "tool_calls": None}
    asked = {"id": f"u{place}{sample}", "role": "user", "content": [image, question], "tool_call_id": None}
    return {"index": 2 * place + sample, "messages": [asked, said], "agent_trace": None}


def prediction(row: dict[str, Any]) -> dict[str, Any]:
    output = {"choices": [{"message": row["messages"][-1], "stop_reason": "stop"}], "error": None}
    return {**row, "model": "bundled", "model_output": output, "metadata": {}}


def review(row: dict[str, Any]) -> dict[str, Any]:
    place, sample = divmod(row["index"], 2)
    right = float(row["messages"][-1]["content"][-1]["text"] == PROBLEMS[place].gold)
    score = {"value": {"Rouge-L-R": right, "bleu-1": 0.0}, "main_score_name": "Rouge-L-R"}
    scored = {"score": score, "sample_id": row["index"], "group_id": place, "generation_index": sample}
    return {**row, "target": [PROBLEMS[place].gold], "sample_score": scored}


@pytest.mark.parametrize("made", [prediction, review])
def test_repeats_of_evalscope_are_samples_of_one_problem(
    made: Callable[[dict[str, Any]], dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [sampled(place, at, each.gold) for place, each in enumerate(PROBLEMS[:4]) for at in (0, 1)]
    rows[3] = sampled(1, 1, "I cannot see it.")
    written_rows = [made(row) for row in reversed(rows[:-1])]  # in the order in which they ended; the last one failed
    scored = counts(lines(tmp_path, written_rows), capsys)
    assert (scored["problems"], scored["responses"]) == (4, 7)
    run = tmp_path / "run"
    assert main(["import", "digits", str(path_in(tmp_path)), "--out", str(run)]) == 0
    record = load_run(run).records[0]
    assert record.trace.chains[0][0].text.startswith("I read 03334.")


@pytest.mark.parametrize("made", [prediction, review])
def test_ids_in_evalscopes_metadata_come_before_places_of_a_subset(
    made: Callable[[dict[str, Any]], dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [made(sampled(place, 0, each.gold)) for place, each in enumerate(PROBLEMS)]
    for place, row in enumerate(reversed(rows)):
        own = {"id": PROBLEMS[-1 - place].id}
        if "sample_score" in row:
            row["sample_score"] |= {"group_id": place, "sample_metadata": own}
        row |= {"index": place, "metadata": own}
    assert counts(lines(tmp_path, rows), capsys)["strict"]["accuracy"] == 1.0


def test_vlmevalkit_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"index": place, "question": each.question, "answer": each.gold, "prediction": text}
        for place, (each, text) in enumerate(zip(PROBLEMS, TEXTS, strict=True))
    ]
    said = complaint(table(tmp_path, rows, "\t"), capsys)  # digits has ids of its own, which an index is not
    assert "has a response to '0', which is not a problem of digits" in said
    own = [{**row, "index": each.id} for row, each in zip(rows, PROBLEMS, strict=True)]
    assert counts(table(tmp_path, own, "\t"), capsys)["strict"]["accuracy"] == 0.5
    wrong = [{**row, "index": each.id} for row, each in zip(rows[3:], PROBLEMS, strict=False)]
    assert "numbers lead to another problem" in complaint(table(tmp_path, wrong, "\t"), capsys)


def test_workbooks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["index", "question", "answer", "prediction"])
    for problem, text in zip(PROBLEMS, TEXTS, strict=True):
        gold = int(problem.gold) if problem.gold.isdigit() else problem.gold
        book.active.append([problem.id, problem.question, gold, int(text) if text.isdigit() else text])
    book.save(tmp_path / "answers.xlsx")
    (tmp_path / "answers.xlsx").rename(path_in(tmp_path))
    scored = counts(path_in(tmp_path), capsys)
    assert (scored["responses"], scored["strict"]["accuracy"]) == (8, 0.5)


def archive(folder: Path, member: str) -> Path:
    with zipfile.ZipFile(path_in(folder), "w") as file:
        file.writestr(member, "{}")
    return path_in(folder)


@pytest.mark.parametrize(
    ("member", "said"),
    [("xl/workbook.xml", "needs openpyxl: pip install openpyxl"), ("header.json", "needs: pip install inspect_ai")],
)
def test_a_missing_package_is_one_line(
    member: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] in ("openpyxl", "inspect_ai"):
            raise ImportError(name)
        return real(name, *rest, **named)

    path = archive(tmp_path, member)
    monkeypatch.setattr(builtins, "__import__", without)
    assert said in complaint(path, capsys, code=2)


def test_archives_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "neither a workbook nor a log of inspect_ai; it holds: a.txt" in complaint(
        archive(tmp_path, "a.txt"), capsys
    )
    assert "is damaged" in complaint(written(tmp_path, b"PK\x03\x04 and no more"), capsys)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("form", ["eval", "json"])
def test_logs_that_inspect_ai_wrote(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inspect_ai = pytest.importorskip("inspect_ai")
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput
    from inspect_ai.solver import solver

    def saying() -> Any:  # inspect's own mock model counts tokens with a file from the network
        async def solve(state: Any, generate: Any) -> Any:
            text = TEXTS[state.sample_id - 1] if state.epoch == 1 else "no idea"
            state.output = ModelOutput.from_content("mockllm/model", text)
            return state

        return solve

    data = [Sample(input=each.question, target=each.gold) for each in PROBLEMS]  # so ids are numbers from 1
    (log,) = inspect_ai.eval(
        inspect_ai.Task(dataset=data, solver=solver(saying)(), epochs=2),
        model="mockllm/model",
        log_dir=str(tmp_path),
        log_format=form,
        display="none",
    )
    gc.collect()  # inspect_ai leaves streams of anyio open, which are to be complained about here and not later
    assert log.status == "success"
    (path,) = tmp_path.glob(f"*.{form}")
    path.rename(path_in(tmp_path))
    scored = counts(path_in(tmp_path), capsys)
    assert (scored["problems"], scored["responses"], scored["strict"]["accuracy"]) == (8, 16, 0.25)


def test_own_lines_are_read_as_before(tmp_path: Path) -> None:
    path = lines(tmp_path, [{"id": 7, "response": "4", "index": 0}, {"pid": "8", "response": None, "extraction": "B"}])
    assert [(each.id, each.response, each.extraction) for each in read_responses(path)] == [
        ("7", "4", None),
        ("8", None, "B"),
    ]
