"""What the verbs of ``s1m data`` do with their flags: one small function a verb."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s1m.errors import UsageError
from s1m.examples.source import Source
from s1m.grammar import file_and_flags


def run(found: Namespace) -> int:
    """Run a verb; the exit code."""
    verbs: dict[str, Callable[[Namespace], int]] = {
        "stats": stats,
        "generate": generate,
        "distill": distill,
        "curate": curate,
        "publish": publish,
    }
    return verbs[found.data_verb](found)


def stats(found: Namespace) -> int:
    """``s1m data stats``."""
    from s1m.data.stats import show_stats
    from s1m.examples.tokens import TokenCounter

    return show_stats(
        [named_source(path, "s1m data stats", split=found.split, rows=found.rows) for path in found.sources],
        TokenCounter(found.tokenizer),
        column=found.column,
        by=found.by,
        out=Path(found.out),
        as_json=found.json,
    )


def generate(found: Namespace) -> int:
    """``s1m data generate``."""
    from s1m.data.generate import generate_rows
    from s1m.examples.tokens import TokenCounter

    source = named_source(found.set, "s1m data generate", rows=found.rows)
    out = Path(found.out or f"data/{found.set}")
    return generate_rows(source, TokenCounter(found.tokenizer), seed=found.seed, out=out)


def distill(found: Namespace) -> int:
    """``s1m data distill``."""
    from s1m.data import distill as work
    from s1m.data.distill_settings import DistillSettings, distill_settings

    if found.compose < 0:
        raise UsageError(f"--compose must be at least 0, not {found.compose}")
    settings = distill_settings(file_and_flags(DistillSettings, found, ("compose", "tokenizer")), "s1m data distill")
    return work.distill(settings, compose=found.compose, tokenizer=found.tokenizer)


def curate(found: Namespace) -> int:
    """``s1m data curate``."""
    from s1m.data import curate as work
    from s1m.data.settings import CurateSettings, curate_settings

    return work.curate(curate_settings(file_and_flags(CurateSettings, found), found.config))


def publish(found: Namespace) -> int:
    """``s1m data publish``."""
    from s1m.data.publish import publish_dataset
    from s1m.examples.tokens import TokenCounter

    return publish_dataset(
        found.sources,
        Path(found.out),
        name=found.name,
        licence=found.licence,
        counter=TokenCounter(found.tokenizer),
    )


def named_source(path: str, verb: str, **table: Any) -> Source:
    """A source named on the command line, with keys of a ``[[data]]`` table. Raises ``UsageError`` for a wrong one."""
    from s1m.config import settings_from

    given = {name: value for name, value in table.items() if value is not None}
    return settings_from(Source, {"path": path, **given}, verb)
