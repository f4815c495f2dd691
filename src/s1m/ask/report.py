"""What is said when a question has been answered: a table, or JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from s1m.ask.asking import Asking
from s1m.files.printing import escaped
from s1m.forcing.events import Finished

MOST_CHARACTERS = 300
"""Of an answer in the table; all of it stands above."""


def show_answers(console: Console, asked: Asking, done: Finished) -> None:
    """Print the answer of every level with what it cost, and what all of it did."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    for column in (asked.settings.build_strategy().axis, "answer", "thinking tokens", "thinking ended"):
        table.add_column(column)
    for answer in done.trace.answers:
        text = escaped(shortened(" ".join(answer.text.split()))) or "no answer"
        tokens = done.trace.thinking_tokens(answer)
        table.add_row(str(answer.level), Text(text, "bold"), f"{tokens:,}", answer.stop)
    console.print(table)
    speed = f", {done.tokens / done.seconds:,.0f} tokens/s" if done.seconds > 0 else ""
    console.print(f"{done.tokens:,} tokens in {done.seconds:.1f} s{speed}", style="dim")


def shortened(text: str) -> str:
    """The beginning of a text that is longer than ``MOST_CHARACTERS``."""
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS].rstrip()} ..."


def as_json(asked: Asking, done: Finished, images: Sequence[str]) -> dict[str, Any]:
    """The answer at the last level, all levels, the whole trace and its cost, as JSON values."""
    trace = done.trace.without_token_ids()
    return {
        "question": asked.problem.question,
        "images": list(images),
        **facts_of(asked),
        "answer": trace.answers[-1].text,
        "levels": [{"level": answer.level, "answer": answer.text} for answer in trace.answers],
        "tokens": done.tokens,
        "seconds": round(done.seconds, 3),
        "trace": msgspec.to_builtins(trace),
    }


def facts_of(asked: Asking) -> Mapping[str, str]:
    """Who was asked, and how."""
    engine, strategy = asked.settings.engine, asked.settings.strategy.strategy
    model = engine.model or engine.builder.default_model
    return {"engine": engine.engine, "model": model, "strategy": strategy}
