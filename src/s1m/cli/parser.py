"""The parser of ``s1m``: verbs are files of the folder ``verbs``, a mistake is one line and exit code 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NoReturn, Protocol, cast

from s1m.errors import did_you_mean

VERBS = "s1m.cli.verbs"

MOST_MESSAGE = 600
"""Characters of an error: argparse repeats what it was given, however long."""

TOP = "Test-time scaling for vision-language models: make a model think longer, and measure what it gains."

EXAMPLES = """examples:
  s1m demo                                              everything at once, in about a minute
  s1m eval digits --num-ignore 0-7 --out runs/mine      your own run; when interrupted, re-run the command to resume
  s1m eval digits --engine http --base-url http://127.0.0.1:8000/v1
  s1m serve PKU-Alignment/s1-m_7b_beta --tensor-parallel-size 4
  s1m report runs/mine runs/other --out compare.html
"""


class Verb(Protocol):
    """What the file of a verb holds. Its imports are cheap: what is slow is imported inside the functions."""

    summary: str
    """One sentence, for the list of verbs and the verb's own help."""
    examples: str
    """What follows the flags in the verb's help."""

    def add_flags(self, verb: Parser) -> None:
        """Add the flags to the verb's parser."""
        ...

    def run(self, parsed: argparse.Namespace) -> int:
        """Do it; the exit code."""
        ...


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line and suggests what was meant.

    ``fill`` adds the flags. It is called when the arguments turn out to be for this parser, so that no verb pays for
    the settings of another one.
    """

    def __init__(
        self, *, verb: Verb | None = None, fill: Callable[[Parser], None] | None = None, **options: Any
    ) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options)
        self.verb = verb
        self.verbs: dict[str, Parser] = {}
        self.passes_on = False
        """Whether what follows a ``--`` is for another program: it is given as ``extra``."""
        self._fill = fill
        self._explanations: dict[argparse.Action, Callable[[], str]] = {}

    def explain(self, flag: argparse.Action, text: Callable[[], str]) -> None:
        """Give a flag a help text that is made when it is shown, so that no other call waits for what it imports."""
        self._explanations[flag] = text

    def format_help(self) -> str:
        """As argparse does it, every help text made."""
        for flag, text in self._explanations.items():
            flag.help = text()
        return super().format_help()

    def fill(self) -> None:
        """Add the flags, once."""
        fill, self._fill = self._fill, None
        if fill is not None:
            fill(self)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does it, with the flags of this verb."""
        self.fill()
        return super().parse_known_args(args, namespace)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """The arguments, or one line and exit code 2."""
        words = list(sys.argv[1:] if args is None else args)  # argparse itself would forget where the -- stood
        end = words.index("--") if self._passes_on(words) else len(words)
        parsed, unknown = self.parse_known_args(words[:end], namespace)
        if unknown:
            verb = getattr(parsed, "parser", self)
            word = unknown[0].partition("=")[0]
            verb.error(f"there is no {word!r} here{did_you_mean(word, verb.flags())}")
        if words[end + 1 :]:
            parsed.extra = words[end + 1 :]
        return parsed

    def error(self, message: str) -> NoReturn:
        """One line on standard error, and exit code 2."""
        from s1m.files.printing import one_line

        shown = message if len(message) <= MOST_MESSAGE else f"{message[:MOST_MESSAGE]}..."
        sys.stderr.write(f"{self.prog}: {one_line(shown)}; see: {self.prog} --help\n")
        raise SystemExit(2)

    def _print_message(self, message: str, file: Any = None) -> None:
        """As argparse does it, except that a disk that is full is not passed over."""
        if message:
            (file or sys.stderr).write(message)

    def flags(self) -> list[str]:
        """Every flag of this verb."""
        return [flag for action in self._actions for flag in action.option_strings]

    def _passes_on(self, words: Sequence[str]) -> bool:
        verb = self.verbs.get(words[0]) if "--" in words else None
        if verb is None:
            return False
        verb.fill()
        return verb.passes_on


def build_parser() -> Parser:
    """The parser of ``s1m``. Cheap: no verb's own libraries are imported."""
    from s1m import __version__

    parser = Parser(prog="s1m", description=TOP, epilog=EXAMPLES)
    parser.add_argument("--version", action="version", version=f"s1m {__version__}")
    add_verbs(parser, VERBS, "verb")
    return parser


def add_verbs(parser: Parser, package: str, dest: str) -> None:
    """Add a verb for every file and folder of a package: a folder is a verb with verbs of its own."""
    verbs = parser.add_subparsers(dest=dest, metavar="VERB", required=True, parser_class=Parser)
    for module, name, has_verbs in modules_in(package):
        verb = cast(Verb, import_module(module))
        fill = _filled_with_verbs(module, f"{name}_verb") if has_verbs else verb.add_flags
        made = verbs.add_parser(
            name, help=verb.summary, description=verb.summary, epilog=verb.examples, verb=verb, fill=fill
        )
        made.set_defaults(parser=made)
        parser.verbs[name] = made


def modules_in(package: str) -> list[tuple[str, str, bool]]:
    """The verbs of a package by their files, sorted: module, name, and whether it has verbs of its own.

    A file that would hide a word of the language has an underscore at its end, which is not part of the name.
    """
    files = iter_modules(import_module(package).__path__)
    return [(f"{package}.{info.name}", info.name.rstrip("_"), info.ispkg) for info in files]


def verb_words(package: str = VERBS) -> list[tuple[str, ...]]:
    """The words that call every verb, such as ``("data", "stats")``; one that has verbs is not called by itself."""
    words: list[tuple[str, ...]] = []
    for module, name, has_verbs in modules_in(package):
        words += [(name, *rest) for rest in verb_words(module)] if has_verbs else [(name,)]
    return words


def _filled_with_verbs(package: str, dest: str) -> Callable[[Parser], None]:
    return lambda parser: add_verbs(parser, package, dest)
