"""How costs and comparisons are put into words."""

from __future__ import annotations

from s1m.analysis.comparison.cost import Unit
from s1m.analysis.comparison.result import Comparison
from s1m.analysis.run.wording import points

PREFIXES = {10**3: "k", 10**6: "M", 10**9: "G", 10**12: "T", 10**15: "P"}


def cost_text(cost: float, unit: Unit) -> str:
    """A cost without its unit's name: ``1,234`` tokens, ``5.6 G`` operations, ``0.12 s``."""
    if unit == "tokens":
        return f"{cost:,.0f}"
    if unit == "seconds":
        return f"{cost:.3g} s"
    scale = max((power for power in PREFIXES if cost >= power), default=1)
    return f"{cost / scale:.3g} {PREFIXES.get(scale, '')}".strip()


def finding(comparison: Comparison) -> str:
    """What a comparison showed, in one sentence that claims a difference only where the adjusted test does."""
    told = [pair for pair in comparison.pairs if pair.holm_p < 0.05]
    if not comparison.pairs:
        return "No two runs cost nearly the same at any level, so none was tested against another."
    if not told:
        tested = "1 pair" if len(comparison.pairs) == 1 else f"{len(comparison.pairs)} pairs"
        return f"At equal cost no run beats another beyond chance ({tested} tested, Holm-adjusted)."
    most = max(told, key=lambda pair: abs(pair.difference))
    better, worse = (most.other, most.one) if most.difference > 0 else (most.one, most.other)
    return (
        f"At equal cost {len(told)} of {len(comparison.pairs)} tested pairs differ beyond chance (Holm-adjusted); the "
        f"widest: {better} is {points(abs(most.difference)).lstrip('+')} points better than {worse}."
    )
