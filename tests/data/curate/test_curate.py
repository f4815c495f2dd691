"""``s1m data curate`` end to end: every row is kept or has one reason; resumed, chosen anew, on Ray, it is the same."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s1m.cli import main
from s1m.data.curate.look import inspected
from s1m.data.curate.settings import curate_settings
from s1m.data.funnel import Refusal, build_funnel
from s1m.data.funnel_plot import plot_funnel
from s1m.data.trace_row import TraceRow
from s1m.datasets.source import Source
from s1m.errors import UsageError
from s1m.families import Delimiters
from s1m.files.run_folder import held
from s1m.files.settings import read_toml, written
from tests.data.rows import folder_of, trace_row_of
from tests.datasets.sets import examples_of, picture

LOOP = "I look at the third bar again and count it. " * 12
LEAKED = (
    "In triangle ABC the bisector of the angle at A meets the side BC in D, and the circle through A, B and D meets "
    "the side AC again in E. How long is the segment CE when AB is 13 and BD is 7 and CD is 11?"
)


def rows() -> list[TraceRow]:
    good = [
        TraceRow(
            prompt=f"How many of the {number} marked squares lie inside the larger figure with {number + 3} sides?",
            response=f"<think>\nI count them one by one up to {number}.\n</think>\n{number}",
            images=(picture(red=number),),
            origin={
                "answer": str(number),
                "answer_type": "integer",
                "domain": "ab"[number % 2],
                "problem": f"p{number}",
            },
        )
        for number in range(40)
    ]
    bad = [
        TraceRow(prompt="How many?", response="<think>never closed"),
        trace_row_of(thinking=" "),
        trace_row_of(thinking=LOOP),
        trace_row_of(thinking="首先我们看这个图,角度是三十度。"),
        trace_row_of(thinking="The given answer is 3."),
        trace_row_of(said="4"),
        trace_row_of(prompt=LEAKED),
        good[0],
        TraceRow(prompt="How many?", response=good[1].response, images=(b"no image",), origin=good[1].origin),
    ]
    return [*good, *bad]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    target = {"id": "leak", "question": LEAKED, "answer": "9", "images": []}
    (tmp_path / "target.jsonl").write_text(json.dumps(target) + "\n")
    path = tmp_path / "curate.toml"
    path.write_text(f"""
