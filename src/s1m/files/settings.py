"""Settings of a verb: a frozen dataclass, filled from a TOML file and flags, refused when it makes no sense.

The line beneath a field is its help on the command line. Keys and flags are the field names, flags with dashes. A field
whose type is a settings dataclass itself is a part: its fields are keys and flags of the whole, without a prefix, so
that verbs share parts and a file stays flat.
"""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_args, get_type_hints

import msgspec
from msgspec import Meta

from s1m.errors import S1mError, UsageError, did_you_mean
from s1m.extensions import Extensions
from s1m.files.decoding import Undecodable, read_toml_file
from s1m.files.writing import shown_path

MOST_COUNT = 10**12
"""No count or budget of a run comes near it."""
MOST_NUMBER = 2**63 - 1
"""Largest whole number of TOML; a larger one would overflow in the libraries that are given it."""
MOST_TEXT = 100_000
"""Characters of one setting; a prompt may be long, a slip that pastes a file is refused."""
MOST_PATH = 4096
"""Bytes of a path on Linux; longer ones fail in every system call, each with a traceback of its own."""
MOST_SHOWN = 80
"""Characters of a wrong value that an error message repeats."""

Count = Annotated[int, Meta(ge=1, le=MOST_COUNT)]
Fraction = Annotated[float, Meta(gt=0, le=1)]
FilePath = Annotated[str, Meta(extra={"path": True})]
"""A text that names a file or folder here; a name at the Hub is allowed where the help says so."""
Settings = TypeVar("Settings")

NOT_A_FLAG: Mapping[str, bool] = {"flag": False}
"""Metadata of a field that is kept in the file of a run and cannot be asked for."""

LATER: Mapping[str, bool] = {"later": True}
"""Metadata of a field that earlier versions did not have: with its default value it is left out of files and digests,
so that runs of those versions are resumed and their records found."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of flat settings: where its value lies, and what is said of it."""

    name: str
    path: tuple[str, ...]
    """Names of the parts that hold it, outermost first."""
    hint: Any
    """Its type, annotations included."""
    default: Any
    """``MISSING`` where it must be given."""
    help: str
    part: type
    """The dataclass whose field it is."""
    flag: bool
    later: bool
    """Whether it is left out of files and digests while it has its default value."""
    names: Extensions | None
    """What it may name beside what is built in, where it names a class."""


def keys_of(kind: type) -> Mapping[str, Key]:
    """The keys of a settings dataclass with those of its parts, in their order."""
    return _all_keys(cast(Hashable, kind))


@cache
def _all_keys(kind: Any) -> Mapping[str, Key]:
    return {key.name: key for key in _keys(kind, MISSING, ())}


def _keys(kind: type, default: Any, path: tuple[str, ...]) -> Iterator[Key]:
    hints = get_type_hints(kind, include_extras=True)
    texts = field_help(kind)
    for field in fields(kind):
        own_default = _default(field) if default is MISSING else getattr(default, field.name)
        if is_dataclass(hints[field.name]):
            yield from _keys(hints[field.name], own_default, (*path, field.name))
        else:
            yield Key(
                name=field.name,
                path=path,
                hint=hints[field.name],
                default=own_default,
                help=texts.get(field.name, ""),
                part=kind,
                flag=field.metadata.get("flag", True),
                later=field.metadata.get("later", False),
                names=field.metadata.get("names"),
            )


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def flat(settings: Any) -> dict[str, Any]:
    """The values of settings by their keys, those of parts among them."""
    values = {}
    for name, key in keys_of(type(settings)).items():
        part = settings
        for step in key.path:
            part = getattr(part, step)
        values[name] = getattr(part, name)
    return values


def written(settings: Any) -> dict[str, Any]:
    """The values of settings that files and digests hold: all but those of ``LATER`` keys at their defaults."""
    keys = keys_of(type(settings))
    return {
        name: value for name, value in flat(settings).items() if not (keys[name].later and value == keys[name].default)
    }


def settings_from(kind: type[Settings], given: Mapping[str, Any], source: str = "settings") -> Settings:
    """Settings of a verb from plain values by their keys, as TOML or flags give them.

    Raises ``UsageError`` that names ``source`` and the key for an unknown key, a wrong type or an impossible value.
    """
    check_keys(kind, given, source)
    values: dict[str, Any] = {}
    for name, key in keys_of(kind).items():
        held = values
        for step in key.path:
            held = held.setdefault(step, {})
        if name in given:
            held[name] = given[name]
        elif key.default is not MISSING:
            held[name] = key.default
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: {_plain(str(error), kind, given)}") from None
    except S1mError as error:  # raised by a check of the settings' own
        raise UsageError(f"{source}: {error}") from None


def changed(settings: Settings, **values: Any) -> Settings:
    """The settings with other values of some keys, checked again."""
    return settings_from(type(settings), {**flat(settings), **values})


