"""How a command line is drawn from settings: a flag a setting, and wrong input answered in one line, exit code 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints

from s1m.errors import did_you_mean


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line and suggests what was meant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """The arguments, or one line and exit code 2."""
        words = list(sys.argv[1:] if args is None else args)  # argparse itself would forget where the -- stood
        end = words.index("--") if words[:1] == ["serve"] and "--" in words else len(words)
        found, unknown = self.parse_known_args(words[:end], namespace)
        if unknown:
            verb = getattr(found, "parser", self)
            word = unknown[0].partition("=")[0]
            verb.error(f"there is no {word!r} here{did_you_mean(word, verb.flags())}")
        if words[end + 1 :]:
            found.extra = words[end + 1 :]
        return found

    def error(self, message: str) -> NoReturn:
        """One line on standard error, and exit code 2."""
        sys.stderr.write(f"{self.prog}: {message}; see: {self.prog} --help\n")
        raise SystemExit(2)

    def flags(self) -> list[str]:
        """Every flag of this verb."""
        return [flag for action in self._actions for flag in action.option_strings]


def file_and_flags(kind: type, found: argparse.Namespace, but: Sequence[str] = ()) -> dict[str, Any]:
    """The settings of ``kind`` that a file and flags give, flags winning; the flags called ``but`` are none."""
    from s1m.config import check_keys, read_toml

    values = {} if found.config is None else read_toml(Path(found.config))
    check_keys(kind, values, str(found.config))
    left_out = ("verb", "data_verb", "parser", "config", *but)
    return {**values, **{name: value for name, value in vars(found).items() if name not in left_out}}


def add_settings(verb: Parser, kind: type, *, but: Sequence[str]) -> None:
    """A flag for every setting, and one for a file that fills the rest."""
    verb.add_argument("--config", metavar="FILE.toml", help="settings from a file; flags on the command line win")
    add_fields(verb, kind, but=but)


def add_fields(verb: Parser, kind: type, *, but: Sequence[str]) -> None:
    """A flag for every setting, all absent unless given."""
    from s1m.config import field_help

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
