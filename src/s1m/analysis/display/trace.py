"""One trace, drawn: in a notebook, and as a page of its own. Foreign text is escaped by jinja; there is no script."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from s1m.analysis.display.page import environment, settings_rows
from s1m.files.images import side_by_side
from s1m.types import Trace

STOP_MEANING = {
    "closed": "the model closed its thinking itself",
    "eos": "the model ended its turn without closing its thinking",
    "capped": "the thinking budget was spent",
    "looped": "the model repeated itself and was cut",
}
"""What stands in a badge, in words."""

PICTURE_PIXELS = 768
"""Longer side of a picture on the page: large enough to read a chart, small enough to send by mail."""


def notebook_html(trace: Trace) -> str:
    """The trace as a part of another page, its style kept to itself; colours follow those of the page around it."""
    return environment().get_template("trace_notebook.html.jinja").render(trace=trace, names=STOP_MEANING)


def trace_page(
    trace: Trace, *, question: str, images: Sequence[bytes], facts: Mapping[str, str], settings: Mapping[str, Any]
) -> str:
    """A page of one question: its pictures, ``facts`` such as model and tokens, all levels, the thinking, settings."""
    pictures = [side_by_side([image], PICTURE_PIXELS) for image in images]
    return (
        environment()
        .get_template("trace_page.html.jinja")
        .render(
            trace=trace,
            names=STOP_MEANING,
            question=question,
            pictures=["data:image/png;base64," + b64encode(picture).decode("ascii") for picture in pictures],
            facts=facts,
            settings=settings_rows([settings]),
            runs=[{"label": ""}],
        )
    )
