"""Filters are found by name, asked in their order, and say what they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1m.data.curate.filters import FILTERS, default_filters, in_order
from s1m.data.curate.settings import curate_settings
from s1m.errors import UsageError
from tests.data.rows import trace_row_of

GIVEN = {"data": [{"path": "digits"}], "out": "out"}


def test_filters_are_asked_in_their_own_order() -> None:
    assert default_filters() == (
        "thinking", "loops", "language", "leaks", "answer", "easy", "contamination", "duplicates", "choice",
    )  # fmt: skip
    assert [kind.name for kind in in_order(["choice", "loops", "thinking", "loops"])] == ["thinking", "loops", "choice"]
    assert [kind.looks_at for kind in in_order(FILTERS.built_in())][-3:] == ["row", "rows", "rows"]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"filters": ["lops"]}, "x.toml: there is no filter 'lops'; did you mean loops"),
        ({}, r"the filter contamination needs a benchmark: add a \[\[target\]\] table with benchmark = NAME, or leave"),
        ({"filters": ["loops"], "keep": 3}, "keep is for the filter choice, which is not among the filters"),
        ({"filters": ["loops"], "quotas": {"a": 1}}, "quotas is for the filter choice"),
        ({"filters": ["loops"], "per_question": 2}, "per_question is for the filter duplicates"),
        ({"filters": ["loops"], "verified": True}, "verified is for the filter answer"),
        ({"filters": ["loops"], "solved_by": ["run"]}, "solved_by is for the filter easy"),
        ({"filters": ["loops"], "target": [{"benchmark": "digits"}]}, "target is for the filter contamination"),
    ],
)
def test_a_setting_without_its_filter_is_refused(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        curate_settings({**GIVEN, **given}, "x.toml")
    assert "\n" not in str(caught.value)


def test_a_filter_of_rows_lets_every_single_row_pass() -> None:
    settings = curate_settings({**GIVEN, "filters": ["choice", "duplicates"]})
    for kind in in_order(settings.filters):
        assert kind.build(settings, Path()).refuses(trace_row_of()) is None
