"""Files that are written: beside their place, renamed when whole, and never over something of another kind.

with writing(path) as file: file.write(...)      nothing of it stays when the block raises
replace_file(path, text)                         the same for content that is there already
check_output(path, PAGE, inputs=(...))           before the work, so that a refusal costs nothing
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from s1m.errors import DataError, UsageError

PARTIAL = ".partial"
"""At the end of the name of what is not whole yet."""

RUN_FILES = frozenset(
    {
        "settings.toml", "records.jsonl", "failures.jsonl", "judgements.jsonl", "descriptions.jsonl", "findings.jsonl",
        "rejects.jsonl", "log.jsonl", "summary.json", "funnel.json", "index.npz", ".lock",
    }
)  # fmt: skip
"""What folders of s1m hold beside pages and figures: no output that the user names goes there."""
SNIFFED_BYTES = 4096


@dataclass(frozen=True)
class Kind:
    """A kind of output file: what it is called, and whether a file that begins with these bytes is one."""

    name: str
    is_one: Callable[[bytes], bool]


PAGE = Kind("page", lambda head: head.lstrip()[:9].lower() == b"<!doctype")
VERDICTS = Kind("file of verdicts", lambda head: head.startswith(b'{"id":') and b'"rule":' in head)


def check_output(path: Path, kind: Kind, *, inputs: Sequence[Path] = ()) -> None:
    """Raise ``UsageError`` for an output that would destroy something: an input, a run's own file, another file."""
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name a file for the {kind.name}")
        for source in inputs:
            if is_same(path, source):
                raise UsageError(f"{path} is an input, which the {kind.name} would overwrite; choose another --out")
        if path.name in RUN_FILES and (path.resolve().parent / "settings.toml").exists():
            raise UsageError(f"{path} is a file of a run, which the {kind.name} would destroy; choose another --out")
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(SNIFFED_BYTES)
            if head and not kind.is_one(head):
                raise UsageError(f"{path} exists and is not a {kind.name}; remove it or choose another --out")
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write {shown_path(path)}: {getattr(error, 'strerror', None) or error}") from None


def check_apart(out: Path, inputs: Sequence[Path]) -> None:
    """Raise ``UsageError`` when a folder that is written is one of the inputs, or lies in one."""
    for source in inputs:
        if source.exists() and (is_same(out, source) or out.resolve().is_relative_to(source.resolve())):
            raise UsageError(f"{out} is an input, or lies in one: {source}; choose another --out")


def is_same(path: Path, other: Path) -> bool:
    """Whether two paths are one file or folder, links followed."""
    with suppress(OSError):
        return path.samefile(other)
    return path.resolve() == other.resolve()


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that takes the place of ``path`` when the block ends without an error; its folder is made.

    A device or a pipe, such as /dev/stdout, is written as it is. Raises ``DataError`` when the disk does not take it.
    """
    try:
        target = path.resolve()  # a link stays a link, and what it points to is replaced
        target.parent.mkdir(parents=True, exist_ok=True)
        is_special = target.exists() and not stat.S_ISREG(target.stat().st_mode)
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None
    partial = target if is_special else target.with_name(f".{target.name}.{os.getpid()}{PARTIAL}")
    try:
        with partial.open("wb") as file:
            yield file
        if not is_special:
            partial.replace(target)
    except BaseException as error:
        if not is_special:
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise unwritable(path, error) from None
        raise


def replace_file(path: Path, content: bytes | str) -> None:
    """Write a file whole or not at all; text as UTF-8, half characters replaced. Raises as ``writing`` does."""
    with writing(path) as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))


def shown_path(path: Path, longest: int = 200) -> str:
    """A path as a message shows it: one of thousands of characters by its ends."""
    text = str(path)
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[-longest // 2 :]}"


def unwritable(path: Path, error: Exception) -> DataError:
    """The error to raise for what the disk does not take."""
    return DataError(f"cannot write {shown_path(path)}: {getattr(error, 'strerror', None) or error}")
