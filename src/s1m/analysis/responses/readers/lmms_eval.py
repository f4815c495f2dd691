"""lmms-eval's samples (``*_samples_*.jsonl`` of ``--log_samples``), which lm-evaluation-harness writes alike.

``doc_id`` is the place of the problem in the split. ``resps`` are the texts as the model wrote them and
``filtered_resps`` what the task's filter left of them; the former are left out of the file where both are the same.
What else a line holds are the task's metrics, by their names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from s1m.analysis.responses.readers.columns import OWN_IDS, id_text, texts
from s1m.analysis.responses.readers.response import Response, answered, verdict_of
from s1m.errors import DataError
from s1m.files.json_lines import read_rows

EXPECTED = '{"doc_id": …, "filtered_resps": …, "target": …}'

NO_METRICS = (
    "doc_id", "doc", "target", "arguments", "input", "resps", "filtered_resps", "doc_hash", "prompt_hash",
    "target_hash", "token_counts", "filter", "strict",
)  # fmt: skip
"""Keys of a line beside its task's metrics; ``strict`` is one of our own export, and not the official one."""


def is_lmms_eval(names: Collection[str]) -> bool:
    """Whether a line with these keys is a sample of lmms-eval."""
    return "doc_id" in names and bool({"resps", "filtered_resps"} & {*names})


def read_lmms_eval(path: Path) -> Iterator[Response]:
    """The responses in a file of samples. Raises ``DataError`` that names the line."""
    for number, line in read_rows(path, dict[str, Any], EXPECTED):
        where = f"{path}, line {number}"
        doc_id = line.get("doc_id")
        if not isinstance(doc_id, int) or isinstance(doc_id, bool) or doc_id < 0:
            raise DataError(f"{where}: its doc_id is not a place in the split: {doc_id!r}; a line is {EXPECTED}")
        responses = line.get("resps") or line.get("filtered_resps")
        if responses is None:
            raise DataError(f"{where}: it has no resps and no filtered_resps; a line is {EXPECTED}")
        document = line.get("doc")
        own = _own_id(document) if isinstance(document, dict) else ""
        target = line.get("target")
        right = _verdict(line)
        for text in texts(responses, where):
            yield Response(
                id=own or str(doc_id),
                response=answered(text),
                position=None if own else doc_id,
                is_numbered=not own,
                gold=target if isinstance(target, str) else id_text(target) or None,
                prompt=_prompt(line.get("input")),
                right=right,
            )


def _verdict(line: dict[str, Any]) -> bool | None:
    """What the metrics say of the sample where all of them that are 0 or 1 say the same."""
    said = {verdict_of(value) for name, value in line.items() if name not in NO_METRICS and value is not None}
    known = said - {None}
    return known.pop() if len(known) == 1 else None


def _own_id(document: dict[str, Any]) -> str:
    return next((id_text(document[name]) for name in OWN_IDS if id_text(document.get(name))), "")


def _prompt(asked: object) -> str | None:
    if isinstance(asked, list):  # a prompt and how it was to be answered
        asked = asked[0] if asked else None
    return asked if isinstance(asked, str) else None
