"""The live page in a real browser, where there is one: wide and narrow, light and dark, to the end of the run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s1m.analysis.live.server import LiveServer
from s1m.analysis.live.state import LiveState
from s1m.errors import EngineError
from s1m.evaluate.settings import eval_settings
from s1m.synthetic.digits.problems import make_problem
from tests.analysis.live.records import record

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_the_page_shows_the_run_and_how_it_ended(browser: Any, width: int, scheme: str, tmp_path: Path) -> None:
    state = LiveState()
    with LiveServer(state, 0) as server:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(server.url)
        assert page.inner_text("#about") == "waiting for the run to begin"
        state.begin(
            eval_settings({"benchmark": "digits", "split": "test", "num_ignore": "0-1", "out": str(tmp_path)}),
            total=8,
            at_once=2,
        )
        state.started()
        for number in range(4):
            state.landed(record(number))
        state.failed(make_problem("test", 5), EngineError("<img src=x onerror=alert(1)>"))
        page.wait_for_selector("#curve polyline")
        assert page.inner_text("#problems") == "4 / 8"
        assert page.inner_text("#accuracy").replace("\xa0", " ") == "0.0 % → 100.0 %"
        assert page.locator("#curve circle").count() == 2
        assert "<img src=x onerror=alert(1)>" in page.inner_text("#failures")
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
        assert dark == (scheme == "dark")
        state.end("failed")
        playwright.expect(page.locator("#state")).to_contain_text("ended")
        assert complaints == []
        page.close()
