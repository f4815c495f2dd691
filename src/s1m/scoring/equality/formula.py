r"""Decide whether two answers are the same formula: by unit, by form, by value, as texts, and last by algebra.

1.6\times10^{-19} and 1.60\times10^{-19}     the same value
3\frac{1}{2} and 3.5                         the same value: a mixed number
2\sqrt{3} and \sqrt{12}                      the same value
x^2-1 and (x-1)(x+1)                         the same to algebra, which only ``same_formula`` asks
"""

from __future__ import annotations

import re

from s1m.scoring.equality.expression import same_expression
from s1m.scoring.equality.figures import same_figure, with_primes
from s1m.scoring.equality.forms import same_form
from s1m.scoring.equality.match import same_number, same_text
from s1m.scoring.equality.units import same_measure
from s1m.scoring.equality.value import is_close, value_of
from s1m.scoring.text.plain import plain, with_plain_signs

_PROSE = re.compile(r"[^\d!\\^_=<>≤≥+*/|\[\](){}$…√π∞±]*")

_SYMBOLIC = re.compile(
    r"""
      [\\^_=<>|!{}\[\]]    # x^2, n!, [1]
    | [+*/].*[()]          # 2+(x)
    | [()].*[+*/]          # (x)+2
    """,
    re.VERBOSE,
)
"""What a comparison of texts would drop though it says something: n! is not n, and 2(x+1) is not 2 x+1."""


def same_formula(prediction: str, gold: str) -> bool:
    """Whether two answers are the same number, sequence, interval, inequality, text or formula.

    Raises ``UsageError`` when that needs algebra and the ``evaluate`` extra is not installed.
    """
    prediction, gold = with_primes(with_plain_signs(prediction)), with_primes(with_plain_signs(gold))
    verdict = _decided(prediction, gold)
    return same_expression(prediction, gold) if verdict is None else verdict


def same_value(prediction: str, gold: str) -> bool:
    """Whether two answers are the same number, sequence, interval, inequality or text; no algebra is asked."""
    return _decided(with_plain_signs(prediction), with_plain_signs(gold)) is True


def _decided(prediction: str, gold: str) -> bool | None:
    """The verdict where it takes no algebra, else None."""
    if not prediction.strip() or not gold.strip():
        return False
    for rule in (same_measure, same_figure):
        if (verdict := rule(prediction, gold)) is not None:
            return verdict
    if same_number(plain(prediction), plain(gold)):
        return True
    if _PROSE.fullmatch(prediction) and _PROSE.fullmatch(gold) and same_text(prediction, gold):
        return True
    if (verdict := same_form(prediction, gold, same_value)) is not None:
        return verdict
    ours, theirs = value_of(prediction), value_of(gold)
    if ours is not None and theirs is not None:
        return is_close(ours, theirs)
    if _SYMBOLIC.search(prediction) or _SYMBOLIC.search(gold):
        return None
    return True if same_text(prediction, gold) else None
