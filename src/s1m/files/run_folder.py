"""A folder that long work is kept in: whose it is, and that one process at a time works in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from s1m.errors import DataError, UsageError
from s1m.files.decoding import Undecodable, decode_toml, read_toml_file
from s1m.files.writing import PARTIAL, replace_file, shown_path, unwritable

SETTINGS = "settings.toml"
LOCK = ".lock"
PROVENANCE = "provenance"
"""The array of tables in ``settings.toml`` that says what the work was done with. It is not a setting."""
PROVENANCE_MARK = f"\n[[{PROVENANCE}]]\n"
"""How its first table begins; before it stand the settings as they were written."""
MOST_NAMED = 6
"""Settings that differ which an error names."""


def read_settings(out: Path) -> dict[str, Any] | None:
    """The tables of the folder's ``settings.toml``; None where there is none. Raises ``DataError`` when damaged."""
    path = out / SETTINGS
    try:
        return read_toml_file(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataError(f"cannot read {shown_path(path)}: {error.strerror}") from None
    except Undecodable as error:
        raise DataError(f"{path} is damaged: {error}; remove it or choose another --out") from None


def claim(
    out: Path, settings: str, *, loose: frozenset[str], work: str, binding: bool = True, keep: bool = False
) -> Path:
    """The folder, made and marked with ``settings``, which are TOML; ``work`` is what it is for, such as a training.

    Raises ``UsageError`` when it holds one whose settings differ in more than the ``loose`` ones. Without ``binding``
    nothing would be mixed up yet, and the settings that are there are replaced. With ``keep`` they stay as they are.
    """
    present = read_settings(out)
    wanted = decode_toml(settings.encode())
    if present is not None and binding and (differing := _differing(present, wanted, loose)):
        names = ", ".join(differing[:MOST_NAMED])
        more = f" and {len(differing) - MOST_NAMED} more" if len(differing) > MOST_NAMED else ""
        raise UsageError(
            f"{out} holds a {work} with other settings: {names}{more}; choose another --out, or give the same settings "
            "to resume it"
        )
    if present is None or not keep:
        try:
            replace_file(out / SETTINGS, settings)
        except DataError as error:
            raise UsageError(str(error)) from None
    return out


def with_provenance(settings: str, entries: list[Mapping[str, Any]]) -> str:
    """Settings as TOML, followed by what the work was done with: one table for every start that differed."""
    import tomli_w

    return settings + "\n" + tomli_w.dumps({PROVENANCE: entries})


def _differing(present: Mapping[str, Any], wanted: Mapping[str, Any], loose: frozenset[str]) -> list[str]:
    """The settings that differ, with both values; those that only one side has come last."""
    names = [
        name
        for name in dict.fromkeys((*wanted, *present))
        if name not in loose and name != PROVENANCE and present.get(name) != wanted.get(name)
    ]
    names.sort(key=lambda name: name not in present or name not in wanted)
    return [
        f"{name} ({_short(present.get(name, 'unset'))} there, {_short(wanted.get(name, 'unset'))} now)"
        for name in names
    ]


def _short(value: object, longest: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


@contextmanager
def held(out: Path) -> Iterator[None]:
    """Keep the folder, made if need be, to this process. Raises ``UsageError`` when another one works in it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / LOCK).open("w")  # a file of its own: one that is replaced would lose its lock
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write {shown_path(out)}: {getattr(error, 'strerror', None) or error}") from None
    with lock:
        try:
            _lock(lock)
        except OSError:
            raise UsageError(f"{out} is in use by another process; wait for it or choose another --out") from None
        yield


@contextmanager
def writing_folder(folder: Path) -> Iterator[Path]:
    """An empty folder that takes the place of ``folder``, with all that it held, when the block ends without an error.

    Errors of the block pass through, and nothing half-done stays. Raises ``DataError`` when the disk does not take it,
    ``UsageError`` when another process writes the same folder.
    """
    target = folder.resolve()
    partial = target.with_name(f".{target.name}{PARTIAL}")
    with held(partial):
        try:
            for left_over in partial.iterdir():
                if left_over.name != LOCK:
                    shutil.rmtree(left_over) if left_over.is_dir() else left_over.unlink()
            yield partial
            try:
                shutil.rmtree(target, ignore_errors=True)
                (partial / LOCK).unlink()
                partial.rename(target)
            except OSError as error:
                raise unwritable(folder, error) from None
        except BaseException:  # what was interrupted, too, would only take room
            shutil.rmtree(partial, ignore_errors=True)
            raise


def _lock(file: IO[str]) -> None:
    """Lock a file until it is closed or the process ends. Raises ``OSError`` when another process has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
