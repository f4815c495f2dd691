"""Paths that a data file names: where they may lead, and what may be read there.

A data file is foreign text. What it names must lie in its own folder, links followed, or in one other folder
that the user allows; only regular files that begin as an image does are read.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from s1m.errors import DataError, UsageError
from s1m.files.images import MOST_BYTES, begins_as_image
from s1m.files.writing import shown_path

FILE_ENDINGS = (
    ".arrow", ".csv", ".gguf", ".gz", ".json", ".jsonl", ".parquet", ".tar", ".toml", ".tsv", ".txt", ".xlsx", ".yaml",
    ".yml", ".zip",
)  # fmt: skip


class ForeignPath(DataError):
    """A path in a data file that leads outside, to nothing, or to what is not an image."""


@dataclass(frozen=True)
class Roots:
    """The folder of a data file, and the one other folder that its paths may lead to."""

    folder: Path
    outside: Path | None = None

    def find(self, name: str) -> Path:
        """The image file that a data file calls ``name``, links followed. Raises ``ForeignPath``."""
        shown = repr(shown_path(Path(name)))
        try:
            path = Path(os.path.realpath(self.folder / name))
            is_inside = any(path.is_relative_to(os.path.realpath(root)) for root in self._all())
            status = path.stat() if is_inside else None
        except FileNotFoundError:
            raise ForeignPath(f"there is no file {shown} in {self.folder}") from None
        except (OSError, ValueError) as error:
            raise ForeignPath(f"cannot read {shown}: {getattr(error, 'strerror', None) or error}") from None
        if status is None:
            raise ForeignPath(
                f"{shown} leads outside {self.folder.resolve()}, the data file's folder; move the image there, or "
                "allow its folder with --allow-outside PATH"
            )
        if not stat.S_ISREG(status.st_mode):
            raise ForeignPath(f"{shown} is not a regular file")
        return path

    def _all(self) -> tuple[Path, ...]:
        return (self.folder,) if self.outside is None else (self.folder, self.outside)


def allowed_folder(allow_outside: str | None) -> Path | None:
    """The folder that ``--allow-outside`` names; None for nothing. Raises ``UsageError`` for what is not a folder."""
    if not allow_outside:
        return None
    outside = user_path(allow_outside)
    if not outside.is_dir():
        raise UsageError(f"--allow-outside {allow_outside}: it is not a folder; name the folder of the images")
    return outside


def user_path(text: str) -> Path:
    """A path as the user wrote it, ``~`` resolved. Raises ``UsageError`` for one that no system can have."""
    try:
        path = Path(text).expanduser()
        if "\0" in text:
            raise ValueError("it holds a NUL")
        path.exists()
    except (OSError, ValueError, RuntimeError) as error:  # too long; a NUL; the home of a user who does not exist
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{shown_path(Path(text))!r} is not a path that can be used: {reason.lower()}") from None
    return path


def looks_local(text: str) -> bool:
    """Whether a text that names no file here was meant as a path: it begins or ends as one, and no Hub id does.

    The Hub need not be asked for it, which takes half a minute to fail without a network.
    """
    return text.startswith(("./", "../", "/", "~")) or Path(text).suffix.lower() in FILE_ENDINGS


def open_regular(path: Path) -> int:
    """A descriptor of a regular file. Raises ``OSError``; nothing waits for the other end of a pipe or for a device."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(0, "it is not a regular file")


def read_image(path: Path) -> bytes:
    """The bytes of an image file. Raises ``ForeignPath`` for what is not one."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            head = file.read(32)
            if not begins_as_image(head):
                raise ForeignPath(f"{shown_path(path)} does not begin as an image does; name a PNG, JPEG or WebP file")
            content = head + file.read(MOST_BYTES + 1 - len(head))
    except OSError as error:
        raise ForeignPath(f"cannot read {shown_path(path)}: {error.strerror or error}") from None
    if len(content) > MOST_BYTES:
        raise ForeignPath(f"{shown_path(path)} has more than {MOST_BYTES:,} bytes; make it smaller")
    return content
