"""Filters on what was thought: that there is some, that it goes somewhere, in the language, from the picture."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from s1m.data.curate.filters import Filter
from s1m.data.trace_row import TraceRow
from s1m.families import Delimiters
from s1m.forcing.loops.watch import find_loop

if TYPE_CHECKING:
    from s1m.data.curate.filter_settings import FilterSettings


@dataclass(frozen=True, kw_only=True)
class Thinking(Filter):
    """Leaves out responses without thinking."""

    name: ClassVar[str] = "thinking"
    order: ClassVar[int] = 10

    delimiters: Delimiters

    @classmethod
    def build(cls, settings: FilterSettings, folder: Path) -> Self:  # noqa: ARG003
        return cls(delimiters=settings.delimiters)

    def refuses(self, row: TraceRow) -> str | None:
        return None if row.thinking(self.delimiters) else "no thinking"


@dataclass(frozen=True, kw_only=True)
class Loops(Filter):
    """Leaves out responses that repeat themselves. See ``s1m.forcing.loops.watch``."""

    name: ClassVar[str] = "loops"
    order: ClassVar[int] = 20

    def refuses(self, row: TraceRow) -> str | None:
        loop = find_loop(row.response)
        return f"{loop.kind} loop: {row.response[loop.start : loop.start + 60]!r}" if loop else None


ELSEWHERE = 0.05
"""Share of letters in other scripts that a response may have: names, quotations, what stands in the picture."""
EVERYWHERE = frozenset({"LATIN", "GREEK", "MATHEMATICAL", "DOUBLE-STRUCK", "SCRIPT", "BLACK-LETTER"})
"""Scripts that formulas are written in, whatever the language."""


@dataclass(frozen=True, kw_only=True)
class Language(Filter):
    """Leaves out responses that are written in other scripts than the wanted ones, such as a switch to Chinese.

    Languages that share a script are not distinguished.
    """

    name: ClassVar[str] = "language"
    order: ClassVar[int] = 30

    scripts: tuple[str, ...]

    @classmethod
    def build(cls, settings: FilterSettings, folder: Path) -> Self:  # noqa: ARG003
        return cls(scripts=settings.scripts)

    def refuses(self, row: TraceRow) -> str | None:
        if row.response.isascii():
            return None
        letters = Counter(script_of(letter) for letter in row.response if letter.isalpha())
        wanted = EVERYWHERE | {script.upper() for script in self.scripts}
        other = Counter({script: count for script, count in letters.items() if script not in wanted})
        fraction = other.total() / max(1, letters.total())
        if fraction <= ELSEWHERE:
            return None
        return f"another script: {other.most_common(1)[0][0].lower()}, {100 * fraction:.0f} % of the letters"


def script_of(letter: str) -> str:
    """The script of a letter, as the first word of its Unicode name says: LATIN, CJK, CYRILLIC."""
    return unicodedata.name(letter, "UNNAMED").partition(" ")[0]


HINT = re.compile(
    r"""
    \b(?:the|a|my)\ (?:given|provided|reference|ground[- ]truth|gold)\ (?:answer|solution)\b  # the given answer
    | \b(?:the|this)\ hint\ (?:says|tells|gives|suggests)\b  # the hint suggests
    | \b(?:answer|solution)\ (?:key|I\ was\ given)\b  # the answer key
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Thinking that was written by a model which knew the answer."""
DESCRIPTION = re.compile(
    r"""
    \b(?:the|this|given|provided|from\ the|image|according\ to\ the)\ (?:image\ |picture\ |text\ )?
    (?:description|caption)\b  # according to the image description
    | \b(?:cannot|can't|unable\ to)\ see\ the\ (?:image|picture|figure|diagram)\b  # I cannot see the image
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Thinking that was written by a model which was given a description instead of the picture."""


@dataclass(frozen=True, kw_only=True)
class Leaks(Filter):
    """Leaves out thinking that talks of what the learner will not have: a given answer, a hint, a description."""

    name: ClassVar[str] = "leaks"
    order: ClassVar[int] = 40

    delimiters: Delimiters

    @classmethod
    def build(cls, settings: FilterSettings, folder: Path) -> Self:  # noqa: ARG003
        return cls(delimiters=settings.delimiters)

    def refuses(self, row: TraceRow) -> str | None:
        thinking = row.thinking(self.delimiters)
        if hint := HINT.search(thinking):
            return f"talks of a given answer: {hint[0]!r}"
        if row.images and (caption := DESCRIPTION.search(thinking)) and not DESCRIPTION.search(row.prompt):
            return f"talks of a description: {caption[0]!r}"
        return None
