"""The one printer of foreign text: model output, file names, what servers and data say.

Control characters are escaped, so that no text moves the cursor, hides what stands before it or writes to the
clipboard; no markup is interpreted; a password in a URL is not shown; what the terminal cannot show is escaped, too.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from itertools import islice
from typing import Any

from rich.console import Console
from rich.text import Text

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and line break, DEL, C1: \x1b begins what moves a cursor
    r"\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of writing: "\u202egnp.exe" reads "exe.png"
    r"\u2028\u2029\ud800-\udfff]"  # line breaks for some; halves of characters
)
_PASSWORD = re.compile(
    r"(?<=://)[^\s/@]{1,500}(?:@[^\s/@]{1,500})*@"  # http://user:secret@host
    r"|(?<![\w.%+-])[\w.%+-]{1,80}:[^\s/@:'\"]{1,200}@(?=[\w.-]+[:/\w])"  # user:secret@host, the scheme forgotten
)

MOST_LISTED = 10
"""Items of a list that a message shows."""


def escaped(text: str) -> str:
    """Foreign text as it may be printed: control characters escaped, tabs and line breaks kept, no password."""
    return _CONTROL.sub(_escape, _PASSWORD.sub("***@", text))


def one_line(text: str) -> str:
    """Foreign text as a message of one line."""
    return escaped(text).replace("\n", "\\n").replace("\t", " ")


def listed(items: Iterable[object], most: int = MOST_LISTED) -> str:
    """``a, b and 99,990 more``: the items, at most ``most`` of them."""
    rest = iter(items)
    shown = [str(item) for item in islice(rest, most)]
    more = sum(1 for _ in rest)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


class Printer(Console):
    """A console that escapes what it prints and interprets nothing in it. Text with a style is ``rich.text.Text``."""

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = True, **options: Any) -> None:
        super().__init__(stderr=stderr, soft_wrap=soft_wrap, highlight=False, markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """The text, escaped; called for every plain text that is printed, in the cells of tables, too."""
        return super().render_str(escaped(text), **options)


def print_json(value: object) -> None:
    """Print a value as JSON on standard output, in ASCII where the terminal has no more than that."""
    is_wide = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    sys.stdout.write(json.dumps(value, ensure_ascii=not is_wide, indent=2).replace("\x7f", "\\u007f") + "\n")


def _escape(character: re.Match[str]) -> str:
    code = ord(character[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
