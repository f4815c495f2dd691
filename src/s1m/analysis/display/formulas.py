r"""Where a text has LaTeX: ``$x$``, ``$$x$$``, ``\(x\)``, ``\[x\]``, ``\begin{align}...\end{align}``, ``\boxed{x}``.

A dollar sign is as often a price as a delimiter. It closes a formula only after something else than a space and before
no digit, so "$5 and $6" is text; and what stands between two must not read like a sentence, so "$5 and then 3$" is text
as well. With a space on both sides, as in "$ x - y $", there must be more than numbers between. What cannot be
converted stays text, delimiters included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from s1m.analysis.display.mathml import Element, convert

MOST_CHARACTERS = 2_000
"""Of one formula, here and in the pattern: a longer one is a slip of a delimiter, and to search for the end of each of
ten thousand that never end would take minutes."""

MOST_BOXED = 400
"""As ``MOST_CHARACTERS``, of an answer in a box outside of a formula."""


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A formula as it stands in the text, delimiters included, and as MathML."""

    source: str
    tree: Element


_OPENING = re.compile(
    r"""(?P<code>```.*?(?:```|\Z) | `[^`\n]*`)           # `$HOME`
      | (?P<escaped>\\[\\$])                             # \$5, and the \\ of \\[2pt]
      | \$\$(?P<display>[^$]{1,2000})\$\$                 # $$x$$
      | \$(?!\$)(?P<dollars>(?:[^$\\]|\\.){1,1000}?)\$(?![\d$])  # $x$, $ x$, $x \$ y$
      | \\\((?P<inline>.{1,2000}?)\\\)                    # \(x\)
      | \\\[(?P<block>.{1,2000}?)\\\]                     # \[x\]
      | (?P<environment>\\begin\{(?P<name>[a-z]{1,20}\*?)\}.{1,2000}?\\end\{(?P=name)\})
      | (?P<boxed>\\f?boxed\s*\{)                        # \boxed{x}
    """,
    re.VERBOSE | re.DOTALL,
)

_WORDS = re.compile(r"\\(?:text|mbox|mathrm|operatorname|textbf|textit|mathbf)[a-z]*\*?\s*\{[^{}]*\}")
"""Words that LaTeX itself marks as words."""

_SENTENCE = re.compile(
    r"(?<!\S)(?:and?|at|as|but|by|each|for|from|i[fnst]|not|of|or|per|so|than|the|then|to|was|we|with|you|are)(?!\S)"
    r"|(?<![\\a-zA-Z{])[A-Z]?[a-z]{2,}[,.;]?\s+[a-z]{2,}(?![a-zA-Z}])"  # dollars each
    r"|\n\s*\n"
)

_COMMAND = re.compile(r"\\[a-zA-Z]+|[_^]\{")


def pieces(text: str) -> list[str | Formula]:
    """``text`` in its order as plain text and formulas; text alone where it has none."""
    split: list[str | Formula] = []
    end = 0
    for start, stop, inner, is_block in _candidates(text):
        tree = convert(inner, block=is_block) if len(inner) <= MOST_CHARACTERS else None
        if tree is None:
            continue
        if start > end:
            split.append(text[end:start])
        split.append(Formula(source=text[start:stop], tree=tree))
        end = stop
    return [*split, text[end:]] if end < len(text) or not split else split


def answer_pieces(text: str) -> list[str | Formula]:
    r"""As ``pieces``, for an answer: gold and prediction are often bare LaTeX, such as ``\frac{1}{2}``."""
    split = pieces(text)
    whole = text.strip()
    if any(isinstance(piece, Formula) for piece in split) or not _COMMAND.search(whole) or _is_sentence(whole):
        return split
    tree = convert(whole, block=False) if len(whole) <= MOST_CHARACTERS else None
    return split if tree is None else [Formula(source=text, tree=tree)]


def _candidates(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Start, end, LaTeX, and whether it stands on a line of its own, of all that may be a formula."""
    position = 0
    while match := _OPENING.search(text, position):
        position = match.end()
        kind = str(match.lastgroup)  # the outermost
        if kind in ("code", "escaped"):
            continue
        if kind == "boxed":
            close = _closing_brace(text, position)
            if close is None:
                continue
            position = close
            inner = text[match.end() : close - 1].strip()
            if inner:  # else the prompt, which asks for one
                yield match.start(), close, _boxed(inner), False
        elif kind == "dollars" and not _is_formula(match[kind]):
            position = match.start() + 1  # the second dollar may open a formula
        else:
            yield match.start(), position, match[kind], kind in ("display", "block", "environment")


def _is_formula(between: str) -> bool:
    """Whether what stands between two single dollar signs is LaTeX rather than what a price is followed by."""
    more_than_numbers = re.search(r"[\\^_=]|^\s.*[A-Za-z]", between, re.DOTALL)
    closes = not between[-1].isspace() or more_than_numbers is not None
    return closes and not _is_sentence(between)


def _is_sentence(latex: str) -> bool:
    return _SENTENCE.search(_WORDS.sub(" ", latex)) is not None


def _closing_brace(text: str, start: int) -> int | None:
    """The position after the brace that closes one opened before ``start``; None where none does."""
    depth = 1
    for match in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, start, start + MOST_BOXED):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return None


def _boxed(inner: str) -> str:
    r"""LaTeX of a box; words in it, which models write without ``\text``, are set as words."""
    inner = inner.strip("$")
    words = re.fullmatch(r"[A-Za-z][\w ,.'-]+", inner)
    return f"\\boxed{{\\text{{{inner}}}}}" if words else f"\\boxed{{{inner}}}"
