"""The README does what it says: its commands parse, its program runs, its links lead somewhere."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from s1m.cli import main
from s1m.cli.parser import build_parser

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands() -> list[str]:
    """Every line of a code block that calls s1m."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    blocks = [block for language, block in fenced if not language]
    return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines() if line.startswith("s1m ")]


@pytest.mark.parametrize("command", commands())
def test_the_commands_parse(command: str) -> None:
    arguments = shlex.split(command)[1:]
    if "--help" in arguments:
        with pytest.raises(SystemExit, match="0"):
            build_parser().parse_args(arguments)
    else:
        assert build_parser().parse_args(arguments).verb == arguments[0]


ASK = (ROOT / "docs" / "ask.md").read_text(encoding="utf-8")
*SHORT, LONG = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_program_runs(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", LONG], capture_output=True, text=True, timeout=200, cwd=tmp_path, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert "Wait, I read" in shown.stdout
    assert "gold:" in shown.stdout


@pytest.mark.parametrize("page", [README, ASK], ids=["README.md", "ask.md"])
def test_one_question_about_a_photo_is_answered(
    page: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (command,) = re.findall(r"^(s1m ask .*digits\.png.* --seed \d+)$", page, re.MULTILINE)
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)[1:]) == 0
    shown = capsys.readouterr().out
    assert re.findall(r"^answer at level (\d): (\d+)$", shown, re.MULTILINE) == [
        ("0", "26"), ("1", "26"), ("2", "21"), ("3", "21")
    ]  # fmt: skip
    written = re.search(r"```text\n(I read.*?)```", page, re.DOTALL)
    assert written is None or shown.startswith(written[1])


@pytest.mark.parametrize("program", [*SHORT, *re.findall(r"```python\n(.*?)```", ASK, re.DOTALL)])
def test_a_short_program_answers(
    program: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(program, "<page>", "exec"), {"__name__": "__main__"})
    assert re.search(r"\b\d+$", capsys.readouterr().out.strip())


def test_the_readme_asks_in_less_than_six_lines_of_python() -> None:
    assert [len(program.strip().splitlines()) < 6 for program in SHORT] == [True]


def forms_of(outputs: list[dict[str, Any]]) -> list[list[str]]:
    """In which forms a cell shows what it gives."""
    return [sorted(output.get("data", {"stream": ""})) for output in outputs]


def test_the_notebook_runs() -> None:
    notebook = json.loads((ROOT / "docs" / "asking.ipynb").read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    script = runpy.run_path(str(ROOT / "scripts" / "notebook_docs.py"), run_name="notebook_docs")
    outputs = script["executed"](["".join(cell["source"]) for cell in cells])
    kept = [cell["outputs"] for cell in cells]
    assert [forms_of(each) for each in outputs] == [forms_of(each) for each in kept]
    (trace,) = outputs[0]
    assert "<mark>Wait,</mark>" in "".join(trace["data"]["text/html"])
    assert "image/svg+xml" in outputs[-1][0]["data"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere_and_nothing_is_left_to_fill_in(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert target.startswith("https://") or (page.parent / target).exists(), target
    assert not re.search(r"@[A-Z]+@", text)


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
