"""What the verbs of ``s1m data`` do with their flags: one small function a verb."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from s1m.examples.source import Source, sources_from


def run(found: Namespace) -> int:
    """Run a verb; the exit code."""
    verbs = {"stats": stats}
    return verbs[found.data_verb](found)


def stats(found: Namespace) -> int:
    """``s1m data stats``."""
    from s1m.data.stats import show_stats
    from s1m.examples.tokens import TokenCounter

    return show_stats(
        named_sources(found.sources, split=found.split, rows=found.rows),
        TokenCounter(found.tokenizer),
        column=found.column,
        by=found.by,
        out=Path(found.out),
        as_json=found.json,
    )


def named_sources(paths: list[str], **table: Any) -> list[Source]:
    """Sources named on the command line, all with the same keys of a ``[[data]]`` table."""
    given = {name: value for name, value in table.items() if value is not None}
    return sources_from([{"path": path, **given} for path in paths], "s1m data")
