"""Filters on what was thought: that there is some, that it goes somewhere, in the language, from the picture."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from s1m.data.trace_row import TraceRow
from s1m.families import Delimiters
from s1m.forcing.loops.watch import find_loop


@dataclass(frozen=True, kw_only=True)
class Thinking:
    """Leaves out responses without thinking."""

    delimiters: Delimiters

    def refuses(self, row: TraceRow) -> str | None:
        """Why a row is left out, or None."""
        return None if row.thinking(self.delimiters) else "no thinking"


@dataclass(frozen=True, kw_only=True)
class Loops:
    """Leaves out responses that repeat themselves. See ``s1m.forcing.loops.watch``."""

    def refuses(self, row: TraceRow) -> str | None:
        """Why a row is left out, or None."""
        loop = find_loop(row.response)
        return f"{loop.kind} loop: {row.response[loop.start : loop.start + 60]!r}" if loop else None


ELSEWHERE = 0.05
"""Share of letters in other scripts that a response may have: names, quotations, what stands in the picture."""
EVERYWHERE = frozenset({"LATIN", "GREEK", "MATHEMATICAL", "DOUBLE-STRUCK", "SCRIPT", "BLACK-LETTER"})
"""Scripts that formulas are written in, whatever the language."""


@dataclass(frozen=True, kw_only=True)
class Language:
    """Leaves out responses that are written in other scripts than the wanted ones, such as a switch to Chinese.

    Languages that share a script are not told apart.
    """

    scripts: tuple[str, ...]

    def refuses(self, row: TraceRow) -> str | None:
        """Why a row is left out, or None."""
        if row.response.isascii():
            return None
        found = Counter(script_of(letter) for letter in row.response if letter.isalpha())
        wanted = EVERYWHERE | {script.upper() for script in self.scripts}
        other = Counter({script: count for script, count in found.items() if script not in wanted})
        share = other.total() / max(1, found.total())
        if share <= ELSEWHERE:
            return None
        return f"another script: {other.most_common(1)[0][0].lower()}, {100 * share:.0f} % of the letters"


def script_of(letter: str) -> str:
    """The script of a letter, as the first word of its Unicode name says: LATIN, CJK, CYRILLIC."""
    return unicodedata.name(letter, "UNNAMED").partition(" ")[0]


HINT = re.compile(
    r"\b(?:the|a|my) (?:given|provided|reference|ground[- ]truth|gold) (?:answer|solution)\b"
    r"|\b(?:the|this) hint (?:says|tells|gives|suggests)\b"
    r"|\b(?:answer|solution) (?:key|I was given)\b",
    re.IGNORECASE,
)
DESCRIPTION = re.compile(
    r"\b(?:the|this|given|provided|from the|image|according to the) (?:image |picture |text )?(?:description|caption)\b"
    r"|\b(?:cannot|can't|unable to) see the (?:image|picture|figure|diagram)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Leaks:
    """Leaves out thinking that talks of what the learner will not have: a given answer, a hint, a description."""

    delimiters: Delimiters

    def refuses(self, row: TraceRow) -> str | None:
        """Why a row is left out, or None."""
        thinking = row.thinking(self.delimiters)
        if found := HINT.search(thinking):
            return f"talks of a given answer: {found[0]!r}"
        if row.images and (found := DESCRIPTION.search(thinking)) and not DESCRIPTION.search(row.prompt):
            return f"talks of a description: {found[0]!r}"
        return None
