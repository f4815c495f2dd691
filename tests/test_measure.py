"""The table of the code's size: circles, long functions and comments are counted as it says."""

import ast
import runpy
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
MEASURE: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "measure.py"), run_name="measure")


def test_a_circle_is_every_module_that_reaches_itself() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"f"}, "f": {"e"}}
    assert MEASURE["circles"](edges) == [["a", "b", "c"], ["e", "f"]]
    assert MEASURE["circles"]({"a": {"b"}, "b": set()}) == []


def test_functions_over_forty_lines_are_long() -> None:
    body = "    x = 1\n" * 40
    tree = ast.parse(f"def short():\n{body[:-10]}\n\ndef long():\n{body}")
    assert MEASURE["long_functions"](tree) == [(41, "long")]


def test_comments_read_by_programs_are_not_counted() -> None:
    assert MEASURE["comments"]('x = 1  # why\ny = "# no"\nz = 2  # noqa: E501\n# one\n# two\n') == 3


def test_rooms_of_this_checkout_import_each_other_in_no_circle() -> None:
    assert dict(MEASURE["rows"](ROOT))["circles between rooms"] == "0"
