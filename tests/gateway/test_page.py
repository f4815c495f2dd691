"""The page in a real Chromium: upload, stream, stop, a phone, the dark, and text of a model that looks like HTML."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.engines import Writer, is_thinking
from tests.gateway.serving import PROBLEMS, Gateway, serving

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"), pytest.mark.timeout(120)]

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script><b>bold</b>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that fails the test for anything that its console says, or that it asks of another server."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    said, asked = watched(opened)
    yield opened
    context.close()
    assert said == []
    assert all(url.startswith(("http://127.0.0.1:", "data:", "blob:")) for url in asked)


def watched(page: Any) -> tuple[list[str], list[str]]:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    return said, asked


def photo(folder: Path) -> Path:
    path = folder / "photo.png"
    path.write_bytes(PROBLEMS[0].images[0])
    return path


def ready(page: Any, gateway: Gateway) -> None:
    page.goto(f"{gateway.url}/")
    playwright.expect(page.locator("#tokens-shown")).not_to_be_empty()


def finished(page: Any) -> None:
    page.wait_for_selector("#repeat-row:not([hidden])", timeout=60_000)


def test_a_photo_and_a_question_get_thinking_and_an_answer_at_every_level(
    page: Any, gateway: Gateway, tmp_path: Path
) -> None:
    ready(page, gateway)
    page.set_input_files("#files", photo(tmp_path))
    page.wait_for_selector(".picture img")
    page.fill("#question", PROBLEMS[0].question)
    page.fill("#ignore", "2")
    page.click("#go")
    finished(page)
    assert page.inner_text("#answer").strip()
    assert page.locator("#thoughts mark").all_inner_texts() == ["Wait,", "Wait,"]
    assert page.locator(".segment").count() == 3
    assert page.locator(".level").count() == 3
    assert "tokens/s" in page.inner_text("#spent")
    assert "tokens" in page.inner_text("#level-1 .quiet")


def test_a_link_repeats_the_question_with_its_picture_and_seed(page: Any, gateway: Gateway, tmp_path: Path) -> None:
    ready(page, gateway)
    page.set_input_files("#files", photo(tmp_path))
    page.wait_for_selector(".picture img")
    page.fill("#question", PROBLEMS[0].question)
    page.click("#go")
    finished(page)
    link, answer = page.get_attribute("#repeat", "href"), page.inner_text("#thoughts")
    page.goto("about:blank")
    page.goto(f"{gateway.url}/{link}")
    page.wait_for_selector(".picture img")
    assert page.input_value("#question") == PROBLEMS[0].question
    page.click("#go")
    finished(page)
    assert page.inner_text("#thoughts") == answer


def test_stop_ends_the_work_and_the_page_goes_on(page: Any) -> None:
    engine = Writer(seconds_each=0.02, write=lambda step: "word " * 10_000)
    with serving(engine) as gateway:
        ready(page, gateway)
        page.fill("#question", "How many?")
        page.click("#go")
        playwright.expect(page.locator("#thoughts")).to_contain_text("word word word")
        page.click("#stop")
        playwright.expect(page.locator("#error")).to_have_text("Stopped.")
        engine.write = lambda step: "quick</think>" if is_thinking(step) else "42"
        page.wait_for_timeout(200)
        assert engine.under_way == 0
        page.click("#go")
        finished(page)
        assert page.inner_text("#answer") == "42"
        assert not page.is_visible("#error")


def test_text_of_a_model_is_never_html(page: Any) -> None:
    engine = Writer(write=lambda step: f"{HOSTILE}</think>" if is_thinking(step) else HOSTILE)
    with serving(engine) as gateway:
        ready(page, gateway)
        page.fill("#question", HOSTILE)
        page.click("#go")
        finished(page)
        assert HOSTILE in page.inner_text("#answer")
        assert HOSTILE in page.inner_text("#thoughts")
        assert page.locator("#result img, #result script, #result b:not(.level b)").count() == 0
        assert page.title() == "s1m"


def test_a_key_is_asked_for_where_one_is_needed(page: Any) -> None:
    with serving(Writer(), {"sk-secret-key-1": "me"}) as gateway:
        page.goto(f"{gateway.url}/")
        page.wait_for_selector("#key-row:not([hidden])")
        page.fill("#question", "How many?")
        page.fill("#key", "sk-secret-key-1")
        page.click("#go")
        finished(page)
        assert page.inner_text("#answer") == "42"


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True},
        {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    ],
    ids=["phone", "dark"],
)
def test_it_works_on_a_phone_and_in_the_dark(browser: Any, options: dict[str, Any]) -> None:
    engine = Writer(write=lambda step: f"{'thought ' * 60}</think>" if is_thinking(step) else "answer " * 20)
    with serving(engine) as gateway:
        context = browser.new_context(**options)
        page = context.new_page()
        said, _ = watched(page)
        ready(page, gateway)
        page.fill("#question", "How many?")
        page.fill("#ignore", "7")
        page.click("#go")
        finished(page)
        width = options["viewport"]["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (shade == "rgb(20, 23, 27)") == ("color_scheme" in options)
        assert page.locator(".level").count() == 8
        assert said == []
        context.close()


def test_the_page_can_be_left_out() -> None:
    with serving(Writer(), page=False) as gateway:
        assert gateway.get("").status == 404
        assert gateway.get("health").status == 200
