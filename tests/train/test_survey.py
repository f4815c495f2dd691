"""The survey keeps what can be learned from, counts why the rest cannot, and is the same in several processes."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from s1m.datasets.checks import check_response
from s1m.datasets.example import Example, Unusable
from s1m.datasets.lengths import describe
from s1m.datasets.source import Source
from s1m.errors import DataError
from s1m.families import Delimiters
from s1m.train.survey.measure import ALONE, survey
from s1m.train.survey.table import print_survey
from tests.datasets.sets import picture, trace, write_lines
from tests.train.sets import examples_of, settings

GOOD = "<think>\nCount: 1, 2, 3.\n</think>\nIt has 3."


def length_of(example: Example) -> int:
    """A token a word, one for every 28 x 28 pixels; outlines have no images."""
    assert example.images == ()
    if any("forbidden" in turn.text for turn in example.turns):
        raise Unusable("spells a special token", "forbidden")
    words = sum(len(turn.text.split()) for turn in example.turns)
    return words + sum(width * height // 784 for width, height in example.sizes)


def row(prompt: str = "Sides?", response: str = GOOD, image: str | None = None) -> dict[str, object]:
    return {"prompt": prompt, "response": response, "image": image}


def test_every_reject_is_counted_under_its_reason_and_written_down(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(picture(56, 28))
    (tmp_path / "bad.png").write_bytes(b"no picture")
    ends_open = {"messages": [{"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Sides?"}]}
    first = [
        row(image="good.png"),
        row(response="<think>\nCount"),
        row(response=f"<think>{GOOD}"),
        row(response="<think>\nCount.\n</think>\n "),
        row(prompt=" "),
        row(image="bad.png"),
        row(image="absent.png"),
        row(response="word " * 100),
        row(prompt="forbidden"),
        row(),
    ]
    sources = (
        write_lines(tmp_path / "first.jsonl", first),
        write_lines(tmp_path / "second.jsonl", [ends_open]),
    )
    examples = examples_of(settings(*sources))
    rejects = tmp_path / "out" / "rejects.jsonl"
    surveyed = survey(examples, length_of, settings(*sources, max_tokens=50), rejects_to=rejects)
    assert surveyed.kept.tolist() == [0, 9]
    assert surveyed.lengths.tolist() == [12, 10]
    expected = Counter(
        {
            "thinking not closed": 1,
            "thinking opened twice": 1,
            "empty answer": 1,
            "empty question": 1,
            "image unreadable": 1,
            "missing image": 1,
            "too long": 1,
            "spells a special token": 1,
        }
    )
    assert surveyed.parts[0].reasons == expected
    assert surveyed.parts[1].reasons == Counter({"does not end with an assistant's turn": 1})
    assert [part.lengths.tolist() for part in surveyed.parts] == [[12, 10], []]
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert len(lines) == 9
    assert lines[0] == {
        "id": "first.jsonl line 2",
        "source": str(sources[0]),
        "reason": "thinking not closed",
        "detail": "",
    }
    assert "absent.png" in next(line["detail"] for line in lines if line["reason"] == "missing image")
    assert next(line["detail"] for line in lines if line["reason"] == "too long").startswith("101 tokens, max")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ("</think> 3", "thinking closed, never opened"),
        ("<think>1</think>2</think>3", "thinking closed twice"),
        ("</think>1<think>2", "text before the thinking"),
        ("Sure: <think>1</think>3", "text before the thinking"),
        ("", "empty answer"),
        ("<think></think>", "empty answer"),
    ],
)
def test_thinking_is_one_piece_at_the_beginning(response: str, reason: str) -> None:
    with pytest.raises(Unusable) as caught:
        check_response(response, Delimiters("<think>", "</think>"))
    assert caught.value.reason == reason


def test_several_processes_find_the_same() -> None:
    chosen = Source(path="digits", rows=ALONE + 300)
    alone, together = (settings(chosen, workers=workers, max_tokens=60) for workers in (0, 2))
    examples = examples_of(alone)
    first, second = survey(examples, length_of, alone), survey(examples, length_of, together)
    assert first.kept.tolist() == second.kept.tolist()
    assert first.lengths.tolist() == second.lengths.tolist()
    assert first.rejects == second.rejects
    assert 0 < len(first.rejects) < len(examples)


def test_nothing_left_is_an_error_that_says_why(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [row(prompt=""), row(prompt=""), row(response="")])
    surveyed = survey(examples_of(settings(path)), length_of, settings(path))
    with pytest.raises(DataError, match=r"no example is left .*: empty question \(2\), empty answer \(1\)"):
        surveyed.require_some()


def test_the_table_shows_sources_reasons_and_their_sum(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [trace(), row(prompt=""), row(response="x " * 5000)])
    chosen = (Source(path=str(path)), Source(path="digits", rows=10))
    output = io.StringIO()
    surveyed = survey(examples_of(settings(*chosen)), length_of, settings(*chosen))
    print_survey(surveyed, Console(file=output, width=300))
    shown = {cells[1].strip(): [cell.strip() for cell in cells[2:-1]] for cells in _cells(output.getvalue())}
    assert shown["examples"] == ["2", "10", "12"]
    assert shown["longest"][0] == "5,001"
    assert shown["over 4,096"][0] == "50.0 %"
    assert shown["dropped"] == shown["empty question"] == ["1", "0", "1"]


def _cells(table: str) -> list[list[str]]:
    return [line.split("│") for line in table.splitlines() if "│" in line]


def test_lengths_are_described() -> None:
    import numpy as np

    spread = describe(np.array([10, 20, 30, 5000]))
    assert (spread.examples, spread.total, spread.mean, spread.median, spread.longest) == (4, 5060, 1265, 25, 5000)
    assert spread.above == (0.25, 0.25, 0.0)
    assert describe(np.array([], dtype=np.int64)).total == 0
