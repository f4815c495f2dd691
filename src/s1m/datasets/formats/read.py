"""Which format a row has, and the conversation that it becomes: formats are told apart here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from s1m.datasets.example import Unusable
from s1m.datasets.formats.chat import read_turns
from s1m.datasets.formats.draft import Draft, Row, Utterance, text_of
from s1m.datasets.formats.images import IMAGE_COLUMNS, check_none_unread, column_images, placed
from s1m.datasets.formats.pairs import Pair, Reader, instruction
from s1m.datasets.formats.thinking import (
    THINKING_FIELDS,
    check_none_lost,
    names_thinking,
    thinking_beside,
    with_thinking,
)
from s1m.datasets.responses import canonical, holds_thinking
from s1m.errors import DataError
from s1m.families import Delimiters
from s1m.files.paths import Roots


@dataclass(frozen=True)
class Layout:
    """The columns that a row must have, those it may have beside them, and what reads them."""

    columns: tuple[str, ...]
    said: Reader
    optional: tuple[str, ...] = ("system",)


def _turns_of(column: str) -> Layout:
    return Layout((column,), lambda row, roots: read_turns(row.get(column), roots))


def _pair(question: str, response: str, thinking: str = "") -> Layout:
    columns = (question, thinking, response) if thinking else (question, response)
    return Layout(columns, Pair(question, response, thinking))


def _sides(column: str) -> tuple[Layout, ...]:
    """One side of preference pairs: after the prompt, or with it where the conversation is there whole."""
    return (
        Layout(("prompt", "chosen", "rejected"), Pair("prompt", column)),
        Layout(("chosen", "rejected"), lambda row, roots: read_turns(row.get(column), roots)),
    )


_ALPACA = ("input", "system", "history")

FORMATS: Mapping[str, tuple[Layout, ...]] = {
    "messages": (_turns_of("messages"),),
    "sharegpt": (_turns_of("conversations"), _turns_of("conversation")),
    "s1k": (
        _pair("question", "deepseek_attempt", thinking="deepseek_thinking_trajectory"),
        _pair("question", "gemini_attempt", thinking="gemini_thinking_trajectory"),
        _pair("question", "attempt", thinking="thinking_trajectories"),
    ),
    "s1m": (_pair("prompt", "response"),),
    "prompt-completion": (_pair("prompt", "completion"),),
    "problem-solution": (_pair("problem", "solution"), _pair("question", "solution")),
    "instruction-output": (
        Layout(("instruction", "output"), instruction, _ALPACA),
        Layout(("instruction", "response"), instruction, _ALPACA),
    ),
    "question-response": (_pair("question", "response"), _pair("query", "response")),
    "preference": _sides("chosen"),
}
"""In the order in which ``auto`` tries them: whole conversations before pairs, more columns before fewer."""

REJECTED = "rejected"
OTHER_SIDE: Mapping[str, tuple[Layout, ...]] = {REJECTED: _sides("rejected")}
"""The rejected responses of preference pairs, which ``auto`` never takes: nothing is to be learned from them alone."""


def pick_format(name: str, columns: Sequence[str], where: str) -> str:
    """The format called ``name``, or for ``auto`` the first whose columns are there.

    Raises ``DataError`` that lists the columns of ``where`` and what the formats need.
    """
    names = tuple(FORMATS) if name == "auto" else (name,)
    for candidate in names:
        if any(set(layout.columns) <= set(columns) for layout in _layouts(candidate)):
            return candidate
    needs = "; ".join(f"{candidate} needs {', '.join(_layouts(candidate)[0].columns)}" for candidate in names)
    raise DataError(f"{where} has the columns {', '.join(columns)}, of which no example can be made: {needs}")


def text_columns(name: str, columns: Sequence[str]) -> list[str]:
    """Those of the ``columns`` that say what is written in a row of the format called ``name``, or of any."""
    wanted = {column for layout in _layouts(name) for column in (*layout.columns, *layout.optional)}
    return [column for column in columns if column in wanted or column in THINKING_FIELDS or names_thinking(column)]


def read_row(row: Row, name: str, delimiters: Delimiters, roots: Roots) -> Draft:
    """The conversation of a row in the format called ``name``; paths of images lead within ``roots``.

    For ``auto`` every row is read by its own columns. Raises ``Unusable`` with the reason for a row that is malformed,
    of unknown shape, or whose thinking or images would not be learned.
    """
    layout = _layout_of(row, name)
    spoken = [_spoken(utterance, delimiters) for utterance in _utterances(row, layout, roots)]
    turns, images = placed(spoken, column_images(row, roots))
    read = (*layout.columns, *layout.optional, *IMAGE_COLUMNS, *THINKING_FIELDS)
    if not images:
        check_none_unread(row, read)
    facts = {column: value for column, value in row.items() if column not in read}
    return Draft(turns=tuple(turns), images=tuple(images), facts=facts)


def read_responses(row: Row, name: str, delimiters: Delimiters) -> str:
    """All that the assistant says in a row, one turn after the other; its images are not looked at.

    Raises ``Unusable`` as ``read_row`` does.
    """
    utterances = _utterances(row, _layout_of(row, name), Roots(Path()))
    return "\n".join(_spoken(each, delimiters).text for each in utterances if each.role == "assistant")


def _layouts(name: str) -> list[Layout]:
    names = FORMATS if name == "auto" else (name,)
    return [layout for candidate in names for layout in {**FORMATS, **OTHER_SIDE}[candidate]]


def _layout_of(row: Row, name: str) -> Layout:
    """The layout of a row. In a table of mixed rows every column is there: the first without a null is meant."""
    fitting = [layout for layout in _layouts(name) if set(layout.columns) <= row.keys()]
    if not fitting:
        raise Unusable("columns of no known format", ", ".join(map(str, row))[:60])
    return next((layout for layout in fitting if all(row[column] is not None for column in layout.columns)), fitting[0])


def _utterances(row: Row, layout: Layout, roots: Roots) -> list[Utterance]:
    """What each side says in a row, a system prompt and the thinking of columns of their own included."""
    utterances = layout.said(row, roots)
    system = text_of(row.get("system")) if "system" in layout.optional else ""
    if system.strip() and all(utterance.role != "system" for utterance in utterances):
        utterances = [Utterance(role="system", content=(system,)), *utterances]
    responses = [index for index, utterance in enumerate(utterances) if utterance.role == "assistant"]
    thinking = thinking_beside(row)
    if thinking and len(responses) == 1:
        (index,) = responses
        said = utterances[index]
        if said.thinking and said.thinking != thinking:
            raise Unusable("thinking given twice", "a turn and a column differ")
        utterances[index] = replace(said, thinking=thinking)
    elif thinking:
        raise Unusable("thinking in a field that is not read", f"a column of it beside {len(responses)} responses")
    elif not any(_thinks(utterances[index]) for index in responses):
        check_none_lost(row, (*layout.columns, *layout.optional))
    return utterances


def _thinks(utterance: Utterance) -> bool:
    return bool(utterance.thinking) or holds_thinking(utterance.text)


def _spoken(utterance: Utterance, delimiters: Delimiters) -> Utterance:
    """What is said, in the delimiters that are learned; only a response has any."""
    if utterance.role != "assistant":
        return utterance
    text = with_thinking(canonical(utterance.text, delimiters), utterance.thinking, delimiters)
    return Utterance(role="assistant", content=(text,))
