"""Settings of a verb: a frozen dataclass, filled from a TOML file and flags, refused when it makes no sense.

The line beneath a field is its help on the command line. Keys and flags are the field names, flags with dashes.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from s1m.errors import UsageError, did_you_mean
from s1m.files.decoding import Undecodable, read_toml_file
from s1m.files.writing import shown_path

Count = Annotated[int, Meta(ge=1)]
Fraction = Annotated[float, Meta(gt=0, le=1)]
Settings = TypeVar("Settings")


def settings_from(kind: type[Settings], given: Mapping[str, Any], source: str = "settings") -> Settings:
    """Settings of a verb from plain values, as TOML or flags give them.

    Raises ``UsageError`` that names ``source`` and the key for an unknown key, a wrong type or an impossible value.
    """
    check_keys(kind, given, source)
    try:
        return msgspec.convert(dict(given), kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: {_plain(str(error))}") from None


def check_keys(kind: type, given: Mapping[str, Any], source: str) -> None:
    """Raises ``UsageError`` for a key that is no setting, with the nearest that is one, and for text that is none."""
    known = [field.name for field in fields(kind)]
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"{source}: there is no setting {name!r}{did_you_mean(name, known)}")
        try:
            str(value).encode()
        except UnicodeEncodeError:
            raise UsageError(f"{source}: {name} is not valid text") from None


def read_toml(path: Path) -> dict[str, Any]:
    """The keys of a settings file. Raises ``UsageError`` when it is missing or no TOML."""
    try:
        tables = read_toml_file(path)
    except OSError as error:
        raise UsageError(f"cannot read {shown_path(path)}: {error.strerror}") from None
    except Undecodable as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    tables.pop("provenance", None)  # a run's own settings.toml says how the run was made; that is not a setting
    return tables


def to_toml(settings: Any) -> str:
    """The settings as a file that ``--config`` reads back."""
    import tomli_w

    return tomli_w.dumps(asdict(settings, dict_factory=_without_none))


def field_help(settings_class: type) -> dict[str, str]:
    """The line beneath each field of a settings class; one that it has from its parent has the parent's."""
    texts: dict[str, str] = {}
    for kind in reversed([kind for kind in settings_class.__mro__ if is_dataclass(kind)]):
        (tree,) = ast.parse(inspect.getsource(kind)).body
        assert isinstance(tree, ast.ClassDef)
        for field, beneath in zip(tree.body, tree.body[1:], strict=False):
            if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
                continue
            if isinstance(beneath, ast.Expr):
                texts[field.target.id] = str(ast.literal_eval(beneath.value))
    return texts


def _without_none(items: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in items if value is not None}


def _plain(message: str) -> str:
    """``Expected `int` >= 1 - at `$.limit``` as ``limit: expected int >= 1``."""
    what, _, where = message.partition(" - at `$.")
    what = what.replace("`", "")
    name = where.rstrip("`").replace("[...]", "")
    return f"{name}: {what[:1].lower()}{what[1:]}" if name else what
