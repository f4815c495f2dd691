"""Flags drawn from settings, a flag for each key, and settings from the flags and the file that are given."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import MISSING
from functools import partial
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from s1m.cli.parser import Parser
from s1m.cli.values import path, real, whole
from s1m.errors import UsageError

if TYPE_CHECKING:
    from s1m.datasets.source import Source
    from s1m.files.settings import Key


def given_flags(given: argparse.Namespace, but: Sequence[str] = ()) -> dict[str, Any]:
    """The flags of a verb that are given, without those called ``but`` and without which verb it is."""
    left_out = ("parser", "verb", *but)
    return {name: value for name, value in vars(given).items() if name not in left_out and not name.endswith("_verb")}


def file_and_flags(
    kind: type, given: argparse.Namespace, *, subject: str = "", but: Sequence[str] = ()
) -> dict[str, Any]:
    """The keys of settings of this ``kind`` that a file and flags give, flags winning.

    ``subject`` is the key that the verb names without a flag; ``but`` are flags that are not settings. A verb that has
    ``--dry-run`` gets ``dry_run`` as well, true or false. Raises ``UsageError`` for a file that is for another subject,
    or has a key that is not a setting.
    """
    from s1m.files.settings import check_keys, read_toml

    values = {} if given.config is None else read_toml(Path(given.config))
    flags = given_flags(given, but=("config", *but))
    dry_run = {"dry_run": _dry_run(values, given)} if "dry_run" in flags else {}
    check_keys(kind, values, str(given.config))
    if subject and values.get(subject, flags[subject]) != flags[subject]:
        raise UsageError(f"{given.config} is for {values[subject]}, not for {flags[subject]}")
    if "family" in flags:  # the delimiters that a file holds, such as a run's own, are not those of this family
        values = {name: value for name, value in values.items() if name not in ("thinking_open", "thinking_close")}
    if "policy" in flags:  # and the rule that a run's own settings hold is not that of this file
        values = {name: value for name, value in values.items() if name != "policy_rule"}
    return {**values, **flags, **dry_run}


def _dry_run(values: dict[str, Any], given: argparse.Namespace) -> bool:
    in_file = values.pop("dry_run", False)
    if not isinstance(in_file, bool):
        raise UsageError(f"{given.config}: dry_run is true or false, not {in_file!r}")
    return in_file or given.dry_run


def named_source(name: str, verb: str, **table: Any) -> Source:
    """A source named on the command line, with keys of a ``[[data]]`` table. Raises ``UsageError`` for a wrong one."""
    from s1m.datasets.source import Source
    from s1m.files.settings import settings_from

    given = {key: value for key, value in table.items() if value is not None}
    return settings_from(Source, {"path": name, **given}, verb)


def add_tokenizer(verb: Parser) -> None:
    """The flag that says what counts tokens."""
    verb.add_argument(
        "--tokenizer",
        metavar="NAME",
        type=path,
        default="",
        help="folder with a tokenizer.json, Hub id, or bundled: what counts tokens (default: characters / 4)",
    )


def add_settings(verb: Parser, kind: type, *, but: Sequence[str] = ()) -> None:
    """A flag for every setting, and one for a file that fills the rest."""
    verb.add_argument(
        "--config", metavar="FILE.toml", type=path, help="settings from a file; flags on the command line win"
    )
    add_keys(verb, kind, but=but)


def add_keys(verb: Parser, kind: type, *, but: Sequence[str] = (), only: Sequence[str] = ()) -> None:
    """A flag for every setting, all absent unless given; those of a part of the settings under a heading of its own."""
    from s1m.files.settings import keys_of

    headings: dict[type, argparse._ArgumentGroup] = {}
    for name, key in keys_of(kind).items():
        if not key.flag or name in but or (only and name not in only):
            continue
        group: Any = verb
        if key.path and not only:
            if key.part not in headings:
                headings[key.part] = verb.add_argument_group((key.part.__doc__ or "").strip().rstrip("."))
            group = headings[key.part]
        verb.explain(_add_flag(group, key), partial(_help, key))


def _help(key: Key) -> str:
    """The help of a setting. Saying what it may name imports all of that."""
    shown = _shown(key.default)
    text = f"{key.help} {key.names.help()}" if key.names else key.help
    return (f"{text} Default: {shown.removesuffix('.')}." if shown else text).replace("%", "%%")


def _add_flag(group: Any, key: Key) -> argparse.Action:
    hint = _bare(key.hint)
    options: dict[str, Any] = {"default": argparse.SUPPRESS}
    if get_origin(hint) is Literal:
        options["choices"] = get_args(hint)
    elif hint is bool:
        options["action"] = argparse.BooleanOptionalAction
    elif key.name.endswith(("num_ignore", "levels")):
        options["metavar"] = "LEVELS"
    elif get_origin(hint) is tuple:
        item = _bare(get_args(hint)[0])
        options |= {"nargs": "+"}
        options |= {"choices": get_args(item)} if get_origin(item) is Literal else {"metavar": _metavar(key, str)}
    else:
        kind = next(t for t in (*get_args(hint), hint) if t in (int, float, str))
        options |= {"type": {int: whole, float: real, str: str}[kind], "metavar": _metavar(key, kind)}
    flag: argparse.Action = group.add_argument("--" + key.name.replace("_", "-"), **options)
    return flag


def _metavar(key: Key, kind: type) -> str:
    return "NAME" if key.names else {int: "N", float: "X", str: "TEXT"}[kind]


def _bare(hint: Any) -> Any:
    """A type without its annotations, also within a union."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return next(_bare(each) for each in get_args(hint) if each is not type(None))
    return hint


def _shown(default: Any) -> str:
    """A default as help shows it."""
    if default is MISSING or default is None or default in ("", ()):
        return ""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple):
        if not all(isinstance(item, int) for item in default):
            return " ".join(repr(item) for item in default)
        run = default == tuple(range(default[0], default[-1] + 1))
        return f"{default[0]}-{default[-1]}" if run and len(default) > 1 else ",".join(str(item) for item in default)
    return repr(default) if isinstance(default, str) and "\n" in default else str(default)
