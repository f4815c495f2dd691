"""``s1m benchmarks``: list the benchmarks, those of installed packages included."""

from __future__ import annotations

from argparse import Namespace
from itertools import groupby
from typing import TYPE_CHECKING

from s1m.cli.parser import Parser

if TYPE_CHECKING:
    from s1m.benchmarks import Page

summary = "List the benchmarks, a paragraph each: how many problems, how they are scored, where their data is."
examples = ""


def add_flags(verb: Parser) -> None:
    """There are none."""


def run(parsed: Namespace) -> int:  # noqa: ARG001
    """Print the list; the exit code."""
    from rich.table import Table

    from s1m.benchmarks import listed, where_is_data
    from s1m.benchmarks.page import UNCONFIRMED
    from s1m.files.printing import Printer

    console = Printer(soft_wrap=False)
    for page in listed():
        console.print(f"{page.name}  {page.title}", style="bold")
        facts = Table.grid(padding=(0, 2))
        for name, value in (
            ("problems", sizes_text(page)),
            ("scored", getattr(page, "scoring", "by its own rules")),
            ("licence", page.licence),
            ("source", page.source),
            ("data", where_is_data(page)),
            ("unconfirmed", getattr(page, UNCONFIRMED, "")),
        ):
            if value:
                facts.add_row(f"  {name}", value)
        console.print(facts, "")
    return 0


def sizes_text(page: Page) -> str:
    """A benchmark's splits and how many problems each has; neighbours of equal size together."""
    published = getattr(page, "sizes", {})
    sizes = [(split, f"{published[split]:,}" if split in published else "") for split in page.splits]
    lines = []
    for size, alike in groupby(sizes, key=lambda pair: pair[1]):
        splits = [split for split, _ in alike]
        first = splits if len(splits) < 4 else [f"{splits[0]} ... {splits[-1]}"]
        lines += [f"{split} {size}".strip() for split in first]
    return ", ".join(lines)
