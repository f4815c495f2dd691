"""What the pages and scripts tell to type is what s1m takes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from s1m.cli.parser import build_parser
from s1m.cli.verbs import serve
from s1m.files.settings import settings_from
from s1m.serve.command import serve_command
from s1m.serve.settings import ServeSettings

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = sorted([*(ROOT / "scripts").glob("*.sh"), *(ROOT / "scripts").glob("*.slurm")])
S1M_SETTINGS = (
    "--num-ignore 0-7 --ignore-strings s1m --max-thinking-tokens 30000 --temperature 0.3 --top-p 0.9 "
    "--max-image-pixels 1003520 --out runs/mathvista"
)


def commands() -> list[str]:
    """Every line that starts a server, on the page and in the help, joined where it is broken and without remarks."""
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8").replace("\\\n", "")
    lines = re.findall(r"^\s*(?:CUDA_\S+ )?(s1m serve [^#&\n]*)", page + serve.examples, re.MULTILINE)
    return [re.sub(r"   +\S.*", "", line.replace("$gpu", "1")).strip() for line in lines]


@pytest.mark.parametrize("command", commands())
def test_the_commands_make_sense(command: str) -> None:
    parsed = vars(build_parser().parse_args(shlex.split(command)[1:]))
    given = {name: value for name, value in parsed.items() if name not in ("verb", "parser", "config", "dry_run")}
    assert "serve" in serve_command(settings_from(ServeSettings, given))


def test_there_are_commands() -> None:
    assert len(commands()) > 10


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_scripts_are_shell(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.parametrize(
    ("words", "called"),
    [
        (
            ["deploy.sh"],
            "serve PKU-Alignment/s1-m_7b_beta --tensor-parallel-size 4 --dtype bfloat16",
        ),
        (
            ["deploy.sh", "./mine", "--port", "81"],
            "serve ./mine --tensor-parallel-size 4 --dtype bfloat16 --port 81",
        ),
        (
            ["eval_math_vista.sh"],
            f"eval mathvista --engine vllm --base-url http://127.0.0.1:8000/v1 {S1M_SETTINGS}",
        ),
        (
            ["eval_math_vista.sh", "http://a/v1", "http://b/v1"],
            f"eval mathvista --engine vllm --base-url http://a/v1 http://b/v1 {S1M_SETTINGS}",
        ),
    ],
)
def test_the_scripts_call_s1m(words: list[str], called: str, tmp_path: Path) -> None:
    (tmp_path / "s1m").write_text(f"#!{sys.executable}\nimport sys; print(*sys.argv[1:])")
    (tmp_path / "s1m").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    shown = subprocess.run(
        [ROOT / "scripts" / words[0], *words[1:]], capture_output=True, text=True, check=True, env=environment
    )
    assert shown.stdout.strip() == called
