"""Decide what of an answer is markup and what is content: LaTeX, Markdown and full-width signs become plain text.

Every pattern here is linear: no quantifier can match the same characters in two ways.
"""

from __future__ import annotations

import re

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SIGNS = _FULL_WIDTH | {
    ord(sign): plain
    for plain, signs in {
        "-": "−‒–﹣",
        "'": "‘’′",
        '"': "“”",
        " ": "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000",
        "": "\u200b\u200c\u200d\ufeff\u2060",
        ":": "∶",
        "×": "✕✖⨯",
        " 1/2": "½",
        " 1/3": "⅓",
        " 2/3": "⅔",
        " 1/4": "¼",
        " 3/4": "¾",
        " 1/5": "⅕",
        " 1/8": "⅛",
    }.items()
    for sign in signs
}
_CIRCLED = {0x24B6 + i: f"({chr(65 + i)})" for i in range(26)} | {0x24D0 + i: f"({chr(97 + i)})" for i in range(26)}
_CONTROLS = {code: None for code in range(0x20) if chr(code) not in "\t\n\r"}
_TABLE = _SIGNS | _CIRCLED | _CONTROLS

BOX_OPENS, BOX_CLOSES = "⟦", "⟧"
"""What stands for ``\\boxed{`` and its brace in a plain text."""

_BOX = re.compile(r"\\?(?:f?boxed|fbox)\s?\{")
# (?![a-zA-Z]) ends a command: \le is not the beginning of \left. Fractions are spelt alike here because _FRACTION,
# which reads them afterwards, knows \frac alone.
_LATEX = (
    (re.compile(r"\\(?:left|right|displaystyle|,|;|!|:|quad|qquad|big|Big)(?![a-zA-Z])"), " "),
    (re.compile(r"\\[dtc]frac(?![a-zA-Z])"), r"\\frac"),
    (re.compile(r"\^\s?\{?\s?\\circ\s?\}?|\\degree(?![a-zA-Z])"), "°"),
    # A unit after its number: 5\text{cm}; but 2\mathrm{e} is a product.
    (re.compile(r"(?<=\d)\\(?:text|textrm|mathrm|mbox|operatorname)\s?\{\s?(?=[a-zA-Z]{2}|[^eid\s}]\s?\})"), " {"),
    (
        re.compile(r"\\(?:text|textbf|textit|texttt|textrm|mathrm|mathbf|mathit|mathsf|operatorname|mbox|emph)\s?\{"),
        "{",
    ),
    (re.compile(r"\\(?:times)(?![a-zA-Z])"), "×"),
    (re.compile(r"\\(?:cdot)(?![a-zA-Z])"), "·"),
    (re.compile(r"\\(?:approx|simeq)(?![a-zA-Z])"), "≈"),
    (re.compile(r"\\leq?(?:slant)?(?![a-zA-Z])"), "≤"),
    (re.compile(r"\\geq?(?:slant)?(?![a-zA-Z])"), "≥"),
    (re.compile(r"\\neq?(?![a-zA-Z])"), "≠"),
    (re.compile(r"\\infty(?![a-zA-Z])"), "∞"),
    (re.compile(r"\\pm(?![a-zA-Z])"), "±"),
    (re.compile(r"\\cup(?![a-zA-Z])"), "∪"),
    (re.compile(r"\\(?:varnothing|emptyset)(?![a-zA-Z])"), "∅"),
    (re.compile(r"\\[lc]?dots(?![a-zA-Z])"), "…"),
    (re.compile(r"\\pi(?![a-zA-Z])"), "π"),
    (re.compile(r"\\angle(?![a-zA-Z])"), "∠"),
    (re.compile(r"\\sqrt(?![a-zA-Z])"), "√"),
    (re.compile(r"\\(?:therefore)(?![a-zA-Z])"), "∴"),
    (re.compile(r"\\(?:Rightarrow|implies|rightarrow|to)(?![a-zA-Z])"), "→"),
    (re.compile(r"\\[()\[\]]"), " "),
    (re.compile(r"\\([%$#&_{} ])"), r"\1"),
    (re.compile(r"\\\\"), "\n"),
)
_FRACTION = re.compile(
    r"""\\frac
    \s?(?:\{([^{}\\]{1,60})\}|(\d))    # {12} of \frac{12}{5}, 1 of \frac12
    \s?(?:\{([^{}\\]{1,60})\}|(\d))    # {5}, 2
    """,
    re.VERBOSE,
)
_ROOT = re.compile(r"√\s?\{(\w{1,12})\}")
_THOUSANDS_GAP = re.compile(
    r"""(?<=\d)(?:
      \{,\}         # 1{,}234: the braces keep LaTeX from setting a space after the comma
    | \\[,!;:]      # 1\,234
    | ,\\!          # 1,\!234
    | [ ],[ ]       # 1 , 234
    )(?=\d{3}(?!\d))""",
    re.VERBOSE,
)
_BRACED = re.compile(r"(?<![\w√^_}{])\{([^{}]{1,200})\}")
_POWER_OF_TEN = re.compile(r"(?<=10)[⁻⁰¹²³⁴-⁹]+")
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_EMPHASIS = re.compile(
    r"""
      \*\*               # **B**
    | __                 # __B__
    | `+                 # `B`
    | (?<!\w)\*(?=\S)    # *B
    | (?<=\S)\*(?!\w)    # B*
    | ~~                 # ~~B~~
    """,
    re.VERBOSE,
)
_HEADING = re.compile(
    r"""
      ^\#{1,6}(?=\s)    # ## Answer
    | ^>(?=\s)          # > B
    """,
    re.MULTILINE | re.VERBOSE,
)


def with_plain_signs(text: str) -> str:
    """``text`` with full-width and typographic signs as ASCII, ``½`` as 1/2 and ``Ⓑ`` as (B)."""
    return text.translate(_TABLE)


def with_boxes(text: str) -> str:
    r"""``text`` with every ``\boxed{...}`` written as ``⟦...⟧``, braces balanced; an unclosed one is left as it is."""
    match = _BOX.search(text)
    pieces: list[str] = []
    start = 0
    while match:
        depth = 1
        end = match.end()
        limit = min(len(text), end + 1000)
        while end < limit and depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        if depth == 0:
            pieces += [text[start : match.start()], BOX_OPENS, text[match.end() : end - 1], BOX_CLOSES]
            start = end
        match = _BOX.search(text, max(end if depth == 0 else match.end(), start))
    return "".join([*pieces, text[start:]])


def plain(text: str) -> str:
    """``text`` without LaTeX, Markdown and dollar signs; fractions become ``a/b``, roots ``√{a}``, degrees ``°``."""
    if "\\" in text or "{" in text:
        text = _THOUSANDS_GAP.sub("", text)
        for pattern, replacement in _LATEX:
            text = pattern.sub(replacement, text)
        text = _ROOT.sub(r"√\1", text)
        text = _FRACTION.sub(_fraction, text)
        for _ in range(3):
            text = _BRACED.sub(r"\1", text)
    text = _POWER_OF_TEN.sub(lambda match: f"^{match[0].translate(_SUPERSCRIPTS)}", text.replace("$", ""))
    return _HEADING.sub("", _EMPHASIS.sub("", text))


def _fraction(match: re.Match[str]) -> str:
    above, below = match[1] or match[2], match[3] or match[4]
    before = match.string[match.start() - 1 : match.start()]
    return f"{' ' if before.isdigit() else ''}{_grouped(above.strip())}/{_grouped(below.strip())}"


def _grouped(part: str) -> str:
    return part if part.replace(".", "", 1).lstrip("-").isalnum() else f"({part})"
