"""Texts of models and benchmarks with their formulas drawn: as HTML, and as values for a page's script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from s1m.analysis.display.formulas import Formula, answer_pieces, pieces
from s1m.analysis.display.mathml import to_html, to_json

if TYPE_CHECKING:
    from markupsafe import Markup

LONG = 48
"""A formula whose LaTeX is longer scrolls within the width of the page: browsers break none."""


def typeset(text: str) -> Markup:
    """``text`` as HTML: escaped, its formulas as MathML."""
    return _html(pieces(text))


def typeset_answer(text: str) -> Markup:
    """As ``typeset``, for an answer, which may be LaTeX without delimiters."""
    return _html(answer_pieces(text))


def _html(split: list[str | Formula]) -> Markup:
    from markupsafe import Markup

    return Markup("".join(escape(piece) if isinstance(piece, str) else _formula(piece) for piece in split))


def _formula(formula: Formula) -> str:
    name = "s1m-formula long" if len(formula.source) > LONG else "s1m-formula"
    return f'<span class="{name}" title="{escape(formula.source)}">{to_html(formula.tree)}</span>'


class FormulaTable:
    """The formulas of a page's script, each once; beyond ``most`` texts stay as they are."""

    def __init__(self, most: int) -> None:
        self.rows: list[list[object]] = []
        """LaTeX with its delimiters, and the ``math`` element as ``mathml.to_json`` gives it."""
        self._most = most
        self._numbers: dict[str, int] = {}

    def shown(self, text: str, *, answer: bool = False) -> str | list[str | int]:
        """``text`` itself, or where it has formulas its pieces: texts, and numbers of rows."""
        if len(self.rows) >= self._most:
            return text
        split = answer_pieces(text) if answer else pieces(text)
        if not any(isinstance(piece, Formula) for piece in split):
            return text
        return [piece if isinstance(piece, str) else self._number(piece) for piece in split]

    def _number(self, formula: Formula) -> int:
        if formula.source not in self._numbers:
            self._numbers[formula.source] = len(self.rows)
            self.rows.append([formula.source, to_json(formula.tree)])
        return self._numbers[formula.source]
