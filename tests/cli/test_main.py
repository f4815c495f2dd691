"""The command line as a newcomer meets it: help that teaches, one clear line for every mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from s1m.cli import main

ENVIRONMENT = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}


def s1m(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "s1m.cli", *arguments],
        capture_output=True, text=True, timeout=200, env=ENVIRONMENT, check=False, cwd=cwd,
    )  # fmt: skip


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("arguments", ["--help", "benchmarks", "report absent"])
def test_streams_that_the_shell_closed_end_nothing_in_a_traceback(arguments: str, closed: str) -> None:
    command = f"{sys.executable} -m s1m.cli {arguments} {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=100, env=ENVIRONMENT)
    assert done.returncode == (2 if "absent" in arguments else 0)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("flag", ["--base-url", "--judge-base-url"])
@pytest.mark.parametrize("url", ["http://user:hunter2@host/v1", "http://user:hunter2@[::1", "//user:hunter2@host"])
def test_a_password_in_an_address_is_written_down_nowhere(
    flag: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = ["--engine", "http"] if flag == "--base-url" else []
    assert main(["eval", "digits", *engine, "--model", "m", flag, url, "--out", "run"]) == 2
    output = capsys.readouterr()
    assert "hunter2" not in output.out + output.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["eval", "digits", "--temperatur", "0.7"], 2, "there is no '--temperatur' here; did you mean --temperature?"),
        (["evl"], 2, "invalid choice"),
        ([], 2, "the following arguments are required: VERB"),
        (["eval"], 2, "the following arguments are required: BENCHMARK"),
        (["eval", "digit"], 2, "there is no benchmark 'digit'; did you mean digits?"),
        (["eval", "digits", "--limit", "many"], 2, "argument --limit: expected a whole number, not 'many'"),
        (["eval", "digits", "--limit", "0"], 2, "s1m eval: limit: expected int >= 1, not 0"),
        (["eval", "digits", "--engine", "vlm"], 2, "there is no engine 'vlm'; did you mean vllm?"),
        (["eval", "digits", "--num-ignore", "lots"], 2, "num_ignore takes levels such as 0-7"),
        (["eval", "digits", "--config", "absent.toml"], 2, "cannot read absent.toml: No such file or directory"),
        (
            ["eval", "digits", "--config", "typo.toml"],
            2,
            "typo.toml: there is no setting 'temperatur'; did you mean temperature?",
        ),
        (["eval", "digits", "--config", "dry.toml"], 2, "dry.toml: dry_run is true or false, not 3"),
        (["eval", "digits", "--config", "broken.toml"], 2, "broken.toml is not TOML"),
        (["eval", "digits", "--config", "other.toml"], 2, "other.toml is for mathvista, not for digits"),
        (["eval", "digits", "--split", "valid"], 1, "digits has no split 'valid'; it has: test, train"),
        (["eval", "digits", "--data", "here"], 2, "digits is bundled and takes no --data"),
        (["eval", "digits", "--model", "./absent"], 1, "there is no checkpoint folder ./absent"),
        (["eval", "digits", "--model", "hollow"], 1, "hollow is not a checkpoint: it lacks config.json"),
        (["eval", "digits", "--engine", "http"], 2, "--engine http needs --base-url"),
        (["eval", "digits", "--engine", "http", "--base-url", "nonsense"], 2, "nonsense"),
        (["serve"], 2, "the following arguments are required: MODEL"),
        (["serve", "m", "--prot", "1"], 2, "there is no '--prot' here; did you mean --port?"),
        (["serve", "m", "--engine", "embedded"], 2, "there is no '--engine' here"),
        (["serve", "m", "--nodes", "2", "--tensor-parallel-size", "2"], 2, "--nodes needs --head-address"),
        (["serve", "m", "--config", "typo.toml"], 2, "typo.toml: there is no setting 'temperatur'"),
        (["serve", "m", "--config", "served.toml"], 2, "served.toml is for org/model, not for m"),
        (["serve", "./absent"], 1, "there is no checkpoint folder ./absent"),
        (["serve", "hollow"], 1, "hollow is not a checkpoint: it lacks config.json"),
        (["serve", "m", "--vllm", "./absent"], 1, "there is no ./absent: pip install vllm"),
        (["train"], 2, "the following arguments are required: CONFIG.toml"),
        (["train", "absent.toml"], 2, "cannot read absent.toml: No such file or directory"),
        (["train", "typo.toml"], 2, "typo.toml: there is no setting 'temperatur'"),
        (["train", "source.toml"], 2, "source.toml, [[data]] 2: there is no setting 'wieght'; did you mean weight?"),
        (["train", "pathless.toml"], 2, "pathless.toml, [[data]] 1: Object missing required field path"),
        (["train", "single.toml"], 2, "single.toml: every source of data is a table of its own: [[data]]"),
        (
            ["train", "no_data.toml"],
            2,
            "no_data.toml: data: the list of sources is empty; add a [[data]] table with a path",
        ),
        (["train", "fine.toml", "--freeze", "visoin"], 2, "argument --freeze: invalid choice: 'visoin'"),
        (["train", "fine.toml", "--learnin-rate", "1"], 2, "did you mean --learning-rate?"),
        (["train", "fine.toml", "--learning-rate", "-1"], 2, "learning_rate: expected float > 0.0"),
        (["train", "fine.toml", "--eval-num-ignore", "lots"], 2, "num_ignore takes levels such as 0-7"),
        (["train", "fine.toml", "--max-tokens", "64", "--pack-tokens", "32"], 2, "must hold the longest example"),
        (["report", "absent"], 2, "absent is not a run folder"),
        (["replay", "absent", "--strategy", "vote"], 2, "absent is not a run folder"),
        (["compare", "absent"], 2, "absent is not a run folder"),
        (["compare", "absent", "--cost", "money"], 2, "argument --cost: invalid choice: 'money'"),
        (["compare", "absent", "--layers", "28"], 2, "shape needs all of --parameters, --layers and --hidden"),
        (["compare", "absent", "--prompt-tokens", "9"], 2, "its prompt tokens are for --cost flops"),
    ],
)
def test_every_mistake_gets_one_line_and_no_traceback(
    arguments: list[str],
    code: int,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hollow").mkdir()
    (tmp_path / "typo.toml").write_text("temperatur = 0.7\n")
    (tmp_path / "dry.toml").write_text("dry_run = 3\n")
    (tmp_path / "broken.toml").write_text("temperature = = 0.7\n")
    (tmp_path / "served.toml").write_text('model = "org/model"\n')
    source = 'model = "tiny"\nout = "out"\n[[data]]\npath = "digits"\n'
    (tmp_path / "fine.toml").write_text(source)
    (tmp_path / "source.toml").write_text(source + '[[data]]\npath = "digits"\nwieght = 2\n')
    (tmp_path / "pathless.toml").write_text(source.replace("path", "split"))
    (tmp_path / "single.toml").write_text(source.replace("[[data]]", "[data]"))
    (tmp_path / "no_data.toml").write_text('model = "tiny"\nout = "out"\n')
    (tmp_path / "other.toml").write_text('benchmark = "mathvista"\n')
    try:
        result = main(arguments)
    except SystemExit as stop:
        result = int(stop.code or 0)
    error = capsys.readouterr().err
    assert result == code
    assert complaint in error
    assert error.count("\n") == 1, error


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["eval", "--help"],
        ["serve", "--help"],
        ["train", "--help"],
        ["report", "--help"],
        ["demo", "--help"],
        ["benchmarks", "--help"],
    ],
)
def test_help_teaches(arguments: list[str]) -> None:
    shown = s1m(*arguments)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "usage: s1m" in shown.stdout


def test_help_imports_nothing_slow() -> None:
    slow = ("torch", "transformers", "numpy", "matplotlib", "aiohttp", "rich", "jinja2", "latex2mathml", "PIL")
    code = (
        "import sys; from s1m.cli.parser import build_parser; parser = build_parser(); parser.format_help();\n"
        "parser.verbs['data'].fill()\n"
        "for verb in (*parser.verbs.values(), *parser.verbs['data'].verbs.values()): verb.fill(); verb.format_help()\n"
        f"print([m for m in {slow!r} if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_command_ends_without_looking_for_cycles_in_all_that_is_loaded() -> None:
    code = (
        "import atexit, gc; atexit.register(lambda: print('set aside:', gc.get_freeze_count() > 1000)); "
        "from s1m.cli import main; main(['benchmarks'])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "set aside: True"


def test_the_version() -> None:
    assert s1m("--version").stdout.startswith("s1m 0.")


def test_the_list_of_benchmarks() -> None:
    assert "digits" in s1m("benchmarks").stdout


def test_a_dry_run_calls_no_engine_and_writes_nothing(tmp_path: Path) -> None:
    shown = s1m(
        "eval", "digits", "--dry-run", "--limit", "3", "--num-ignore", "0-1", "--model", "no/such-model", cwd=tmp_path
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "3 problems, each 1 chain and 2 answers" in shown.stdout
    assert "Wait," in shown.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_can_be_asked_for_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "dry.toml").write_text("dry_run = true\nlimit = 2\n")
    shown = s1m("eval", "digits", "--config", "dry.toml", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "2 problems" in shown.stdout


def test_a_dry_run_of_a_server_prints_its_command(tmp_path: Path) -> None:
    (tmp_path / "served.toml").write_text('port = 81\nmax_model_len = 9\nextra = ["--from-file"]\n')
    shown = s1m("serve", "org/model", "--config", "served.toml", "--port", "82", "--dry-run", "--", "--x", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("VLLM_NO_USAGE_STATS=1 vllm serve org/model --host 127.0.0.1 --port 82 ")
    assert " --max-model-len 9 " in shown.stdout
    assert shown.stdout.endswith(" --x\n")
    assert "--from-file" not in shown.stdout


def test_eval_then_resume_then_report(tmp_path: Path) -> None:
    command = ["eval", "digits", "--limit", "6", "--num-ignore", "0-2", "--temperature", "1", "--out", "runs/mine"]
    first = s1m(*command, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    folder = tmp_path / "runs/mine"
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"settings.toml", "records.jsonl", "summary.json", "report.html"} <= made
    assert {"figures/scaling.svg", "figures/scaling.png", "figures/accuracy_vs_tokens.svg"} <= made
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["problems"], summary["failed"], summary["sweep"]) == (6, 0, "nested")
    assert [level["level"] for level in summary["levels"]] == [0, 1, 2]
    assert [level["lost"] for level in summary["levels"]] == [0, 0, 0]
    before = (folder / "records.jsonl").read_bytes()
    again = s1m(*command, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (folder / "records.jsonl").read_bytes() == before
    refused = s1m(*command, "--seed", "1", cwd=tmp_path)
    assert refused.returncode == 2
    assert "seed (0 there, 1 now)" in refused.stderr
    from_file = s1m("eval", "digits", "--config", "runs/mine/settings.toml", cwd=tmp_path)
    assert from_file.returncode == 0, from_file.stderr
    page = s1m("report", "runs/mine", "--out", "pages/one.html", "--json", cwd=tmp_path)
    assert page.returncode == 0, page.stderr
    assert (tmp_path / "pages/one.html").read_text().startswith("<!")
