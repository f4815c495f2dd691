"""Rows on disk, each read when it is used: a dataset's Arrow files, mapped into memory, or lines of JSON.

Both are small when pickled, so that every process of a loader reads for itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from s1m.datasets.example import Unusable
from s1m.datasets.pictures import Encoded
from s1m.errors import DataError
from s1m.files.decoding import MOST_BYTES, Undecodable, decode_json, numbered_lines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


SAMPLED_LINES = 64
"""Lines that tell the columns of a file: the first alone may be of another shape than the rest."""


class Rows(Protocol):
    """Rows of one source, by number."""

    columns: Sequence[str]

    def __len__(self) -> int: ...

    def row(self, number: int) -> Mapping[str, Any]:
        """The values of a row by column; images are not read. Raises ``Unusable`` for a line that is not an object."""
        ...

    def location(self, number: int) -> tuple[str, Path]:
        """File and number of a row, for messages, and the folder that its paths start from."""
        ...


@dataclass(frozen=True)
class Files:
    """Which of several files a row is in."""

    paths: Sequence[Path]
    starts: Sequence[int]
    """Number of the first row of each file."""

    def find(self, number: int) -> tuple[Path, int]:
        """The file of a row, and its number there."""
        index = bisect_right(self.starts, number) - 1
        return self.paths[index], number - self.starts[index]


class TableRows:
    """Rows of a ``datasets.Dataset``."""

    def __init__(self, dataset: Any, name: str, files: Files | None = None) -> None:
        self.columns: Sequence[str] = tuple(dataset.column_names)
        self._dataset = dataset.with_format("arrow")
        self._name = name
        self._files = files

    def __len__(self) -> int:
        return len(self._dataset)

    def row(self, number: int) -> Mapping[str, Any]:
        """The values of a row."""
        table = self._dataset[number]
        return {name: _value(table[name][0]) for name in self.columns}

    def location(self, number: int) -> tuple[str, Path]:
        """File and row, or the dataset's name and row."""
        if self._files is None:
            return f"{self._name} row {number + 1}", hub_folder()
        path, within = self._files.find(number)
        return f"{path.name} row {within + 1}", path.parent


def hub_folder() -> Path:
    """Where datasets of the Hub keep the images that their rows name by path: no row of theirs leads elsewhere."""
    from datasets.config import HF_CACHE_HOME

    return Path(HF_CACHE_HOME)


class LineRows:
    """Lines of JSON in some files; blank lines are skipped."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Find where every line begins. Raises ``DataError`` for a file that has no lines of JSON objects."""
        import numpy as np

        check_lines(paths[0])
        lines = [_lines(path) for path in paths]
        self._starts = np.concatenate(lines)
        # An array, 16 bytes a line: a list of pairs would take several times as much, in every process.
        counts = np.cumsum([0, *(len(some) for some in lines)])
        self._files = Files(paths=paths, starts=[int(count) for count in counts[:-1]])
        self.columns: Sequence[str] = columns_in(self._first_rows())

    def __len__(self) -> int:
        return len(self._starts)

    def _first_rows(self) -> Iterator[Mapping[str, Any]]:
        for number in range(min(len(self), SAMPLED_LINES)):
            with suppress(Unusable):
                yield self.row(number)

    def row(self, number: int) -> Mapping[str, Any]:
        """The values of a row."""
        path, _ = self._files.find(number)
        try:
            # Opened for every row: processes that inherit one open file would move each other's position.
            with path.open("rb") as file:
                file.seek(int(self._starts[number, 1]))
                # Bounded: a file without line breaks would be read whole.
                return decode_json(file.readline(MOST_BYTES + 1), dict[str, Any])
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from None
        except Undecodable as error:
            raise Unusable("no JSON object", f"line {self._starts[number, 0]}: {error}") from None

    def location(self, number: int) -> tuple[str, Path]:
        """File and line."""
        path, _ = self._files.find(number)
        return f"{path.name} line {self._starts[number, 0]}", path.parent


def check_lines(path: Path) -> None:
    """Raise ``DataError`` for a file whose first line that is not blank holds no JSON object, with what to do."""
    try:
        with path.open("rb") as file:
            number, line = next((each for each in numbered_lines(file, path) if each[1].strip()), (0, b""))
            more = file.read(1)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    if not line:
        raise DataError(f"{path} is empty")
    if line.lstrip().startswith(b"["):
        raise DataError(f"{path} is one JSON array; make lines of it: jq -c '.[]' {path.name} > new.jsonl")
    if line.strip() == b"{" and more:
        raise DataError(f"{path} has JSON over several lines; make one of each row: jq -c . {path.name} > new.jsonl")
    try:
        decode_json(line, dict[str, Any])
    except Undecodable as error:
        raise DataError(f"{path} is not a file of JSON lines: line {number}: {error}") from None


def columns_in(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns of some rows, in the order of their first appearance."""
    return tuple(dict.fromkeys(name for row in rows for name in row))


def _lines(path: Path) -> NDArray[np.int64]:
    """Number and first byte of every line that is not blank, of shape (lines, 2)."""
    import numpy as np

    starts: list[tuple[int, int]] = []
    at = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    starts.append((number, at))
                at += len(line)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    if not starts:
        raise DataError(f"{path} is empty")
    return np.array(starts, dtype=np.int64)


def _value(scalar: Any) -> Any:
    """A value as Python has it, except that the bytes of images are not copied."""
    from pyarrow import types

    if not scalar.is_valid:
        return None
    kind = scalar.type
    if types.is_binary(kind) or types.is_large_binary(kind):
        return Encoded(scalar.as_buffer())
    if types.is_struct(kind) and {"bytes", "path"} <= {field.name for field in kind}:
        return _value(scalar["bytes"]) or _value(scalar["path"])
    if types.is_list(kind) or types.is_large_list(kind):
        return [_value(item) for item in scalar]
    return scalar.as_py()
