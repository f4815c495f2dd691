"""Pictures that a dataset keeps beside its rows: in one zip file, or unpacked in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from s1m.errors import DataError
from s1m.files.paths import ForeignPath, Roots, read_image


class Pictures:
    """The picture of each row by its name, read when it is asked for."""

    def __init__(self, folder: Path, archive: str, names: Sequence[str]) -> None:
        """Check that every picture is there. Raises ``DataError`` that names the first that is not."""
        self._names = [name.removeprefix("./") for name in names]
        self._archive = folder / archive
        self._zipped = self._archive.is_file()
        self._roots = Roots(folder, None)
        there = set(self._listed()) if self._zipped else set()
        for name in self._names:
            if self._zipped and name not in there:
                raise DataError(f"{self._archive} has no {name}; download it again")
            if not self._zipped:
                self._file(name)

    def images(self, row: int) -> tuple[bytes, ...]:
        """The picture of a row, encoded as it is."""
        name = self._names[row]
        if not self._zipped:
            return (read_image(self._file(name)),)
        try:
            with ZipFile(self._archive) as archive:
                return (archive.read(name),)
        except (OSError, KeyError, BadZipFile) as error:
            raise DataError(f"cannot read {name} in {self._archive}: {error}") from None

    def _listed(self) -> list[str]:
        try:
            with ZipFile(self._archive) as archive:
                return archive.namelist()
        except (OSError, BadZipFile) as error:
            raise DataError(f"cannot read {self._archive}: {error}") from None

    def _file(self, name: str) -> Path:
        try:
            return self._roots.find(name)
        except ForeignPath as error:
            raise DataError(f"{error}; it is wanted unpacked, or in {self._archive}") from None