def check_keys(kind: type, given: Mapping[str, Any], source: str) -> None:
    """Raises ``UsageError`` for a key that is not a setting, with the nearest that is one, and for impossible values.

    Impossible are, whatever the key: numbers that are not finite or beyond ``MOST_NUMBER``, text that is not valid
    Unicode or too long, and a path that no system call would take.
    """
    known = keys_of(kind)
    check_names(given, known, source)
    for name, value in given.items():
        if _is_path(known[name].hint):
            for path in value if isinstance(value, list | tuple) else (value,):
                if isinstance(path, str):
                    check_path(path, f"{source}: {name}")


def check_names(given: Mapping[str, Any], known: Collection[str], source: str, *, noun: str = "setting") -> None:
    """The same for the keys of any table, of which only these are ``known``; paths are not looked at."""
    for name, value in given.items():
        if name not in known:
            shown = name if len(name) <= MOST_SHOWN else f"{name[:MOST_SHOWN]}..."
            raise UsageError(f"{source}: there is no {noun} {shown!r}{did_you_mean(shown, known)}")
        _check_value(f"{source}: {name}", value)


def check_path(path: str, where: str) -> str:
    """The path. Raises ``UsageError`` that begins with ``where`` for one that no system call would take."""
    if "\0" in path or len(path.encode(errors="surrogateescape")) > MOST_PATH:
        shown = repr(path if len(path) <= MOST_SHOWN else f"{path[:MOST_SHOWN]}...")
        raise UsageError(f"{where} cannot be a path: {shown}; give one of at most {MOST_PATH} bytes without NUL")
    if path.startswith("~"):
        try:
            Path(path).expanduser()
        except RuntimeError:
            raise UsageError(f"{where}: there is no home folder for {path!r}; write the path in full") from None
    return path


def _check_value(where: str, value: object) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{where} is not valid text") from None
        if len(value) > MOST_TEXT:
            raise UsageError(f"{where} has {len(value):,} characters; at most {MOST_TEXT:,} are allowed")
    elif isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{where} is not a finite number: {value}; write a number")
    elif isinstance(value, int) and abs(value) > MOST_NUMBER:
        raise UsageError(f"{where} is out of range: {_short(value)}; it must lie within {MOST_NUMBER:,}")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            _check_value(where, key)
            _check_value(where, each)
    elif isinstance(value, list | tuple):
        for each in value:
            _check_value(where, each)


def _short(value: int) -> str:
    # str() of an integer beyond 4,300 digits raises, so the size of a huge one is said by its bits.
    return f"a number of {value.bit_length():,} bits" if value.bit_length() > 64 else f"{value:,}"


def _is_path(hint: Any) -> bool:
    return any(
        (isinstance(part, Meta) and (part.extra or {}).get("path", False)) or _is_path(part) for part in get_args(hint)
    )


def read_toml(path: Path) -> dict[str, Any]:
    """The keys of a settings file. Raises ``UsageError`` when it is missing or not TOML."""
    check_path(str(path), "the settings file")
    try:
        tables = read_toml_file(path)
    except OSError as error:
        raise UsageError(f"cannot read {shown_path(path)}: {error.strerror}") from None
    except Undecodable as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    tables.pop("provenance", None)  # a run's own settings.toml says how the run was made; that is not a setting
    return tables


def to_toml(settings: Any) -> str:
    """The settings as a flat file that ``--config`` reads back."""
    import tomli_w

    return tomli_w.dumps({name: _plain_value(value) for name, value in written(settings).items() if value is not None})


def _plain_value(value: Any) -> Any:
    """Tables of settings within settings, such as ``[[data]]``, as mappings."""
    if is_dataclass(value):
        return {name: _plain_value(each) for name, each in flat(value).items() if each is not None}
    return [_plain_value(each) for each in value] if isinstance(value, list | tuple) else value


def field_help(settings_class: type) -> dict[str, str]:
    """The line beneath each field of a settings class that is not a part."""
    (tree,) = ast.parse(inspect.getsource(settings_class)).body
    assert isinstance(tree, ast.ClassDef)
    texts: dict[str, str] = {}
    for field, beneath in zip(tree.body, tree.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(beneath, ast.Expr):
            texts[field.target.id] = " ".join(str(ast.literal_eval(beneath.value)).split())
    return texts


def _plain(message: str, kind: type, given: Mapping[str, Any]) -> str:
    """``Expected `int` >= 1 - at `$.problems.limit``` as ``limit: expected int >= 1, not 0``."""
    what, _, where = message.partition(" - at `$.")
    what = what.replace("`", "")
    name = where.rstrip("`").replace("[...]", "")
    for part in _part_names(kind):
        # An error at a part itself is one of its checks, which name their keys themselves.
        name = "" if name == part else name.removeprefix(f"{part}.")
    value = given.get(name)
    # A wrong type is named in the message already; a value is repeated where it is a number.
    shown = f", not {value}" if isinstance(value, int | float) and "got" not in what else ""
    return f"{name}: {what[:1].lower()}{what[1:]}{shown}" if name else what


def _part_names(kind: type) -> list[str]:
    return sorted({".".join(key.path) for key in keys_of(kind).values() if key.path}, key=len, reverse=True)
