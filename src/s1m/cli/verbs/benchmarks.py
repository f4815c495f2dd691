"""``s1m benchmarks``: list the benchmarks."""

from __future__ import annotations

from argparse import Namespace

from s1m.cli.parser import Parser

summary = "List the benchmarks."
examples = ""


def add_flags(verb: Parser) -> None:
    """There are none."""


def run(found: Namespace) -> int:  # noqa: ARG001
    """Print the list; the exit code."""
    from s1m.benchmarks.listing import list_benchmarks

    return list_benchmarks()
