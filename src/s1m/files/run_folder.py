"""A folder that long work is kept in: whose it is, and that one process at a time works in it."""

from __future__ import annotations

import fcntl
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s1m.errors import DataError, UsageError

SETTINGS = "settings.toml"
LOCK = ".lock"
MOST_NAMED = 6
"""Settings that differ which an error names."""


def claim(out: Path, settings: str, *, loose: frozenset[str], work: str) -> Path:
    """The folder, made and marked with ``settings``, which are TOML; ``work`` is what it is for, such as a training.

    Raises ``UsageError`` when it holds one whose settings differ in more than the ``loose`` ones.
    """
    path = out / SETTINGS
    wanted = tomllib.loads(settings)
    try:
        if path.exists():
            standing = tomllib.loads(path.read_text(encoding="utf-8"))
            differing = [name for name in {*standing, *wanted} - loose if standing.get(name) != wanted.get(name)]
            if differing:
                differing.sort(key=lambda name: (name not in standing or name not in wanted, name))
                names = ", ".join(differing[:MOST_NAMED]) + (" and more" if len(differing) > MOST_NAMED else "")
                raise UsageError(f"{out} is of a {work} with other {names}; choose another --out")
        out.mkdir(parents=True, exist_ok=True)
        partial = out / f"{SETTINGS}.partial"
        partial.write_text(settings, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path} is no TOML: {error}; remove it or choose another --out") from None
    return out


@contextmanager
def held(out: Path) -> Iterator[None]:
    """Keep the folder, made if need be, to this process. Raises ``UsageError`` when another one works in it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / LOCK).open("w")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"{out} is in use by another process; wait for it or choose another --out") from None
        yield
