"""inspect_ai's logs (``.eval`` and JSON), through its own reader; epochs of a sample are samples of its problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from s1m.analysis.responses.readers.columns import id_text
from s1m.analysis.responses.readers.response import Response, verdict_of
from s1m.errors import DataError, UsageError


def read_inspect(path: Path, form: Literal["eval", "json"]) -> Iterator[Response]:
    """The responses in a log. Raises ``DataError``, or ``UsageError`` where inspect_ai is not installed."""
    try:
        from inspect_ai.log import read_eval_log
    except ImportError:
        raise UsageError(f"{path} is a log of inspect_ai, and reading it needs: pip install inspect_ai") from None
    try:
        log = read_eval_log(str(path), format=form)
    except Exception as error:  # whatever its reader raises, the log cannot be read
        raise DataError(f"{path}: inspect_ai cannot read this log: {error}") from None
    if not log.samples:
        raise DataError(f"{path} is a log without samples (status: {log.status}); give one of a run that has some")
    for sample in log.samples:
        is_number = isinstance(sample.id, int)  # counted from 1 where the data set gave no ids
        targets = [sample.target] if isinstance(sample.target, str) else list(sample.target)
        is_done = sample.error is None and bool(sample.output.choices)
        yield Response(
            id=id_text(sample.id),
            response=sample.output.completion if is_done else None,
            position=int(sample.id) - 1 if is_number and int(sample.id) > 0 else None,
            gold=targets[0] if len(targets) == 1 else None,
            prompt=sample.input if isinstance(sample.input, str) else None,
            thinking=_thinking(sample.output) if is_done else "",
            right=_verdict(sample.scores),
        )


def _thinking(output: Any) -> str:
    """The reasoning that a model's last message holds beside its text."""
    content = output.message.content
    return "" if isinstance(content, str) else "".join(getattr(part, "reasoning", "") for part in content)


def _verdict(scores: Mapping[str, Any] | None) -> bool | None:
    """The verdict of the only scorer, or of the one that our own export calls official."""
    given = scores or {}
    if "official" in given or len(given) == 1:
        return verdict_of((given.get("official") or next(iter(given.values()))).value)
    return None
