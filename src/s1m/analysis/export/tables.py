"""One row an answer, as CSV and as Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from s1m.analysis.export.answers import COLUMNS
from s1m.errors import UsageError


def as_csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The rows as CSV in UTF-8 with a header; null is an empty cell, and true and false are written as in JSON."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue().encode("utf-8", "replace")


def as_parquet(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The rows as Parquet. Raises ``UsageError`` where pyarrow is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError("--to parquet needs pyarrow: pip install 's1m[evaluate]'") from None
    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), buffer)
    return buffer.getvalue()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
