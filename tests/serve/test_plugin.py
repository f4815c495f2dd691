"""The plugin in vLLM's environment: found there, and nothing else with it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from s1m.serve.plugin import CLASS, GROUP, with_plugin, without_plugin, write_plugin

ROOT = Path(__file__).parent.parent.parent
FINDS = f"""
from importlib.metadata import entry_points
from s1m.vllm_plugin.row import Row
print([point.value for point in entry_points(group={GROUP!r})], Row.__module__)
"""


def test_another_python_finds_the_plugin_by_its_path_alone() -> None:
    with with_plugin({"PATH": os.environ["PATH"]}) as environment:
        (folder,) = environment["PYTHONPATH"].split(os.pathsep)
        assert sorted(path.name.partition("-")[0] for path in Path(folder).iterdir()) == ["s1m", "s1m"]
        # Without site-packages, as in an environment that has none of ours.
        done = subprocess.run([sys.executable, "-S", "-c", FINDS], env=environment, capture_output=True, text=True)
        assert done.stdout == f"[{CLASS!r}] s1m.vllm_plugin.row\n", done.stderr
    assert not Path(folder).exists()


def test_it_is_left_out_also_where_s1m_is_installed_beside_vllm(tmp_path: Path) -> None:
    write_plugin(tmp_path)  # as good as installed
    installed = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    for environment, found in ((installed, f"[{CLASS!r}]"), (None, "[]")):
        with without_plugin(installed) as without:
            done = subprocess.run(
                [sys.executable, "-S", "-c", FINDS], env=environment or without, capture_output=True, text=True
            )
        assert done.stdout == f"{found} s1m.vllm_plugin.row\n", done.stderr


def test_paths_that_are_there_already_stay() -> None:
    with with_plugin({"PYTHONPATH": "/mine"}) as environment:
        assert environment["PYTHONPATH"].split(os.pathsep)[1:] == ["/mine"]


def test_an_installed_s1m_names_the_same_class() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][GROUP] == {"s1m": CLASS}


def test_writing_it_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        write_plugin(tmp_path)
    assert (tmp_path / "s1m" / "vllm_plugin" / "row.py").exists()
