"""Real benchmark data beside the checkout, where there is some; and a way to write small parquet files."""

from __future__ import annotations

import functools
import io
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from PIL import Image
from pyarrow import parquet

SHARED = next(
    (folder for parent in Path(__file__).parents for folder in [parent / "shared" / "data"] if folder.is_dir()), None
)

IMAGE = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])


def shared(*names: str) -> Path:
    """A file of the shared data; the test is skipped without it."""
    if SHARED is None:
        pytest.skip("no shared data beside the checkout")
    return SHARED.joinpath(*names)


def picture(colour: str = "red", mode: str = "RGB") -> dict[str, Any]:
    """A small PNG as parquet keeps it."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), colour).convert(mode).save(buffer, format="PNG")
    return {"bytes": buffer.getvalue(), "path": f"{colour}.png"}


def write(path: Path, rows: Sequence[Mapping[str, Any]], **types: pyarrow.DataType) -> Path:
    """Write rows as a parquet file, two rows a group; ``types`` of columns that the rows alone do not tell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        name: pyarrow.array([row[name] for row in rows], types.get(name) or (IMAGE if "image" in name else None))
        for name in rows[0]
    }
    parquet.write_table(pyarrow.table(arrays), path, row_group_size=2)
    return path


@functools.cache
def tiny_sets(folder: Path) -> Path:
    """Tiny parquet sets with the columns of every benchmark, written by the shared schemas (needs ``datasets``)."""
    pytest.importorskip("datasets")
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache"), "PATH": "/usr/bin:/bin"}
    script = shared("schemas", "schemas.py")
    subprocess.run(
        [sys.executable, str(script), str(folder / "sets")], env=environment, check=True, capture_output=True
    )
    return folder / "sets"
