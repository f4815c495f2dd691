"""One row of a benchmark's file, with what is expected of each value: a wrong one is named by file, row and column.

row = Row(values={"pid": "1", "metadata": {"grade": "college"}}, file="testmini.parquet", number=1)
row.text("metadata.grade")     "college": a dot goes into a struct
row.integer("pid")             DataError: testmini.parquet, row 1, column 'pid': expected a whole number, got '1'
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from s1m.errors import DataError, UsageError, did_you_mean
from s1m.scoring.readers.choices import LETTERS


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Values of one row by column, and where it stands.

    ``number`` counts the rows of the file from 1, ``index`` those of all files of a split from 0.
    """

    values: Mapping[str, object]
    file: str
    number: int
    index: int = 0

    def wrong(self, column: str, what: str) -> DataError:
        """The error to raise for a value of this row."""
        return DataError(f"{self.file}, row {self.number}, column {column!r}: {what}")

    def refused(self, column: str, what: str) -> UsageError:
        """The error to raise for a column or value that the user must change, whatever the rest of the data is."""
        return UsageError(f"{self.file}, row {self.number}, column {column!r}: {what}")

    def has(self, column: str) -> bool:
        """Whether there is such a column with a value that is not null."""
        first, *rest = column.split(".")
        value = self.values.get(first)
        for part in rest:
            value = value.get(part) if isinstance(value, Mapping) else None
        return value is not None

    def value(self, column: str) -> object:
        """The value of a column; a dot goes into a struct."""
        first, *rest = column.split(".")
        if first not in self.values:
            raise self.wrong(first, f"there is no such column{did_you_mean(first, self.values)}")
        value = self.values[first]
        for part in rest:
            if not isinstance(value, Mapping) or part not in value:
                raise self.wrong(column, f"there is no {part!r} in it")
            value = value[part]
        return value

    def text(self, column: str) -> str:
        """A text, which may be empty."""
        value = self.value(column)
        if not isinstance(value, str):
            raise self.wrong(column, f"expected text, got {shown(value)}")
        return value

    def filled(self, column: str) -> str:
        """A text that is not blank."""
        value = self.text(column)
        if not value.strip():
            raise self.wrong(column, "expected text, got none")
        return value

    def plain(self, column: str) -> str:
        """A text that is not blank, or a number or truth value as text: 3 and 3.0 are "3", true is "true"."""
        value = self.value(column)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(value) if isinstance(value, int | float) else self.filled(column).strip()

    def text_or(self, column: str, otherwise: str = "") -> str:
        """A text, or ``otherwise`` where the column is missing or null."""
        return self.text(column) if self.has(column) else otherwise

    def integer(self, column: str) -> int:
        """A whole number."""
        value = self.value(column)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(column, f"expected a whole number, got {shown(value)}")
        return value

    def flag(self, column: str) -> bool:
        """Whether something is so; not, where the column is missing or null."""
        value = self.value(column) if self.has(column) else False
        if not isinstance(value, bool):
            raise self.wrong(column, f"expected true or false, got {shown(value)}")
        return value

    def texts(self, column: str) -> tuple[str, ...]:
        """A list of texts, empty where the column is missing or null."""
        if not self.has(column):
            return ()
        value = self.value(column)
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise self.wrong(column, f"expected a list of texts, got {shown(value)}")
        return tuple(value)

    def written_texts(self, column: str) -> tuple[str, ...]:
        """A list of texts, as such or written as one text in Python's spelling: ``"['1', '2']"``."""
        if isinstance(self.value(column), list):
            return self.texts(column)
        written = self.text(column)
        try:
            value = ast.literal_eval(written.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = None
        if not isinstance(value, list):
            raise self.wrong(column, f"expected a list in Python's spelling, got {shown(written)}")
        return tuple(str(part) for part in value)

    def letter(self, column: str, choices: int) -> str:
        """A capital letter that names one of ``choices`` choices."""
        value = self.text(column).strip()
        if len(value) != 1 or not 0 <= ord(value) - ord("A") < choices:
            raise self.wrong(column, f"expected the letter of one of {choices} choices, got {shown(value)}")
        return value


def shown(value: object) -> str:
    """A value of the data as a message shows it: short."""
    if value is None:
        return "null"
    written = repr(value)
    return written if len(written) <= 60 else written[:57] + "..."


def lettered(choices: tuple[str, ...], form: str) -> str:
    """Choices one a line, each as ``form`` has it: ``lettered(("1", "2"), "({letter}) {choice}")``."""
    return "\n".join(
        form.format(letter=letter, choice=choice) for letter, choice in zip(LETTERS, choices, strict=False)
    )
