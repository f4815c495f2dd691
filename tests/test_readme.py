"""The README does what it says: its commands parse, its program runs, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_the_program_runs(tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=200, cwd=tmp_path, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert "Wait, I read" in shown.stdout
    assert "gold:" in shown.stdout


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
