r"""A question as a list of words, the same for every way of writing it that means the same.

    >>> words("In $\triangle A B C$, angle $A=60^\circ$ and two sides are $1,200 \mathrm{~cm}$.")
    ['in', 'triangle', 'abc', 'angle', 'a', '60', 'circ', 'and', '2', 'sides', 'are', '1200', 'cm']

Case, punctuation, accents, LaTeX spacing and markup, places of images and the way numbers are written are gone; words,
numbers and names of variables stay, in their order.
"""

from __future__ import annotations

import re
import unicodedata

_NUMERALS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SPELT = {word: str(number) for number, word in enumerate(_NUMERALS, start=2)}
_SIGNS = str.maketrans(
    {"\u00d7": " times ", "÷": " div ", "°": " circ ", "√": " sqrt ", "∠": " angle ", "△": " triangle ",
     "⊥": " perp ", "∥": " parallel ", "≤": " leq ", "≥": " geq ", "≠": " neq ", "π": " pi ", "·": " cdot ",
     "\u2019": "'", "\u2212": "-"}
)  # fmt: skip
_IMAGE_MARK = re.compile(
    r"""
      <\|?(?:image|img|vision)[^<>]{0,24}>    # <image>, <image1>, <|vision_start|>
    | </?(?:image|img)>                       # </img>
    | \[image[^\[\]]{0,8}\]                   # [image 2]
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MARKUP = re.compile(
    r"""
      \\(?:left|right|big|Big|displaystyle|textstyle|mathrm|mathbf|mathit|text|textbf|textit|operatorname|quad|qquad
        |overline|limits|hspace|boxed)(?![a-zA-Z])    # \left(, \mathrm{cm}; not \leftarrow, which is a relation
    | \\[,;:! ]                                       # 5\,cm
    | [{}$~]                                          # ${~cm}$
    """,
    re.VERBOSE,
)
_SAME = {"degree": "circ", "degrees": "circ", "dfrac": "frac", "tfrac": "frac", "le": "leq", "ge": "geq", "ne": "neq"}
_THOUSANDS = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])")
_WORD = re.compile(
    r"""
      \d+(?:\.\d+)?            # 60, 3.5
    | [^\W\d_]+(?:'[a-z]+)?    # angle, isn't; Python's re has no \p{L}, so "neither sign nor digit nor _"
    """,
    re.VERBOSE,
)
_VARIABLE = re.compile(
    r"""(?<![^\W\d_\\])(?:    # not inside a word, and not \x of a command
      [A-Z]{1,5}              # O, ABCDE
    | [b-hj-z]                # x, n; "a" and "i" are words of English more often than unknowns
    )(?![^\W\d_])""",
    re.VERBOSE,
)
# Chinese, Japanese and Korean are written without blanks: each sign counts as a word, or a sentence would be one word.
_IDEOGRAPHS = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")


def words(text: str) -> list[str]:
    """The words of a text in normal form; neighbouring single letters are one word, as in `A B C` and `ABC`."""
    kept: list[str] = []
    joined = False
    for word in _WORD.findall(cased(text).lower()):
        word = normal(word)
        letter = len(word) == 1 and word.isascii() and word.isalpha()
        if letter and joined:
            kept[-1] += word
        else:
            kept.append(word)
        joined = letter
    return kept


def is_number(word: str) -> bool:
    """Whether a word is a number, in digits."""
    return word[0].isdigit()


def variables(text: str) -> set[str]:
    """Words of a text that name points, lines and unknowns: runs of up to five capitals or a single letter."""
    cleaned = _MARKUP.sub(" ", text)
    names = {name.lower() for name in _VARIABLE.findall(cleaned)}
    return names | {
        word for word in words(text) if 1 < len(word) <= 5 and set(word) <= {n for n in names if len(n) == 1}
    }


def normal(word: str) -> str:
    """One word in normal form: in small letters, a numeral as a number, without the possessive."""
    small = word.lower()
    return _SPELT.get(small, _SAME.get(small, small)).removesuffix("'s")


def cased(text: str) -> str:
    """A text without accents, markup and image placeholders, its signs spelt out; capitals stay."""
    text = _IMAGE_MARK.sub(" ", text)
    text = _MARKUP.sub(" ", text.translate(_SIGNS))
    # NFKD takes accents apart from their letters, and full-width and styled letters back to plain ones.
    text = unicodedata.normalize("NFKD", text)
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    text = _THOUSANDS.sub(lambda grouped: grouped[0].replace(",", ""), text)
    return _IDEOGRAPHS.sub(r" \1 ", text)
