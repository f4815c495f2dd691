"""Texts of a source from first to last: the same as its rows, whatever form they lie in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from s1m.datasets.example import Unusable
from s1m.datasets.source import Source
from s1m.datasets.sources.stream import BATCH, open_stream
from s1m.errors import DataError, UsageError
from tests.benchmarks.hub import hub
from tests.datasets.sets import examples_of, picture, trace, write_lines, write_parquet


def texts(source: Source, column: str = "") -> list[str]:
    stream = open_stream(source, column=column)
    return [stream.read(row) for batch in stream.batches for row in batch]


def test_parquet_and_lines_give_the_responses_of_their_rows(tmp_path: Path) -> None:
    rows = [trace(answer=f"It has {number}.", image=picture()) for number in range(BATCH + 3)]
    table = write_parquet(tmp_path / "a.parquet", rows)
    lines = write_lines(tmp_path / "b.jsonl", [{**row, "image": None} for row in rows])
    wanted = [example.turns[-1].text for example in examples_of(table)]
    assert texts(Source(path=str(table))) == wanted
    assert texts(Source(path=str(lines))) == wanted
    assert texts(Source(path=str(lines), rows=5)) == wanted[:5]
    assert texts(Source(path=str(table)), "prompt") == ["How many sides?"] * len(rows)


def test_tags_of_other_sets_leave_in_one_spelling(tmp_path: Path) -> None:
    said = "<SUMMARY>I look.</SUMMARY><CAPTION>Three.</CAPTION><REASONING>1, 2, 3</REASONING><CONCLUSION>3</CONCLUSION>"
    path = write_lines(tmp_path / "a.jsonl", [{"messages": [{"role": "assistant", "content": said}]}])
    assert texts(Source(path=str(path))) == ["<think>\nI look.\n\nThree.\n\n1, 2, 3\n</think>\n3"]


def test_what_is_made_on_the_spot_is_streamed_too() -> None:
    stream = open_stream(Source(path="digits", rows=3))
    (rows,) = stream.batches
    assert [stream.read(row) for row in rows] == [
        example.turns[-1].text for example in examples_of(Source(path="digits", rows=3))
    ]
    assert {row["domain"] for row in rows} <= {"sum", "range", "evens"}


def test_a_broken_line_is_one_row_that_cannot_be_read(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [trace()])
    path.write_text(path.read_text() + "{torn\n[1]\n" + path.read_text())
    stream = open_stream(Source(path=str(path)))
    (rows,) = stream.batches
    assert len(rows) == 4
    assert stream.read(rows[0]) == stream.read(rows[3])
    with pytest.raises(Unusable):
        open_stream(Source(path=str(path)), column="prompt").read(rows[1])


def test_what_windows_writes_is_read_as_rows_are(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [trace()])
    wanted = texts(Source(path=str(path)))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert texts(Source(path=str(path))) == wanted


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("", "is empty"), ('[{"prompt": "?"}]', "is one JSON array"), ('{"score": NaN}', "line 1: it holds NaN")],
)
def test_a_file_of_no_lines_is_refused_for_its_own_reason(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(DataError, match=complaint):
        open_stream(Source(path=str(tmp_path / "a.jsonl")))


def test_what_is_not_there_is_one_line(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"answer": "3"}])
    with pytest.raises(DataError, match="of which no example can be made"):
        open_stream(Source(path=str(path)))
    with pytest.raises(DataError, match="has no column thoughts, only answer"):
        open_stream(Source(path=str(path)), column="thoughts")
    with pytest.raises(UsageError, match="there is no file or folder"):
        open_stream(Source(path=str(tmp_path / "no.parquet")))


def test_a_dataset_of_the_hub_is_streamed(tmp_path: Path) -> None:
    """In a process of its own: the Hub's address is read when its library is imported."""
    write_parquet(
        tmp_path / "set/data/train-00000-of-00001.parquet", [trace(image=picture()), trace(answer="It has 4.")]
    )
    code = """
from s1m.datasets.source import Source
from s1m.datasets.sources.stream import open_stream
stream = open_stream(Source(path="org/set"))
print([stream.read(row)[-9:] for batch in stream.batches for row in batch])
"""
    with hub(tmp_path / "set", []) as endpoint:
        environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "home")}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
    assert done.stdout == "['It has 3.', 'It has 4.']\n", done.stderr
    assert not list((tmp_path / "home").rglob("*.arrow"))  # nothing was copied
