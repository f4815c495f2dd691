"""The arithmetic on S1-M's published sweep is what its page says it is."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CURVE = runpy.run_path(str(ROOT / "perf" / "s1m_curve.py"))


def test_runaways_alone_explain_the_deviations_within_4_per_cent() -> None:
    first, last = CURVE["TABLE"][0], CURVE["TABLE"][-1]
    assert (first.genuine, last.genuine) == (pytest.approx(643, abs=1), pytest.approx(1505, abs=1))
    assert first.std_of_runaways == pytest.approx((0.036 * 0.964) ** 0.5 * (30_000 - 620 / 0.964))
    assert all(abs(level.std_of_runaways / level.std - 1) < 0.04 for level in CURVE["TABLE"])


def test_the_three_sweeps_cost_what_the_page_says() -> None:
    costs = [CURVE["independent"](), CURVE["nested"](), CURVE["rescued"]()]
    assert costs == [24_850, 4_155 + 80, pytest.approx(1_365 / 0.907 + 0.093 * 376 + 80)]
    page = (ROOT / "docs" / "s1m_sweep.md").read_text(encoding="utf-8")
    for cost in (*costs, *(level.std_of_runaways for level in CURVE["TABLE"])):
        assert f"{cost:,.0f}" in page
