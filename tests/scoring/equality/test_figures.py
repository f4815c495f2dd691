"""Names of angles, triangles and primed letters, and values that go with a name."""

from __future__ import annotations

import pytest

from s1m.scoring.equality.formula import same_formula


@pytest.mark.parametrize(
    ("first", "other", "same"),
    [
        (r"\angle ABC", r"\angle BAC", False),
        (r"\angle ABC", r"\angle CBA", True),
        (r"\angle ABC", "∠ABC", True),
        (r"\triangle ABC", r"\triangle CAB", True),
        (r"\triangle ABC", r"\angle ABC", False),
        ("x'", "x", False),
        ("x'", r"x^{\prime}", True),
        ("A'B", "AB", False),
        ("x=1, y=2", "x=2, y=1", False),
        ("x=1, y=2", "y=2, x=1", True),
        ("x=1, y=2", "1, 2", True),
        (r"\pm 2", r"\mp 2", True),
        (r"\varnothing", r"\emptyset", True),
        (r"\varnothing", "0", False),
        ("2.5e", "2.5", False),
        ("3b", "3", False),
        ("5²", "5", False),
        ("½", "0.5", True),
    ],
)
def test_what_has_a_name(first: str, other: str, same: bool) -> None:
    assert same_formula(first, other) is same
    assert same_formula(other, first) is same
