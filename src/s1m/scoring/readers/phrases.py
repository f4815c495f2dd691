"""Decide how answers without a value of their own are read: free text, lists and expressions."""

from __future__ import annotations

import re

from s1m.scoring.readers.reader import Reader
from s1m.scoring.readers.statements import before_reasons, marked, tags

_ENDS = " \t\n.,;:!?\"'*`。"
_LIST = re.compile(r"[\[({]([^\[\](){}]{1,500})[\])}]")
_BARE_LIST = re.compile(r"-?[\w.]{1,30}(?:\s?,\s?(?:and\s)?-?[\w.]{1,30}){1,100}")
_MATHS = re.compile(
    r"""
      \$\$?([^$]{1,300})\$\$?    # $x$, $$x$$
    | \\\((.{1,300}?)\\\)        # \(x\)
    | \\\[(.{1,300}?)\\\]        # \[x\]
    """,
    re.DOTALL | re.VERBOSE,
)
_STATED_MATHS = re.compile(
    r"""\s*(?:approximately|about|equal[ ]to)?\s*(?:
      \$\$?([^$]{1,300})\$\$?    # about $x$
    | \\\((.{1,300}?)\\\)        # \(x\)
    | \\\[(.{1,300}?)\\\]        # \[x\]
    )""",
    re.VERBOSE,
)
_UNSET = re.compile(
    r"""
      ^\$+        # $x
    | \$+$        # x$
    | ^\\[(\[]    # \(x
    | \\[)\]]$    # x\)
    """,
    re.VERBOSE,
)


class TextReader(Reader):
    """Reads a word or a phrase."""

    recognisable = False

    def whole(self, text: str) -> str | None:
        """All of a text, when it is an answer and nothing else."""
        text = text.strip(_ENDS)
        short = text and "\n" not in text and len(text.split()) <= 8
        return text if short and not any(marked(text)) and not any(tags(text)) else None

    def stated(self, span: str) -> str | None:
        """The answer in a span that is said to be one."""
        return before_reasons(span).strip(_ENDS) or None


class ListReader(Reader):
    """Reads a list, written in brackets; without them only where nothing else stands."""

    def whole(self, text: str) -> str | None:
        """All of a text, when it is an answer and nothing else."""
        text = text.strip().rstrip(".")
        if match := _LIST.fullmatch(text) or _BARE_LIST.fullmatch(text):
            return _bracketed(match)
        return None

    def stated(self, span: str) -> str | None:
        """The answer in a span that is said to be one."""
        match = _LIST.search(span) or _BARE_LIST.match(span.strip())
        return _bracketed(match) if match else None

    def concluded(self, sentence: str) -> str | None:
        """The answer that a sentence comes to."""
        parsed = [match for match in _LIST.finditer(sentence) if "," in match[1]]
        return _bracketed(parsed[-1]) if parsed else None


class ExpressionReader(Reader):
    """Reads a formula, its LaTeX kept."""

    keeps_markup = True
    recognisable = False

    def whole(self, text: str) -> str | None:
        """All of a text, when it is an answer and nothing else."""
        text = text.strip(_ENDS)
        spoken = re.search(r"[a-zA-Z]{3,}(?![a-zA-Z({]*[({])\s+[a-zA-Z]{2,}", text.replace("\\", " \\"))
        return _unset(text) if text and "\n" not in text and len(text) <= 200 and not spoken else None

    def stated(self, span: str) -> str | None:
        """The answer in a span that is said to be one."""
        span = span.strip()
        if match := _STATED_MATHS.match(span):
            return _unset(next(group for group in match.groups() if group))
        text = before_reasons(span).strip(_ENDS)
        return _unset(text) if text else None

    def concluded(self, sentence: str) -> str | None:
        """The answer that a sentence comes to."""
        parsed = [next(group for group in match.groups() if group) for match in _MATHS.finditer(sentence)]
        return _unset(parsed[-1]) if parsed else None


def _unset(text: str) -> str:
    """A formula without the marks that set it in a text, and without the name it is given: ``x = 3`` is 3."""
    text = _UNSET.sub("", text.strip()).strip(_ENDS)
    before, equals, after = text.rpartition("=")
    return (
        after.strip() if equals and after.strip() and not before.rstrip().endswith(("<", ">", "\\le", "\\ge")) else text
    )


def _bracketed(match: re.Match[str]) -> str:
    items = (match[1] if match.re is _LIST else match[0]).split(",")
    return f"[{', '.join(item.strip() for item in items)}]"
