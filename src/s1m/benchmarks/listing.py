"""``s1m benchmarks``: the list of benchmarks, a paragraph each."""

from __future__ import annotations

from itertools import groupby

from rich.table import Table

from s1m.benchmarks import BENCHMARKS, Page, where_is_data
from s1m.files.printing import Printer


def list_benchmarks() -> int:
    """``s1m benchmarks``: what can be run, and whether its data is on this machine; a paragraph each."""
    console = Printer(soft_wrap=False)
    for page in BENCHMARKS.values():
        console.print(f"{page.name}  {page.title}", style="bold")
        facts = Table.grid(padding=(0, 2))
        for name, value in (
            ("problems", _sizes(page)),
            ("scored", page.scoring),
            ("licence", page.licence),
            ("source", page.source),
            ("data", where_is_data(page)),
        ):
            facts.add_row(f"  {name}", value)
        console.print(facts, "")
    return 0


def _sizes(page: Page) -> str:
    """A benchmark's splits and how many problems each has; alike ones together."""
    sizes = [(split, f"{page.sizes[split]:,}" if split in page.sizes else "") for split in page.splits]
    lines = []
    for size, alike in groupby(sizes, key=lambda pair: pair[1]):
        splits = [split for split, _ in alike]
        first = splits if len(splits) < 4 else [f"{splits[0]} ... {splits[-1]}"]
        lines += [f"{split} {size}".strip() for split in first]
    return ", ".join(lines)
