"""evalscope's predictions (``predictions/MODEL/*.jsonl``): ``index``, ``model_output``, ``messages``.

``index`` is the place of the problem in its subset.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from s1m.analysis.responses.readers.response import Response
from s1m.errors import DataError
from s1m.files.json_lines import read_rows

EXPECTED = '{"index": …, "model_output": {"choices": …}, "messages": …}'


def is_evalscope(names: Collection[str], line: dict[str, Any]) -> bool:
    """Whether a line with these keys is one of evalscope's predictions."""
    return {"index", "model_output"} <= {*names} and isinstance(line["model_output"], dict | None)


def read_evalscope(path: Path) -> Iterator[Response]:
    """The responses in a file of predictions. Raises ``DataError`` that names the line."""
    for number, line in read_rows(path, dict[str, Any], EXPECTED):
        index = line.get("index")
        if not isinstance(index, int) or isinstance(index, bool) or index < 0:
            raise DataError(f"{path}, line {number}: its index is not a number: {index!r}; a line is {EXPECTED}")
        output = line.get("model_output") or {}
        choices = output.get("choices") if isinstance(output, dict) else None
        asked = [_text(each.get("content")) for each in line.get("messages") or () if _is_user(each)]
        said = [(each.get("message") or {}).get("content") for each in choices or () if isinstance(each, dict)]
        for content in said or [None]:
            yield Response(
                id=str(index),
                response=_text(content),
                position=index,
                is_numbered=True,
                prompt=asked[0] if asked else None,
                thinking=_thinking(content),
            )


def _is_user(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") == "user"


def _thinking(content: object) -> str:
    """The reasoning among the parts of a message's content."""
    parts = content if isinstance(content, list) else ()
    return "".join(str(part.get("reasoning", "")) for part in parts if isinstance(part, dict))


def _text(content: object) -> str | None:
    """The text of a message's content, which is a text or a list of parts; its reasoning is not the answer."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else None
    return "".join(
        str(part.get("text", "")) for part in content if isinstance(part, dict) and part.get("type") == "text"
    )
