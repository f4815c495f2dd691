"""What README and docs say of the demo is what the demo prints: one whole run of it, half a minute on one core."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from s1m.cli import main

ROOT = Path(__file__).parent.parent
DOCS: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "demo_docs.py"), run_name="demo_docs")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a whole demo."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    assert main(["demo", "--out", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("page", DOCS["PAGES"], ids=lambda page: page.name)
def test_every_block_is_written_from_the_demo(demo: Path, page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<!-- demo: " in text
    assert DOCS["filled"](text, demo) == text


def test_the_caption_has_the_interval_that_the_demo_prints(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(demo)]) == 0
    printed = re.findall(r"\+\d+\.\d to \+\d+\.\d", capsys.readouterr().out)
    (caption,) = re.findall(r"interval (\S+ to \S+?)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert caption == printed[-1]
