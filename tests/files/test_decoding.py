"""Whatever comes from outside is decoded or refused in one line, and soon."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.analysis.responses.score import read_responses
from s1m.benchmarks.custom import Custom
from s1m.engines.remote.reply import Unreadable, decode
from s1m.errors import DataError, UsageError
from s1m.evaluate.imported import read_level
from s1m.evaluate.store import load_run
from s1m.files import decoding
from s1m.files.decoding import Undecodable, decode_json, decode_reply, decode_toml, read_json
from s1m.files.images import ImageError, as_sent, picture_of, size_of
from s1m.files.json_lines import append, encode_line, open_for_append, read_lines, read_rows
from s1m.files.run_folder import read_settings
from s1m.files.settings import read_toml
from tests.files.pictures import drawn, encoded, held, line_on_nothing, wide_grey
from tests.guards import SECONDS

HOSTILE = {
    "nested lists": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "closed nesting": b'{"id":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "nothing": b"",
    "NUL": b'{"id": "a\0b"}',
    "only NULs": b"\0" * 1000,
    "half a character": rb'{"id": "\ud83d"}',
    "half a character in UTF-8": b'{"id": "\xed\xa0\xbd"}',
    "the other half": rb'{"id": "a\udc00b"}',
    "Latin-1": b'{"id": "caf\xe9"}',
    "UTF-16": json.dumps({"id": "1"}).encode("utf-16"),
    "UTF-16 big end first": b"\xfe\xff" + json.dumps({"id": "1"}).encode("utf-16-be"),
    "not a number": b'{"id": NaN}',
    "infinity": b'{"id": 1e999}',
    "many digits": b'{"id": ' + b"9" * 10_000 + b"}",
    "two documents": b"{}{}",
    "cut off": b'{"id": "1", "resp',
    "a list": b"[]",
    "a text": b'"text"',
    "an image": encoded(drawn()),
}


def refusal(work: Callable[[], object], *documented: type[Exception]) -> str:
    """What is said of an input without long work, on one line; nothing where it is taken."""
    began, said = time.monotonic(), ""
    try:
        work()
    except documented as error:
        said = str(error)
    assert "\n" not in said
    assert time.monotonic() - began < SECONDS
    return said


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_json_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(Undecodable) as caught:
        decode_json(content, dict[str, Any])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_traps_are_named() -> None:
    for name, said in {
        "nested objects": "nested too deeply", "NUL": "byte 10 is NUL", "half a character": "lone surrogate",
        "the other half": "lone surrogate", "UTF-16": "it is UTF-16; save it as UTF-8", "Latin-1": "is not UTF-8",
    }.items():  # fmt: skip
        with pytest.raises(Undecodable, match=said):
            decode_json(HOSTILE[name], dict[str, Any])


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    assert decode_json(b'\xef\xbb\xbf{"a": 1}', dict[str, int]) == {"a": 1}
    assert decode_toml(b"\xef\xbb\xbfa = 1") == {"a": 1}
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n')
    assert [row for _, row in read_rows(path, dict[str, int], "a row")] == [{"a": 1}, {"a": 2}]


def test_what_servers_say_has_its_half_characters_replaced() -> None:
    assert decode_reply(rb'{"a": "x\ud83dy"}', dict[str, str]) == {"a": "x\ufffdy"}
    assert decode_reply(rb'{"a": "\ud83d\ude00 \udc00"}', dict[str, str]) == {"a": "\U0001f600 \ufffd"}
    assert decode_reply(rb'{"a": "\\ud83d is text"}', dict[str, str]) == {"a": r"\ud83d is text"}
    assert decode_reply(b'{"a": "caf\xe9"}', dict[str, str]) == {"a": "caf\ufffd"}


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\rh"
    path = tmp_path / "rows.jsonl"
    row = {"id": "1", "question": text, "answer": "7"}
    path.write_text(json.dumps(row, ensure_ascii=False) + "\r\n" + json.dumps(row | {"id": "2"}), newline="")
    assert [problem.question for problem in Custom().load(split="all", limit=None, data=str(path))] == [text, text]


def test_a_line_without_end_is_refused_and_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MOST_BYTES", 100)
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n' + b"x" * 1000)
    with pytest.raises(DataError, match=r"rows\.jsonl, line 2 has more than 100 bytes"):
        list(read_rows(path, dict[str, int], "a row"))
    with pytest.raises(DataError, match="more than 100 bytes"):
        read_json(path, dict[str, Any])


def test_pipes_and_devices_are_not_read() -> None:
    for path in (Path("/dev/zero"), Path("/dev/null"), Path("/dev/stdin")):
        with pytest.raises(DataError, match="not a regular file"):
            read_json(path, dict[str, Any])
        with pytest.raises(UsageError, match="not a regular file"):
            read_toml(path)


@pytest.mark.parametrize("content", [b"a = " + b"[" * 50_000, b"a = " + b"9" * 9000, b'a = "\xff"', b"\0", b"= 3"])
def test_hostile_toml_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    for read in (read_toml, lambda path: read_settings(path.parent), lambda path: load_run(path.parent)):
        with pytest.raises((UsageError, DataError), match=r"settings\.toml") as caught:
            read(path)
        assert "\n" not in str(caught.value)


READERS: dict[str, Callable[[Path], object]] = {
    "responses": lambda path: list(read_responses(path)),
    "custom": lambda path: Custom().load(split="all", limit=None, data=str(path)),
    "records": lambda path: list(read_lines(path, dict[str, str])),
    "results": lambda path: read_level(path, 0, []),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("reader", READERS)
def test_readers_name_file_and_line(reader: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content + b"\n")
    said = refusal(lambda: READERS[reader](path), DataError, UsageError)
    assert "rows.jsonl" in said or not said


def test_a_text_with_half_a_character_is_written_and_read_back(tmp_path: Path) -> None:
    assert json.loads(encode_line({"a": ["x\ud83d"]})) == {"a": ["x\ufffd"]}
    with open_for_append(tmp_path / "log.jsonl") as file:
        append(file, {"a": "x\ud83d"})
    assert len(list(read_lines(tmp_path / "log.jsonl", dict[str, str]))) == 1


ANYTHING = st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
NEARLY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
MANGLED = st.tuples(NEARLY_JSON, st.integers(0, 400), ANYTHING).map(lambda t: t[0][: t[1]] + t[2] + t[0][t[1] :])
BYTES = ANYTHING | NEARLY_JSON | MANGLED


@given(BYTES)
def test_decoders_raise_what_they_document(content: bytes) -> None:
    kinds: tuple[type, ...] = (dict[str, Any], list[int], str)
    for kind in kinds:
        refusal(partial(decode_json, content, kind), Undecodable)
        refusal(partial(decode_reply, content, kind), Undecodable)
        refusal(partial(decode, content, kind), Unreadable)
    refusal(lambda: decode_toml(content), Undecodable)


@pytest.mark.parametrize("reader", READERS)
def test_readers_raise_what_they_document(reader: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "rows.jsonl"

    @given(st.lists(BYTES, max_size=4))
    def run(lines: list[bytes]) -> None:
        path.write_bytes(b"\n".join(lines))
        said = refusal(lambda: READERS[reader](path), DataError, UsageError)
        assert "rows.jsonl" in said or not said

    run()


PICTURES = [encoded(drawn(), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")]
PICTURES += [line_on_nothing(), wide_grey(), held(6), held(5, "PNG"), held(7, "TIFF")]


@given(st.sampled_from(PICTURES), st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=6), st.data())
def test_damaged_images_raise_one_error(image: bytes, damage: list[tuple[int, int]], data: st.DataObject) -> None:
    changed = bytearray(image[: data.draw(st.integers(0, len(image)))] if data.draw(st.booleans()) else image)
    for place, value in damage:
        if place < len(changed):
            changed[place] = value
    looks: tuple[Callable[[bytes], object], ...] = (picture_of, size_of, as_sent)
    for look in looks:
        refusal(partial(look, bytes(changed)), ImageError)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_lines_of_a_pipe_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "records.jsonl")
    with pytest.raises(DataError, match="it is not a regular file"):
        list(read_lines(tmp_path / "records.jsonl", dict))
