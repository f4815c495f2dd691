"""Rows of tables and JSON whose columns go by many names: which one holds the id, and which the response."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from s1m.analysis.responses.readers.response import Response, answered, verdict_of
from s1m.errors import DataError

OWN_IDS = ("id", "pid", "question_id", "problem_id", "sample_id", "sample_index", "qid")
"""Names of ids that the benchmark gave, the likeliest first."""
NUMBERS = ("doc_id", "index", "idx")
"""Names of running numbers of a harness: VLMEvalKit says ``index``, lmms-eval ``doc_id``."""
RESPONSES = (
    "response", "prediction", "output", "pred", "model_output", "model_response", "generated_text", "generation",
    "completion", "model_answer", "answer", "text",
)  # fmt: skip
EXTRACTIONS = ("extraction", "extracted_answer")
GOLDS = ("target", "gold", "ground_truth", "gt", "reference", "answer", "label")
"""``answer`` is the gold answer where another column holds the response."""
PROMPTS = ("question", "query", "prompt", "input")
THINKINGS = ("thinking", "reasoning", "reasoning_content")
VERDICTS = ("true_false", "hit", "correct", "is_correct", "exact_match", "acc", "official", "score")
"""Names of recorded verdicts: VLMEvalKit says ``hit``."""
MOST_SHOWN = 20
"""Columns that an error names."""


@dataclass(frozen=True)
class Columns:
    """The names of the columns as the file spells them; None for what it does not have."""

    id: str
    response: str
    is_numbered: bool
    extraction: str | None
    gold: str | None
    prompt: str | None
    thinking: str | None
    verdict: str | None


def match_columns(path: Path, names: Collection[str]) -> Columns:
    """Which column holds what. Raises ``DataError`` that names the columns found and what is missing."""
    spelled = {_plain(name): name for name in reversed(list(names))}
    own, number, response = (_first(spelled, known) for known in (OWN_IDS, NUMBERS, RESPONSES))
    identifier = own or number
    if identifier is None or response is None:
        missing = [
            *([] if identifier else [f"an id ({', '.join((*OWN_IDS, *NUMBERS))})"]),
            *([] if response else [f"a response ({', '.join(RESPONSES)})"]),
        ]
        shown = ", ".join(list(names)[:MOST_SHOWN]) or "none"
        raise DataError(
            f"{path} has no column for {' and '.join(missing)}; it has: {shown}; rename the columns that hold them"
        )
    golds = tuple(name for name in GOLDS if spelled.get(name) != response)
    return Columns(
        id=identifier,
        response=response,
        is_numbered=own is None,
        extraction=_first(spelled, EXTRACTIONS),
        gold=_first(spelled, golds),
        prompt=_first(spelled, PROMPTS),
        thinking=_first(spelled, THINKINGS),
        verdict=_first(spelled, VERDICTS),
    )


def is_matched(names: Collection[str]) -> bool:
    """Whether these columns hold ids and responses."""
    plain = {_plain(name) for name in names}
    return bool(plain & {*OWN_IDS, *NUMBERS}) and bool(plain & {*RESPONSES})


def responses_of(path: Path, rows: Iterable[tuple[str, Mapping[str, object]]]) -> Iterator[Response]:
    """The responses in rows, each given with where it stands, such as "row 3"; a list of texts is several samples.

    Columns are those of the first row. Raises ``DataError`` that names the row.
    """
    columns: Columns | None = None
    for where, row in rows:
        columns = columns or match_columns(path, row.keys())
        identifier = id_text(row.get(columns.id))
        if not identifier:
            raise DataError(f"{path}, {where}: it has no id in column {columns.id!r}; give every row one")
        is_doc = columns.is_numbered and _plain(columns.id) == "doc_id"
        for response in texts(row.get(columns.response), f"{path}, {where}, column {columns.response!r}"):
            yield Response(
                id=identifier,
                response=answered(response),
                extraction=_text(row, columns.extraction),
                position=int(identifier) if is_doc and identifier.isascii() and identifier.isdigit() else None,
                is_numbered=columns.is_numbered,
                gold=_text(row, columns.gold),
                prompt=_text(row, columns.prompt),
                thinking=_text(row, columns.thinking) or "",
                right=verdict_of(row.get(columns.verdict)) if columns.verdict else None,
            )


def texts(value: object, where: str) -> list[str | None]:
    """The responses that a value holds: a text, a number, null, or a list of them, however nested.

    Raises ``DataError`` for anything else; ``where`` begins its message.
    """
    if value is None or isinstance(value, str):
        return [value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [id_text(value)]
    if isinstance(value, list) and value:
        return [text for item in value for text in texts(item, where)]
    kind = "an empty list" if value == [] else type(value).__name__
    raise DataError(f"{where}: expected the text of a response, got {kind}")


def id_text(value: object) -> str:
    """An id as text; a whole number that a spreadsheet holds as 3.0 is 3. Empty for anything else."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _text(row: Mapping[str, object], name: str | None) -> str | None:
    value = row.get(name) if name else None
    return value if isinstance(value, str) else id_text(value) or None


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _first(spelled: Mapping[str, str], known: Iterable[str]) -> str | None:
    return next((spelled[name] for name in known if name in spelled), None)
