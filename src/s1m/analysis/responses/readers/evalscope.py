"""evalscope's files of one task: ``predictions/MODEL/*.jsonl`` and, with its scores, ``reviews/MODEL/*.jsonl``.

``index`` counts the answers: with ``repeats`` 3, problem 0 has the indices 0 to 2. Reviews have the problem's place as
``group_id``; in predictions it shows only in messages that are asked several times in a row. A place is one of a
subset, such as MathVision's level 1, so where the metadata have the benchmark's own id it comes first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from s1m.analysis.responses.readers.columns import OWN_IDS, id_text
from s1m.analysis.responses.readers.response import Response, verdict_of
from s1m.errors import DataError
from s1m.files.json_lines import read_rows

PREDICTION = '{"index": …, "model_output": {"choices": …}, "messages": …}'
REVIEW = '{"index": …, "messages": …, "sample_score": {"group_id": …}}'


def is_evalscope(names: Collection[str], line: dict[str, Any]) -> bool:
    """Whether a line with these keys is one of evalscope's predictions."""
    return {"index", "model_output"} <= {*names} and isinstance(line["model_output"], dict | None)


def is_review(line: dict[str, Any]) -> bool:
    """Whether a line is one of evalscope's reviews."""
    return {"index", "messages"} <= line.keys() and isinstance(line.get("sample_score"), dict)


def read_evalscope(path: Path) -> Iterator[Response]:
    """The responses in a file of predictions. Raises ``DataError`` that names the line."""
    asked: dict[int, str] = {}
    for number, line in read_rows(path, dict[str, Any], PREDICTION):
        index = _whole(line.get("index"), "index", f"{path}, line {number}", PREDICTION)
        asked[index] = _fingerprint(line)
    repeats = repeats_of(asked)
    for _number, line in read_rows(path, dict[str, Any], PREDICTION):
        output = line.get("model_output") or {}
        choices = output.get("choices") if isinstance(output, dict) else None
        said = [(each.get("message") or {}).get("content") for each in choices or () if isinstance(each, dict)]
        for content in said or [None]:
            yield _response(line, line["index"] // repeats, content, line.get("metadata"))


def read_reviews(path: Path) -> Iterator[Response]:
    """The responses in a file of reviews. Raises ``DataError`` that names the line."""
    for number, line in read_rows(path, dict[str, Any], REVIEW):
        scored = line.get("sample_score") or {}
        place = _whole(scored.get("group_id"), "group_id", f"{path}, line {number}", REVIEW)
        said = [each.get("content") for each in _messages(line) if each.get("role") == "assistant"]
        score = scored.get("score") or {}
        right = verdict_of((score.get("value") or {}).get(score.get("main_score_name")))
        target = line.get("target")
        if isinstance(target, list):
            target = target[0] if len(target) == 1 else None
        content, gold = said[-1] if said else None, id_text(target) or None
        yield _response(line, place, content, scored.get("sample_metadata"), gold=gold, right=right)


def repeats_of(asked: Mapping[int, str]) -> int:
    """How many indices each problem has, from what was asked at each of them; some may be missing."""
    counted = Counter(asked.values())
    for repeats in range(max(counted.values(), default=1), 1, -1):
        problems: dict[int, str] = {}
        if all(problems.setdefault(index // repeats, what) == what for index, what in asked.items()):
            return repeats
    return 1


def _response(
    line: dict[str, Any], place: int, content: object, metadata: Any, gold: str | None = None, right: bool | None = None
) -> Response:
    known = metadata if isinstance(metadata, dict) else {}
    own = next((id_text(known[name]) for name in OWN_IDS if id_text(known.get(name))), "")
    asked = [_text(each.get("content")) for each in _messages(line) if each.get("role") == "user"]
    return Response(
        id=own or str(place),
        response=_text(content),
        position=place,
        is_numbered=not own,
        gold=gold,
        prompt=asked[0] if asked else None,
        thinking=_thinking(content),
        right=right,
    )


def _whole(value: object, name: str, where: str, expected: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise DataError(f"{where}: its {name} is not a number: {value!r}; a line is {expected}")
    return value


def _fingerprint(line: dict[str, Any]) -> str:
    """What was asked, short, whatever ids evalscope gave its messages; of its own for a line that does not say."""
    asked = [each.get("content") for each in _messages(line) if each.get("role") != "assistant"]
    return sha256(json.dumps(asked).encode()).hexdigest() if asked else str(line["index"])


def _messages(line: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in line.get("messages") or () if isinstance(each, dict)]


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
