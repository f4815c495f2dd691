"""How numbers are written, the same in the terminal and on pages.

Fractions are written in per cent, differences of fractions in percentage points.
"""

from __future__ import annotations

from s1m.analysis.statistics.intervals import Interval

UNDEFINED = "\N{EN DASH}"


def percent(fraction: float | None) -> str:
    """A fraction, as in ``42.5 %``."""
    return UNDEFINED if fraction is None else f"{100 * fraction:.1f} %"


def points(difference: float | None) -> str:
    """A difference of fractions in percentage points with its sign, as in ``+3.1``; zero has none."""
    if difference is None:
        return UNDEFINED
    text = f"{100 * difference:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "\N{MINUS SIGN}")


def range_text(interval: Interval | None, *, signed: bool = False) -> str:
    """An interval of fractions, as in ``39.2–45.8``, or of differences, as in ``+1.0 to +5.2``."""
    if interval is None:
        return UNDEFINED
    if signed:
        return f"{points(interval.low)} to {points(interval.high)}"
    return f"{100 * interval.low:.1f}\N{EN DASH}{100 * interval.high:.1f}"


def counted(number: int, noun: str) -> str:
    """``1 problem``, ``1,234 problems``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def p_value(p: float | None) -> str:
    """A p-value with three decimals, never as 0."""
    if p is None:
        return UNDEFINED
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def duration(seconds: float) -> str:
    """Wall-clock time, as in ``45 s``, ``12 min 5 s`` or ``3 h 20 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def setting_text(value: object) -> str:
    """A setting for a reader: lists without brackets, yes and no."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