out = "{tmp_path / "out"}"
workers = 0
[[data]]
path = "{folder_of(tmp_path / "rows", rows())}"
[[target]]
benchmark = "custom"
data = "{tmp_path / "target.jsonl"}"
""")
    return path


def kept(out: Path) -> list[dict[str, Any]]:
    examples = examples_of(Source(path=str(out / "data")))
    return [{"response": example.turns[-1].text, **example.facts} for example in examples]


def rejects(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "rejects.jsonl").read_text().splitlines()]


def test_every_row_is_kept_or_has_one_reason(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "curate", str(config)]) == 0
    out = tmp_path / "out"
    assert len(kept(out)) == 40
    assert Counter(line["filter"] for line in rejects(out)) == {
        "format": 2,
        "thinking": 1,
        "loops": 1,
        "language": 1,
        "leaks": 1,
        "answer": 1,
        "contamination": 1,
        "duplicates": 1,
    }
    reasons = {line["filter"]: line["reason"] for line in rejects(out)}
    assert reasons["contamination"].startswith("text")
    assert "custom all leak" in reasons["contamination"]
    assert reasons["answer"] == "wrong answer: '4', not '3'"
    assert all(line["place"].startswith("train-00000-of-00001.parquet row ") for line in rejects(out))
    funnel = json.loads((out / "funnel.json").read_text())
    assert funnel["rows"] == 49
    assert sum(sum(stage["reasons"].values()) for stage in funnel["stages"]) == 9
    shown = capsys.readouterr().out
    assert "contamination" in shown
    assert (out / "funnel.png").stat().st_size > 5_000
    row = kept(out)[3]
    assert row["tokens"] > 0
    assert row["problem"] == "p3"
    assert row["source"].endswith("rows")


def test_an_interrupted_curation_goes_on_where_it_was(config: Path, tmp_path: Path) -> None:
    assert main(["data", "curate", str(config)]) == 0
    findings = tmp_path / "out" / "findings.jsonl"
    whole, wanted = findings.read_bytes(), kept(tmp_path / "out")
    lines = whole.splitlines(keepends=True)
    findings.write_bytes(b"".join(lines[:20]) + lines[20][:9])
    assert main(["data", "curate", str(config)]) == 0
    assert findings.read_bytes() == whole
    assert kept(tmp_path / "out") == wanted


def test_choosing_again_looks_at_nothing_again(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "curate", str(config)]) == 0
    findings = tmp_path / "out" / "findings.jsonl"
    before = findings.stat().st_mtime_ns
    assert main(["data", "curate", str(config), "--keep", "10"]) == 0
    assert findings.stat().st_mtime_ns == before
    assert len(kept(tmp_path / "out")) == 10
    assert sum(line["reason"] == "not chosen" for line in rejects(tmp_path / "out")) == 30
    assert main(["data", "curate", str(config), "--verified"]) == 2
    assert "holds a curation with other settings: verified (False there, True now)" in capsys.readouterr().err


def test_the_seed_of_the_choice_changes_no_row(config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text() + '[[data]]\npath = "digits"\nrows = 4\n')
    assert main(["data", "curate", str(config)]) == 0
    before = kept(tmp_path / "out")
    assert main(["data", "curate", str(config), "--seed", "7"]) == 0
    assert kept(tmp_path / "out") == before


def test_data_that_has_changed_since_is_not_mixed(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "curate", str(config)]) == 0
    changed = [
        replace(rows()[5], response="<think>\nIt is 5.\n</think>\n5") if n == 5 else r for n, r in enumerate(rows())
    ]
    for other, complaint in (
        (changed, "row 6 is not the row that was inspected: the data has changed since; choose another --out"),
        (rows()[:30], "findings.jsonl has 49 rows, the sources have 30: the data has changed since"),
        ([trace_row_of(), *rows()], "is not the row that was inspected"),
    ):
        folder_of(tmp_path / "rows", other)
        assert main(["data", "curate", str(config), "--keep", "39"]) == 1
        assert complaint in capsys.readouterr().err


def test_a_finding_that_was_cut_out_is_noticed(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "curate", str(config)]) == 0
    findings = tmp_path / "out" / "findings.jsonl"
    lines = findings.read_bytes().splitlines(keepends=True)
    findings.write_bytes(b"".join(lines[:20] + lines[21:]))
    assert main(["data", "curate", str(config)]) == 1
    assert "line 21 is of row 22; remove it and all that follows, and resume" in capsys.readouterr().err
    findings.write_bytes(b"".join(lines[:20]))
    assert main(["data", "curate", str(config)]) == 0
    assert findings.read_bytes() == b"".join(lines)


def test_a_start_that_failed_does_not_bind_the_next(config: Path, tmp_path: Path) -> None:
    right = config.read_text()
    config.write_text(f'solved_by = ["{tmp_path / "none"}"]\n' + right)
    assert main(["data", "curate", str(config)]) == 2
    config.write_text(right.replace("target.jsonl", "targte.jsonl"))
    assert main(["data", "curate", str(config)]) == 1
    config.write_text(right)
    assert main(["data", "curate", str(config)]) == 0


def test_a_second_process_is_refused_and_changes_nothing(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with held(tmp_path / "out"):
        assert main(["data", "curate", str(config), "--keep", "3"]) == 2
    assert "is in use by another process" in capsys.readouterr().err
    assert not (tmp_path / "out" / "settings.toml").exists()


def test_a_quota_of_no_domain_is_an_error_and_too_few_rows_are_said(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "curate", str(config), "--keep", "400"]) == 0
    assert "fewer than keep = 400: no more rows pass" in capsys.readouterr().err
    config.write_text(config.read_text() + "[quotas]\naa = 3\n")
    assert main(["data", "curate", str(config)]) == 2
    assert "no row that passes is of the domain 'aa'; did you mean a?; there are: a, b" in capsys.readouterr().err
    config.write_text(config.read_text().replace("aa = 3", "a = 3"))
    assert main(["data", "curate", str(config)]) == 0
    assert "  beyond the quota" in capsys.readouterr().out


def test_processes_end_with_the_one_that_started_them(config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text() + '[[data]]\npath = "digits"\nrows = 40000\n')
    process = subprocess.Popen([sys.executable, "-m", "s1m.cli", "data", "curate", str(config), "--workers", "2"])
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    findings = tmp_path / "out" / "findings.jsonl"
    try:
        wait_until(lambda: findings.exists() and findings.stat().st_size > 0)
        started = [Path("/proc", child) for child in children.read_text().split()]
        assert len(started) >= 2
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: not any(child.exists() for child in started))


def wait_until(happens: Callable[[], bool], seconds: float = 100) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_small_models_solve_is_left_out(config: Path, tmp_path: Path) -> None:
    run = tmp_path / "small"
    questions = [{"id": f"p{number}", "question": "?", "answer": "3", "images": []} for number in (4, 5)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps({**q, "answer_type": "integer"}) + "\n" for q in questions))
    flags = ["--data", str(tmp_path / "q.jsonl"), "--num-ignore", "0", "--max-thinking-tokens", "8"]
    assert main(["eval", "custom", *flags, "--max-answer-tokens", "4", "--temperature", "0", "--out", str(run)]) == 0
    records = run / "records.jsonl"
    lines = [json.loads(line) for line in records.read_text().splitlines()]
    for line in lines:
        line["verdicts"][0]["correct"] = line["id"] == "p4"
    records.write_text("".join(json.dumps(line) + "\n" for line in lines))
    config.write_text(f'solved_by = ["{run}"]\n' + config.read_text())
    assert main(["data", "curate", str(config)]) == 0
    (easy,) = [line for line in rejects(tmp_path / "out") if line["filter"] == "easy"]
    assert easy["reason"] == f"too easy: {run} solves it 1 of 1 times"
    assert "p4" not in {row["problem"] for row in kept(tmp_path / "out")}


def findings_of(config: Path, **changes: object) -> list[Any]:
    from rich.console import Console

    from s1m.data.curate.prepare import prepare

    settings = curate_settings({**read_toml(config), **changes})
    out = Path(settings.out)
    out.mkdir(exist_ok=True)
    inspector = prepare(settings, out, Console(quiet=True))
    return [finding for chunk in inspected(inspector, range(len(inspector.examples))) for finding in chunk]


@pytest.fixture
def larger(config: Path) -> Path:
    """Enough rows for several chunks, and for processes to be started."""
    config.write_text(config.read_text() + '[[data]]\npath = "digits"\nrows = 280\n')
    return config


def test_two_processes_find_what_one_finds(larger: Path) -> None:
    assert findings_of(larger, workers=2) == findings_of(larger, workers=0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")
def test_ray_with_two_workers_finds_what_one_process_finds(larger: Path) -> None:
    alone = findings_of(larger, workers=0)
    assert findings_of(larger, ray="local", workers=2) == alone
    assert len(alone) == 49 + 280


def test_ray_where_there_is_none_is_one_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "curate", str(config), "--ray", "127.0.0.1:1"]) == 2
    assert "there is no Ray cluster at 127.0.0.1:1" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('out = "o"', "data: the list of sources is empty; add a [[data]] table"),
        ('out = "o"\n[[data]]\npath = "digits"', "the filter contamination needs a benchmark"),
        ('out = "o"\nfilters = ["lops"]\n[[data]]\npath = "digits"', "there is no filter 'lops'; did you mean loops"),
        ('out = "o"\nkep = 3\n[[data]]\npath = "digits"', "there is no setting 'kep'; did you mean keep?"),
        ('out = "o"\nkeep = 3\nfilters = ["loops"]\n[[data]]\npath = "digits"', "keep is for the filter choice"),
        ('out = "o"\n[target]\nbenchmark = "digits"\n[[data]]\npath = "digits"', "every target is a table of its own"),
    ],
)
def test_wrong_settings_are_one_line(
    tmp_path: Path, text: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.toml").write_text(text)
    assert main(["data", "curate", str(tmp_path / "c.toml")]) == 2
    err = capsys.readouterr().err
    assert complaint in err
    assert err.count("\n") == 1


def test_nothing_kept_is_an_error_that_says_where_to_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder_of(tmp_path / "rows", [trace_row_of(said="4")])
    (tmp_path / "c.toml").write_text(f'out = "{tmp_path / "out"}"\nfilters = ["answer"]\n[[data]]\npath = "{path}"\n')
    assert main(["data", "curate", str(tmp_path / "c.toml")]) == 1
    assert "no row is kept; see" in capsys.readouterr().err


def test_a_funnel_adds_up() -> None:
    refusals = [Refusal("a", "one: x"), Refusal("a", "one: y"), Refusal("b", "two")]
    funnel = build_funnel(10, ["a", "b", "c"], refusals)
    assert [(stage.shown, stage.left_out, stage.passed) for stage in funnel.stages] == [
        (10, 2, 8),
        (8, 1, 7),
        (7, 0, 7),
    ]
    assert funnel.stages[0].reasons == {"one": 2}
    assert funnel.kept == 7
    assert plot_funnel(funnel).axes[0].get_title(loc="left") == "7 of 10 rows are kept"
    with pytest.raises(KeyError):
        build_funnel(10, ["a"], refusals)


def test_a_family_that_is_named_spells_the_thinking_of_what_is_kept() -> None:
    given = {"data": [{"path": "rows.parquet"}], "out": "out", "filters": ["thinking"]}
    assert curate_settings({**given, "family": "gemma4"}).delimiters == Delimiters("<|channel>thought", "<channel|>")
    assert curate_settings({**given, "family": "gemma4", "thinking_close": "</t>"}).thinking_close == "</t>"
    assert "family" not in written(curate_settings(given))
    with pytest.raises(UsageError, match="rows have no family 'gemma'; did you mean gemma4"):
        curate_settings({**given, "family": "gemma"})
