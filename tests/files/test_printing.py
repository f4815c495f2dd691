"""Foreign text is printed as text, on every terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from s1m.files.printing import Printer, escaped, listed, one_line

pytestmark = pytest.mark.usefixtures("unrendered_figures")

RUN = [sys.executable, "-m", "s1m.cli"]


def printed(text: str) -> str:
    stream = io.StringIO()
    printer = Printer(file=stream, width=200)
    printer.print(text)
    table = Table(text)
    table.add_row(text)
    printer.print(table)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
        ("a\rb", r"a\x0db"),
        ("a\bb", r"a\x08b"),
        ("\x9b2J", r"\x9b2J"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\ud83d", r"\ud83d"),
        ("[bold]not bold[/bold] [/] :smile:", "[bold]not bold[/bold] [/] :smile:"),
        ("[link=file:///etc/passwd]x[/link]", "[link=file:///etc/passwd]x[/link]"),
    ],
)
def test_control_characters_and_markup_are_shown_as_text(text: str, shown: str) -> None:
    assert printed(text).count(shown) == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:secret@host:1/v1 is gone", "http://***@host:1/v1 is gone"),
        ("https://secret@host/", "https://***@host/"),
        ("http://me:se@cret@host/", "http://***@host/"),
        ("base URL 'me:secret@host:8000/v1' must begin", "base URL '***@host:8000/v1' must begin"),
        ("mail a@b.org at 10:30", "mail a@b.org at 10:30"),
    ],
)
def test_no_password_of_a_url_is_shown(text: str, shown: str) -> None:
    assert escaped(text) == shown
    assert "secret" not in printed(text)


def test_long_lists_are_shortened() -> None:
    assert listed(range(100_000)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 99,990 more"
    assert listed(["a", "b"]) == "a, b"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_is_one_line_without_control_characters(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable() or all(mark.isprintable() or ord(mark) > 0x9F for mark in shown)
    assert "\n" not in shown
    shown.encode()


def s1m(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **options.pop("environment", {})}  # type: ignore[dict-item]
    return subprocess.run([*RUN, *arguments], env=environment, timeout=120, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_a_terminal_that_shows_ascii_alone_is_enough(tmp_path: Path) -> None:
    for arguments in (["benchmarks"], ["eval", "d\u00efgits\u2026"], ["--help"]):
        done = s1m(*arguments, environment={"PYTHONIOENCODING": "ascii"}, capture_output=True, cwd=tmp_path)
        assert b"Traceback" not in done.stderr
        assert done.stdout.isascii()
        assert done.stderr.isascii()


@pytest.mark.parametrize("arguments", [["benchmarks"], ["eval", "digits", "--dry-run", "--limit", "1"], ["--version"]])
def test_a_full_disk_is_one_line_and_exit_code_1(arguments: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = s1m(*arguments, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path)
    assert (done.returncode, done.stderr.decode()) == (1, "s1m: cannot write the output: No space left on device\n")


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = s1m("benchmarks", stdout=closed, stderr=subprocess.PIPE, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, b"")


def test_errors_are_printed_without_control_characters_and_passwords(tmp_path: Path) -> None:
    for arguments in (
        ["eval", "digits", "--engine", "http", "--base-url", "http://me:secret@host/v1", "--model", "m"],
        ["eval", "digits", "--engine", "http", "--base-url", "me:secret@host", "--model", "m"],
        ["eval", "\x1b[31mx\ny"],
        ["report", "\x1b[31mx\ny"],
    ):
        done = s1m(*arguments, capture_output=True, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1
        assert b"\x1b" not in done.stderr
        assert b"secret" not in done.stderr
