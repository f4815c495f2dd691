"""Small training sets on disk, written as people have them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image as PILImage

from s1m.datasets.source import Source
from s1m.datasets.sources import Examples, load_examples
from s1m.families import Delimiters


def picture(width: int = 40, height: int = 30, red: int = 200) -> bytes:
    buffer = io.BytesIO()
    PILImage.new("RGB", (width, height), (red, 10, 10)).save(buffer, "PNG")
    return buffer.getvalue()


def trace(prompt: str = "How many sides?", answer: str = "It has 3.", image: bytes | None = None) -> dict[str, Any]:
    return {
        "image": None if image is None else {"bytes": image, "path": None},
        "prompt": prompt,
        "response": f"<think>\nCount: 1, 2, 3.\n</think>\n{answer}",
    }


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]], **kinds: Any) -> Path:
    """Rows as the Hub writes them; a column called image holds images."""
    from datasets import Dataset, Features, Image, Value

    columns = {name: kinds.get(name, Image() if name == "image" else Value("string")) for name in rows[0]}
    path.parent.mkdir(parents=True, exist_ok=True)
    Dataset.from_list([dict(row) for row in rows], features=Features(columns)).to_parquet(path)
    return path


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def examples_of(*sources: Source | str | Path, seed: int = 42) -> Examples:
    data = tuple(source if isinstance(source, Source) else Source(path=str(source)) for source in sources)
    return load_examples(data, seed=seed, delimiters=Delimiters("<think>", "</think>"))
