"""The report in a real browser, where there is one: formulas are drawn, and a phone shows whole figures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s1m.analysis.run.report import write_report
from s1m.types import Trace
from tests.analysis.made_runs import made_record, made_run

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync")
EVIL = "$\\text{<img src=x onerror=alert(1)>}$"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    records = []
    for number in range(20):
        record = made_record(
            number, correct=[number % 2 == 0, True], thinking=[9, 19], text=rf"So \[x = \frac{{1}}{{2}}\] and {EVIL}."
        )
        answers = tuple(replace(answer, text=r"\boxed{\frac{1}{2}}") for answer in record.trace.answers)
        records.append(
            replace(
                record,
                question=r"What is $\frac{1}{2}$ of $5 and $6?",
                gold=r"\frac{1}{2}",
                trace=Trace(chains=record.trace.chains, answers=answers),
            )
        )
    return write_report([made_run(records)], tmp_path_factory.mktemp("report") / "report.html")


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_a_report_draws_formulas_and_fits_the_screen(browser: Any, report: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(report.as_uri())
    assert page.inner_text("#detail .question").startswith("What is")
    assert "of $5 and $6?" in page.inner_text("#detail .question")
    # A fraction is drawn when its denominator stands below its numerator.
    above, below = page.eval_on_selector_all(
        "#detail .question mfrac > *", "parts => parts.map(part => part.getBoundingClientRect().top)"
    )
    assert below > above + 5
    assert page.locator("#detail .gold mfrac").count() == 1
    assert page.locator("#detail .answer menclose mfrac").count() == 2
    assert "<img src=x onerror=alert(1)>" in page.inner_text("#detail .thought >> nth=0").replace("\xa0", " ")
    assert page.locator("#detail .thought img").count() == 0
    for figure in page.locator("figure").all():
        shown = [svg.bounding_box() for svg in figure.locator("svg").all() if svg.is_visible()]
        assert len(shown) == 1
        assert shown[0]["x"] >= 0
        assert shown[0]["x"] + shown[0]["width"] <= width
    smallest = page.eval_on_selector_all(
        "figure svg text",
        "texts => Math.min(...texts.map(text => text.getBoundingClientRect().height).filter(height => height))",
    )
    assert smallest >= 11
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.fill("#search", "frac{1}")
    assert page.locator("#list li").count() == 20
    assert complaints == []
    page.close()
