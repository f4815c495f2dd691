"""Flags drawn from settings, a flag for each, and settings from the flags and the file that are given."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from s1m.cli.parser import Parser
from s1m.errors import UsageError

if TYPE_CHECKING:
    from s1m.datasets.source import Source


def given_flags(found: argparse.Namespace, but: Sequence[str] = ()) -> dict[str, Any]:
    """The flags of a verb that are given, without those called ``but`` and without which verb it is."""
    left_out = ("parser", *but)
    return {
        name: value
        for name, value in vars(found).items()
        if name not in left_out and name != "verb" and not name.endswith("_verb")
    }


def named_settings(kind: type, found: argparse.Namespace, subject: str) -> dict[str, Any]:
    """The settings that file and flags give, flags winning, and ``dry_run``, true or false.

    ``subject`` is the setting that the verb names without a flag. Raises ``UsageError`` when the file is for another.
    """
    from s1m.files.settings import check_keys, read_toml

    values = {} if found.config is None else read_toml(Path(found.config))
    dry_run = values.pop("dry_run", False) or found.dry_run
    if not isinstance(dry_run, bool):
        raise UsageError(f"{found.config}: dry_run is true or false, not {dry_run!r}")
    check_keys(kind, values, str(found.config))
    named = getattr(found, subject)
    if values.get(subject, named) != named:
        raise UsageError(f"{found.config} is for {values[subject]}, not for {named}")
    return {**values, **given_flags(found, but=("config", "dry_run")), "dry_run": dry_run}


def named_source(path: str, verb: str, **table: Any) -> Source:
    """A source named on the command line, with keys of a ``[[data]]`` table. Raises ``UsageError`` for a wrong one."""
    from s1m.datasets.source import Source
    from s1m.files.settings import settings_from

    given = {name: value for name, value in table.items() if value is not None}
    return settings_from(Source, {"path": path, **given}, verb)


def add_tokenizer(verb: Parser) -> None:
    """The flag that says what counts tokens."""
    verb.add_argument(
        "--tokenizer",
        metavar="NAME",
        default="",
        help="folder with a tokenizer.json, Hub id, or bundled: what counts tokens (default: characters / 4)",
    )


def file_and_flags(kind: type, found: argparse.Namespace, but: Sequence[str] = ()) -> dict[str, Any]:
    """The settings of ``kind`` that a file and flags give, flags winning; the flags called ``but`` are none."""
    from s1m.files.settings import check_keys, read_toml

    values = {} if found.config is None else read_toml(Path(found.config))
    check_keys(kind, values, str(found.config))
    return {**values, **given_flags(found, but=("config", *but))}


def add_settings(verb: Parser, kind: type, *, but: Sequence[str]) -> None:
    """A flag for every setting, and one for a file that fills the rest."""
    verb.add_argument("--config", metavar="FILE.toml", help="settings from a file; flags on the command line win")
    add_fields(verb, kind, but=but)


def add_fields(verb: Parser, kind: type, *, but: Sequence[str]) -> None:
    """A flag for every setting, all absent unless given."""
    from s1m.files.settings import field_help

    hints = get_type_hints(kind, include_extras=False)
    texts = field_help(kind)
    for field in fields(kind):
        if field.name not in but:
            _add_setting(verb, field.name, hints[field.name], field.default, texts[field.name])


def _add_setting(verb: Parser, name: str, hint: Any, default: Any, text: str) -> None:
    flag = "--" + name.replace("_", "-")
    shown = _shown(default)
    options: dict[str, Any] = {
        "default": argparse.SUPPRESS,
        "help": f"{text} Default: {shown.removesuffix('.')}." if shown else text,
    }
    if get_origin(hint) is Literal:
        options["choices"] = get_args(hint)
    elif hint is bool:
        options["action"] = argparse.BooleanOptionalAction
    elif name.endswith(("num_ignore", "levels")):
        options["metavar"] = "LEVELS"
    elif get_origin(hint) is tuple and get_origin(get_args(hint)[0]) is Literal:
        options |= {"nargs": "+", "choices": get_args(get_args(hint)[0])}
    elif get_origin(hint) is tuple:
        options |= {"nargs": "+", "metavar": "TEXT"}
    else:
        kind = next(t for t in (*get_args(hint), hint) if t in (int, float, str))
        options |= {"type": kind, "metavar": {int: "N", float: "X", str: "TEXT"}[kind]}
    options["help"] = options["help"].replace("%", "%%")
    verb.add_argument(flag, **options)


def _shown(default: Any) -> str:
    """A default as help shows it."""
    if default is MISSING:
        return ""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple) and default:
        if not all(isinstance(item, int) for item in default):
            return " ".join(repr(item) for item in default)
        run = default == tuple(range(default[0], default[-1] + 1))
        return f"{default[0]}-{default[-1]}" if run else ",".join(str(item) for item in default)
    return (
        ""
        if default in (None, "", ())
        else repr(default)
        if isinstance(default, str) and "\n" in default
        else str(default)
    )
