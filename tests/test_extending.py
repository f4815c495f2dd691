"""The page on extending s1m does what it says, from a package outside the repository and from one file inside it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import s1m
from s1m.errors import UsageError
from s1m.extensions import Extensions
from s1m.files.settings import read_toml
from s1m.forcing.strategies import STRATEGIES

pytestmark = pytest.mark.usefixtures("unrendered_figures")

PAGE = (Path(__file__).parent.parent / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS: dict[str, str] = dict(re.findall(r"```\w+ file=(\S+)\n(.*?)```", PAGE, re.DOTALL))
SOURCE = Path(s1m.__file__).parent

IN_THE_REPOSITORY = {
    "my_s1m/benchmark.py": "benchmarks/sums.py",
    "my_s1m/strategy.py": "forcing/strategies/patient.py",
    "my_s1m/engine.py": "engines/by_name/adder.py",
    "my_s1m/filter.py": "data/curate/filters/short.py",
    "verb/count.py": "cli/verbs/count.py",
}


def run(arguments: list[str], folder: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=200, env=environment, cwd=folder, check=False
    )


def commands(block: str) -> list[list[str]]:
    return [["-m", "s1m.cli", *shlex.split(line)[1:]] for line in BLOCKS[block].splitlines() if line]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page, in a folder with the metadata that an installer would write."""
    folder = tmp_path_factory.mktemp("package")
    for name, text in BLOCKS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "my_s1m" / "__init__.py").touch()
    project = tomllib.loads(BLOCKS["pyproject.toml"])["project"]
    info = folder / f"my_s1m-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [f"[{group}]\n" + "".join(f"{name} = {at}\n" for name, at in points.items()) for group, points in groups]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return folder


def test_a_package_adds_a_benchmark_a_strategy_and_an_engine(package: Path, tmp_path: Path) -> None:
    check = run([str(package / "check.py")], tmp_path, package, SOURCE.parent)
    assert check.returncode == 0, check.stderr
    shown = []
    for command in commands("run.sh"):
        done = run(command, tmp_path, package, SOURCE.parent)
        assert done.returncode == 0, done.stderr
        shown.append(done.stdout)
    assert "sums  Sums of two numbers" in shown[0]
    assert "levels are chains, of which the last answers: 1, 2, 3" in shown[1]
    assert f"at most {4 * (3 * 8192 + 3 * 3 * 256):,} tokens" in shown[1]
    summary = json.loads((tmp_path / "runs/sums/summary.json").read_text())
    assert [(level["level"], level["accuracy"]) for level in summary["levels"]] == [(1, 1.0), (2, 1.0), (3, 1.0)]
    assert summary["axis"] == "chains, of which the last answers"
    assert {part["value"] for part in summary["parts"]} == {"small"}
    kept = read_toml(tmp_path / "runs/by_class/settings.toml")
    assert (kept["benchmark"], kept["engine"], kept["model"], kept["origin"]) == (
        "my_s1m.benchmark:Sums", "my_s1m.engine:Adder", "adder-1", "generated",
    )  # fmt: skip
    assert (tmp_path / "compare.html").exists()
    # Where the package is not installed the run can still be reported, without what only the package knows.
    alone = run(["-m", "s1m.cli", "report", "runs/sums", "--json"], tmp_path, SOURCE.parent)
    assert alone.returncode == 0, alone.stderr


def test_a_package_adds_a_filter(package: Path, tmp_path: Path) -> None:
    shutil.copy(package / "curate.toml", tmp_path)
    for command in commands("curate.sh"):
        done = run(command, tmp_path, package, SOURCE.parent)
        assert done.returncode == 0, done.stderr
    funnel = json.loads((tmp_path / "curated/funnel.json").read_text())
    short = next(stage for stage in funnel["stages"] if stage["name"] == "short")
    assert any(reason.startswith("short") for reason in short["reasons"])


def test_one_file_each_adds_them_to_the_repository(tmp_path: Path) -> None:
    copy = tmp_path / "src" / "s1m"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for block, file in IN_THE_REPOSITORY.items():
        (copy / file).write_text(BLOCKS[block])
    eval_ = ["eval", "sums", "--engine", "adder", "--strategy", "patient", "--limit", "4", "--out", "runs/sums"]
    (tmp_path / "curate.toml").write_text(BLOCKS["curate.toml"].replace(', "my_s1m.filter:Short"', ""))
    for words in (eval_, ["data", "curate", "curate.toml"], ["count", "runs/sums"]):
        done = run(["-m", "s1m.cli", *words], tmp_path, copy.parent)
        assert done.returncode == 0, done.stderr
    assert done.stdout == "4\n"
    for words, name in ((["--help"], "count"), (["eval", "--help"], "patient"), (["eval", "--help"], "adder")):
        assert name in run(["-m", "s1m.cli", *words], tmp_path, copy.parent).stdout


BROKEN = {
    "raises.py": "raise RuntimeError('no licence\\nfor this')",
    "half.py": "class Half:\n    name = 'half'\n\nnumber = 3\n",
}


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("sequentia", "there is no strategy 'sequentia'; did you mean sequential"),
        ("absent_module:Thing", "strategy absent_module:Thing cannot be imported: No module named 'absent_module'"),
        ("raises:Thing", "strategy raises:Thing cannot be imported: no licence; install its package, or put"),
        ("half:Other", "cannot be imported: module 'half' has no attribute 'Other'"),
        ("half:number", "strategy half:number is not a class but int; name the class"),
        ("half:Half", "strategy half:Half lacks axis, build, flow, most_tokens, counts_ignored_stops; see docs/ext"),
        (":", "strategy : cannot be imported: Empty module name"),
        ("x" * 5000, "there is no strategy 'xxx"),
    ],
)
def test_what_cannot_be_loaded_is_one_line(
    name: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, text in BROKEN.items():
        (tmp_path / file).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UsageError) as caught:
        STRATEGIES.find(name)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_built_in_names_read_no_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    def installed(self: Extensions) -> dict[str, object]:
        raise AssertionError("the metadata of every installed package was read")

    monkeypatch.setattr(Extensions, "installed", installed)
    assert STRATEGIES.find("token-conditional").name == "token-conditional"
    assert STRATEGIES.find("vote").name == "vote"
