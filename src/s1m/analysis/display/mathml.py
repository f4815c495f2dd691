"""LaTeX as MathML, which browsers draw without a script and without the network.

latex2mathml reads the LaTeX; its own text output is never used, because it undoes the escaping of foreign text, and
foreign LaTeX may ask for links, styles and colours. Here its tree is copied element by element: only elements and
attributes of a list, values of a few shapes, text as text. What it cannot read, or reads only in part, stays text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element as XmlElement

Element: TypeAlias = "tuple[str, dict[str, str], tuple[Element | str, ...]]"
"""Name, attributes, children."""

LEAVES = frozenset({"mi", "mn", "mo", "mtext", "ms"})

ELEMENTS = LEAVES | {
    *("math", "mrow", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder", "mover", "munderover"),
    *("mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose", "mmultiscripts", "mprescripts", "none"),
}

ARITY = dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2) | {"msubsup": 3, "munderover": 3}
"""Children that an element needs; of half a formula latex2mathml makes half an element."""

_WORD = re.compile(r"[a-z][a-z -]{0,40}")
_NUMBER = re.compile(r"[-+]?\d?")
_LENGTH = re.compile(r"[-+]?\d?\d?(?:\.\d{1,4})?(?:em|ex|px|pt)?")  # no formula is wider than the page by a command
_WORDS = (
    *("display", "displaystyle", "mathvariant", "stretchy", "fence", "form", "accent", "accentunder", "largeop"),
    *("movablelimits", "separator", "symmetric", "notation", "columnalign"),
)
_LENGTHS = ("width", "height", "depth", "lspace", "rspace", "voffset", "minsize", "maxsize", "linethickness")
ATTRIBUTES = {**dict.fromkeys(_WORDS, _WORD), **dict.fromkeys(_LENGTHS, _LENGTH), "scriptlevel": _NUMBER}
"""Attributes that are kept, and what their value may be: no link, no style, no colour."""

_MACROS = re.compile(r"\\(?:def|let|[re]*newcommand|providecommand|newenvironment|renewenvironment|DeclareMath\w+)\b")
"""Foreign text defines nothing: a macro that calls another ten times, that one ten more, is a page of gigabytes."""

_PER_CENT = re.compile(r"(?<!\\)((?:\\\\)*)%")
"""A model that writes "20%" means the sign; LaTeX reads the beginning of a comment, and the rest would be missing."""

_ARC = re.compile(r"\\(?:over|wide)(?:arc|paren)(?![a-zA-Z])")
"""An arc of a circle: of packages, so latex2mathml does not know it; geometry is full of it."""

DEEPEST = 60
"""Elements within each other; readable formulas have about ten."""


@lru_cache(maxsize=8_192)
def convert(latex: str, *, block: bool) -> Element | None:
    """The ``math`` element of a formula, on a line of its own with ``block``; None for LaTeX that cannot be read."""
    from latex2mathml.converter import convert_to_element

    if not latex.strip() or _MACROS.search(latex):
        return None
    try:
        known = _ARC.sub(r"\\overset{\\frown}", _PER_CENT.sub(r"\1\\%", latex))
        root = convert_to_element(known, display="block" if block else "inline")
        return _copied(root, DEEPEST)
    # Whatever is wrong with foreign LaTeX: the library raises a dozen errors of its own, IndexError, KeyError, ...
    except Exception:
        return None


def _copied(element: XmlElement, depth: int) -> Element:
    """The element with what is allowed in it. Raises ``ValueError`` for what is not MathML or too deep."""
    if element.tag not in ELEMENTS or depth == 0:
        raise ValueError(element.tag)
    text = unescape(element.text or "")  # latex2mathml writes signs as "&#x00028;"
    if element.tag != "mtext" and len(text) > 1 and text.startswith("\\"):
        raise ValueError(text)  # a command that it does not know, shown as its name
    attributes = {
        name: value
        for name, value in element.attrib.items()
        if (shape := ATTRIBUTES.get(name)) and shape.fullmatch(value)
    }
    children = tuple(_without_row(_copied(child, depth - 1)) for child in element)
    if (element.tag in LEAVES and children) or len(children) != ARITY.get(element.tag, len(children)):
        raise ValueError(element.tag)
    return element.tag, attributes, (*([text] if element.tag in LEAVES else []), *children)


def _without_row(element: Element) -> Element:
    """What a row of one element holds, without the row: half of what latex2mathml writes is such rows."""
    name, attributes, children = element
    if name == "mrow" and not attributes and len(children) == 1 and not isinstance(children[0], str):
        return children[0]
    return element


def to_html(element: Element) -> str:
    """An element as HTML; text and attributes are escaped."""
    name, attributes, children = element
    inner = "".join(escape(child) if isinstance(child, str) else to_html(child) for child in children)
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{inner}</{name}>"


def to_json(element: Element) -> list[object]:
    """An element as ``[name, attributes, *children]``, for a page's script."""
    name, attributes, children = element
    return [name, attributes, *(child if isinstance(child, str) else to_json(child) for child in children)]
