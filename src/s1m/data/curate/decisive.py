"""Which words of a question decide what it asks: one of them changed makes another question, however alike the rest.

    >>> decisive("In triangle ABC, what is the sine of angle A if AB = 3 cm?")
    ['a', 'b', 'c', 'sin', 'a', 'a', 'b', '=', '3', 'cm']

Numbers, signs, names (of points, unknowns, people, classes) and a list of words that come in opposites or families. The
list is for the questions that are asked of pictures: geometry, charts, scenes. Other words may change in a duplicate.
"""

from __future__ import annotations

import re

from s1m.data.contamination.words import cased, normal

_FAMILIES = """
sin cos tan cot sec csc arcsin arccos arctan log ln exp sqrt tangent secant chord
not no none never nothing neither nor without except excluding unless false true wrong right correct incorrect
valid invalid likely unlikely similar congruent
possible impossible equal unequal regular irregular unlike known unknown certain uncertain
all some only both always sometimes either
most least more less fewer many few much little maximum minimum max min maximal minimal greatest largest biggest
smallest highest lowest tallest shortest longest widest narrowest nearest farthest closest furthest fastest slowest
oldest youngest heaviest lightest best worst greater larger bigger smaller higher lower taller shorter longer wider
narrower nearer farther closer further faster slower older younger heavier lighter better worse big small large tiny
high low tall short long wide narrow deep shallow near far fast slow old young heavy light hot cold full empty
above below over under up down top bottom upper left front behind back inside outside within beyond between
inner outer interior exterior upward downward upwards downwards
north south east west clockwise counterclockwise anticlockwise horizontal vertical diagonal row column
before after earlier later first second third fourth fifth sixth last next previous start initial final
today yesterday tomorrow morning evening day week month year hour minute past future old new
increase decrease increased decreased increasing decreasing rise fall gain loss profit cost add added subtract
subtracted multiply multiplied divide divided plus minus times div cdot pm leq geq neq sum difference product quotient
ratio average mean median mode range variance deviation half twice double triple quarter percent percentage
fraction numerator denominator even odd prime composite positive negative integer rational irrational real imaginary
area perimeter circumference volume surface length width height depth radius diameter base side edge vertex face slope
intercept distance speed velocity acceleration mass weight force temperature time angle arc sector hypotenuse leg
acute obtuse straight reflex isosceles equilateral scalene convex concave parallel perpendicular complementary
supplementary inscribed circumscribed shaded unshaded colored uncolored black white red green blue yellow orange
purple brown pink grey cyan gold silver
circle square rectangle triangle rhombus trapezoid parallelogram pentagon hexagon octagon polygon cube cuboid cone
cylinder sphere pyramid prism ellipse parabola hyperbola line segment ray point centroid orthocenter incenter
circumcenter bisector altitude domain maxima minima
mm cm dm m km inch foot yard mile mg g kg ton ml cl l litre gallon second ms degree circ radian celsius fahrenheit
dollar cent euro pound rupee yuan mph
man woman boy girl male female mother father son daughter brother sister husband wife
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
october november december who whom whose where when why
不 没 无 非 正 余 切 最 多 少 大 小 高 低 长 短 上 下 左 右 前 后 内 外 增 减 奇 偶 红 黄 蓝 绿 黑 白
"""
_DECISIVE = frozenset(_FAMILIES.split())
_SAME = {
    "every": "all", "sine": "sin", "cosine": "cos", "cotangent": "cot", "cannot": "not", "colour": "color",
    "coloured": "colored",
    "uncoloured": "uncolored", "gray": "grey", "metre": "m", "meter": "m", "centimetre": "cm", "centimeter": "cm",
    "millimetre": "mm", "millimeter": "mm", "kilometre": "km", "kilometer": "km", "gram": "g", "kilogram": "kg",
    "liter": "l", "litre": "l", "feet": "foot", "inches": "inch", "men": "man", "women": "woman", "halves": "half",
    "vertices": "vertex", "radii": "radius", "le": "leq", "ge": "geq", "ne": "neq", "%": "percent",
}  # fmt: skip
_TOKEN = re.compile(
    r"""
      \d+(?:\.\d+)?                    # 12, 3.5
    | [^\W\d_]+(?:'[a-z]+)?            # angle, ABC, isn't
    | [+<>=%^]                         # x + 3, AB > CD
    | (?<=\b[a-zA-Z])'(?!\w)          # f'(x)
    | (?<![^\W\d_]{2})-(?![^\W\d_]{2}) # x - 3, -5; no hyphen: left-most
    """,
    re.VERBOSE,
)
_SENTENCE_STARTS = re.compile(
    r"""(?:
      ^                  # What is ...: the text begins here
    | [.?!:;\n]          # It is red. What ...
    | \([A-Za-z0-9]\)    # (A) Paris: a choice begins here
    )[\s\"'(\[]*$""",
    re.VERBOSE,
)
"""Before a capital that only begins a sentence, and so names nothing."""
_SIGNS = "+<>=%^-'"
_POINTING = re.compile(r"(?:figure|picture|image|diagram|graph|chart|table|shown|drawing|as)\s+$", re.IGNORECASE)
"""Before `above` and `below`: `the figure above` is the figure."""


def decisive(text: str) -> list[str]:
    """What decides a question's meaning, in its order, in normal form."""
    plain = cased(text)
    shouted = not any(sign.islower() for sign in plain)
    kept: list[str] = []
    for token in _TOKEN.finditer(plain):
        word = token[0]
        before = plain[max(0, token.start() - 16) : token.start()]
        if word in ("above", "below") and _POINTING.search(before):
            continue
        starts = bool(_SENTENCE_STARTS.search(before))
        if known := _known(word):
            kept.append(known)
        elif _is_label(word, starts=starts, shouted=shouted):
            kept += word.lower()  # letter by letter: `A B` is `AB`
        elif word[0].isupper() and not word.isupper() and not starts:
            kept.append(normal(word))  # the name of a person, a class, a place
    return kept


def signs(text: str) -> str:
    """The signs of a question's formulas. They are not words: by their words, `x + 3` and `x - 3` are equal."""
    return "".join(token[0] for token in _TOKEN.finditer(cased(text)) if token[0] in _SIGNS)


def _known(word: str) -> str:
    """A number, a sign or a word of the list, in normal form; empty for another one."""
    if word[0].isdigit() or word in _SIGNS:
        return _SAME.get(word, word)
    small = normal(word)
    if small[0].isdigit():  # spelt: three
        return small
    if small.endswith("n't"):
        return "not"
    for form in (small, small.removesuffix("s"), small.removesuffix("es")):
        same = _SAME.get(form, form)
        if same in _DECISIVE and (len(word) > 1 or word.islower()):
            return same
    return ""


def _is_label(word: str, *, starts: bool, shouted: bool) -> bool:
    """Whether a word names a point, a line or an unknown: one letter, or up to five capitals."""
    if not (word.isascii() and word.isalpha()):
        return False
    if len(word) == 1:
        article = word in "aI" or (word == "A" and starts)
        return not article
    return len(word) <= 5 and word.isupper() and not shouted
