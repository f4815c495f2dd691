r"""Judge OlympiadBench answers as its own scorer does, where that needs no algebra (OpenBMB/OlympiadBench, eval/).

The official judge takes what is boxed (else the formulas of the last line), splits it at commas and ``\pm``, and pairs
its items with the gold ones: numbers within the given precision, a factor of 100 forgiven, then intervals, then
formulas by sympy. Here a formula with letters in it is compared as text only; where that leaves the verdict open it is
None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from s1m.scoring.equality.value import value_of
from s1m.scoring.text.bounds import OFFICIAL_CHARACTERS, official_part

DEFAULT_PRECISION = 1e-8
SLACK = 1.01

_BOX = r"\boxed{"
_BRACE = re.compile(
    r"""
      \\boxed\{    # where a box begins
    | [{}]         # any other brace
    """,
    re.VERBOSE,
)
_IN_LINE = re.compile(r"\$(.*?)\$")
_TYPE = re.compile(r"\\(?:mathrm|mathbf)\{~?([^}]*)\}")
_CHINESE = re.compile("[\u4e00-\u9fff]+")
_REPLACED = (
    (r"\left", ""),
    (r"\right", ""),
    ("\u2236", ":"),
    ("\uff0c", ","),
    ("$", ""),
    (r"\approx", "="),
    (r"\simeq", "="),
    (r"\sim", "="),
    (r"^\prime", "'"),
    (r"^{\prime}", "'"),
    (r"^\circ", ""),
    ("%", ""),
)
_ENDS = "\n$,.:;^_=+`!@#$%^&*~\uff0c\u3002"
_FINAL = (re.compile("\u6240\u4ee5\u6700\u7ec8\u7b54\u6848\u662f(.*)"), re.compile("So the final answer is (.*)"))

Same = Callable[[str, str, float], bool | None]


def final_answer(response: str) -> str:
    """What follows the last "So the final answer is" on its line; the whole response without it."""
    response = official_part(response)
    for pattern in _FINAL:
        if parsed := pattern.findall(response):
            return str(parsed[-1]).strip()
    return response


def judge(response: str, gold: str, precisions: Sequence[float] = (DEFAULT_PRECISION,)) -> bool | None:
    """The official verdict; None where it rests on algebra."""
    ours, theirs = _cleaned(official_part(response)), _cleaned(gold)
    if ours is None or theirs is None:
        return False
    if ours == theirs:
        return True
    return paired(items_of(ours), items_of(theirs), precisions, _same_item)


def paired(ours: list[str], theirs: list[str], precisions: Sequence[float], same: Same) -> bool | None:
    """Whether each gold item has an item of its own that is the same; None where a comparison stayed open."""
    if len(ours) != len(theirs):
        return False
    each = list(precisions) if len(precisions) == len(theirs) else [precisions[0]] * len(theirs)
    left, is_open = list(ours), False
    for gold, precision in zip(theirs, each, strict=True):
        verdicts = [same(item, gold, precision) for item in left]
        if True in verdicts:
            del left[verdicts.index(True)]
        elif None in verdicts:
            is_open = True
        else:
            return False
    return None if is_open else True


def items_of(text: str) -> list[str]:
    r"""The parts of an answer: split at commas outside brackets, and ``\pm`` into both its signs."""
    depth, items = 0, [""]
    for character in _CHINESE.sub("", text):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            items.append("")
        else:
            items[-1] += character
    if not items[-1]:
        items.pop()
    signs = [(item.replace(r"\pm", "+"), item.replace(r"\pm", "-")) if r"\pm" in item else (item,) for item in items]
    return [item.strip() for both in signs for item in both]


def _cleaned(text: str) -> str | None:
    """The formulas of a text without their markup; None for a box that is not closed."""
    contents = _boxed(text)
    if contents is None:
        return None
    boxed = "".join(f"{content}," for content in contents)[:OFFICIAL_CHARACTERS]
    if not boxed:
        formulas = _IN_LINE.findall(text.strip().rpartition("\n")[2])
        boxed = "".join(f"{formula}," for formula in formulas) or text
    if r"\in " in boxed:
        boxed = boxed.split(r"\in ")[1]
    for old, new in _REPLACED:
        boxed = boxed.replace(old, new)
    return _TYPE.sub(r"\1", boxed.strip(_ENDS))


def _boxed(text: str) -> list[str] | None:
    """What is boxed, boxes within boxes too, in the order of their beginnings; None for a box that is not closed."""
    contents: dict[int, str] = {}
    unclosed: list[int] = []  # where each open brace begins: the content of a box, or -1
    for match in _BRACE.finditer(text):
        if match[0] != "}":
            unclosed.append(match.end() if match[0] == _BOX else -1)
        elif unclosed and (start := unclosed.pop()) >= 0:
            contents[start] = text[start : match.start()]
    return None if any(start >= 0 for start in unclosed) else [contents[start] for start in sorted(contents)]


def _same_item(item: str, gold: str, precision: float) -> bool | None:
    if item == gold != "":
        return True
    if _is_interval(item) and _is_interval(gold):
        return _same_interval(item, gold, precision)
    try:
        ours, theirs = float(item), float(gold)
    except ValueError:
        return _same_formula(item, gold, precision)
    return any(abs(ours - value) <= precision * SLACK for value in (theirs / 100, theirs, theirs * 100))


def _same_formula(item: str, gold: str, precision: float) -> bool | None:
    sides = [text.split("=")[1] if "=" in text else text for text in (item, gold)]
    ours, theirs = (value_of(side.strip()) for side in sides)
    if "=" in item and "=" in gold:
        return None
    if ours is None or theirs is None:
        return None
    return abs(float(ours) - float(theirs)) <= precision * SLACK


def _is_interval(text: str) -> bool:
    return text.startswith(("(", "[")) and text.endswith((")", "]"))


def _same_interval(item: str, gold: str, precision: float) -> bool | None:
    ours, theirs = item.split(r"\cup"), gold.split(r"\cup")
    if len(ours) != len(theirs):
        return False
    verdicts: list[bool | None] = []
    for first, other in zip(ours, theirs, strict=True):
        if first[:1] != other[:1] or first[-1:] != other[-1:]:
            return False
        ends = zip(first.strip("[]()").split(","), other.strip("[]()").split(","), strict=False)
        verdicts += [left.strip() == right.strip() or _same_formula(left, right, precision) for left, right in ends]
    return False if False in verdicts else None if None in verdicts else True
