"""s1m's plugin brought along into vLLM's environment, which may be another one and need not be written to.

A folder for PYTHONPATH that holds this very package and nothing else: the packages beside it, torch among them, belong
to another environment and must not hide vLLM's own. Beside it lie the few lines by which vLLM finds plugins, those
that an installed s1m has.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

import s1m

GROUP = "vllm.logits_processors"
CLASS = "s1m.vllm_plugin:BudgetForcing"


@contextlib.contextmanager
def with_plugin(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a vLLM that finds the plugin; the folder that it names lasts as long as the block."""
    with tempfile.TemporaryDirectory(prefix="s1m-vllm-") as folder:
        write_plugin(Path(folder))
        yield with_path(environment, folder)


@contextlib.contextmanager
def without_plugin(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a vLLM that does not find the plugin, also where s1m is installed beside it."""
    with tempfile.TemporaryDirectory(prefix="s1m-vllm-") as folder:
        # Python takes the first metadata of a name that it finds, so these hide those of an installed s1m.
        write_metadata(Path(folder), entry_points="")
        yield with_path(environment, folder)


def with_path(environment: Mapping[str, str], folder: str) -> dict[str, str]:
    """The environment with a folder at the front of Python's path."""
    paths = [folder, environment.get("PYTHONPATH", "")]
    return {**environment, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def write_plugin(folder: Path) -> None:
    """Put the package and its metadata into a folder of Python's path. Doing it again changes nothing."""
    package = folder / "s1m"
    if not package.exists():
        package.symlink_to(Path(str(files("s1m"))), target_is_directory=True)
    write_metadata(folder, entry_points=f"[{GROUP}]\ns1m = {CLASS}\n")


def write_metadata(folder: Path, *, entry_points: str) -> None:
    """What an installed package says of itself."""
    metadata = folder / f"s1m-{s1m.__version__}.dist-info"
    metadata.mkdir(exist_ok=True)
    about = f"Metadata-Version: 2.1\nName: s1m\nVersion: {s1m.__version__}\n"
    (metadata / "METADATA").write_text(about, encoding="utf-8")
    (metadata / "entry_points.txt").write_text(entry_points, encoding="utf-8")
