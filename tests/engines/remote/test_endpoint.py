"""Addresses and keys as people write them."""

from __future__ import annotations

import pytest

from s1m.engines.remote import Patience, Servers
from s1m.engines.remote.endpoint import api_root, proxy_for
from s1m.errors import EngineUnavailable, UsageError
from tests.engines.asking import ask


@pytest.mark.parametrize(
    ("given_url", "root"),
    [
        ("http://h:8000", "http://h:8000/v1"),
        ("http://h:8000/", "http://h:8000/v1"),
        (" http://h:8000/v1/ ", "http://h:8000/v1"),
        ("http://h:8000/v1/chat/completions", "http://h:8000/v1"),
        ("https://h/openai", "https://h/openai/v1"),
        ("https://h/v1beta/openai/chat/completions", "https://h/v1beta/openai"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai"),
        ("https://h/api/paas/v4", "https://h/api/paas/v4"),
        ("https://h/v1/messages", "https://h/v1"),
        ("https://h/vision", "https://h/vision/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_base_url_is_taken_as_people_write_it(given_url: str, root: str) -> None:
    assert api_root(given_url) == root


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "localhost:8000",
        "ftp://h",
        "http://",
        "http://h:port",
        "http://h:99999",
        "http://a b",
        "http://h?key=k",
        "http://h..x",
    ],
)
def test_malformed_base_url_is_one_clear_line(bad: str) -> None:
    with pytest.raises(UsageError, match="base URL") as caught:
        Servers(bad)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter22@h/v1",
        "http://hunter22@h/v1",
        "user:hunter22@h:8000",
        "ftp://user:hunter22@h",
        "http://user:hunter22@",
        "http://user:hunter22@h:port",
        "http://user:hunt er22hunter22@h",
        "http://user:a/b?c#hunter22@h",
        "http://user:a@hunter22@h",
        "http://h/v1?api_key=hunter22",
        "http://h/v1#hunter22",
        "h:8000?key=hunter22",
    ],
)
def test_password_in_the_url_is_refused_and_not_shown(url: str) -> None:
    for urls in (url, [url, "http://h"]):
        with pytest.raises(UsageError, match="base URL") as caught:
            Servers(urls)
        assert "hunter22" not in str(caught.value)


def test_password_of_a_proxy_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for proxy in ("http://user:hunter22@127.0.0.1:1", "http://user:hunter22@h:port", "user:hunter22@h"):
        monkeypatch.setenv("http_proxy", proxy)
        with pytest.raises(EngineUnavailable) as caught:
            ask("http://example.invalid", max_retries=0)
        assert "hunter22" not in str(caught.value)


def test_key_that_no_header_can_carry_is_refused_without_showing_it() -> None:
    for key in ("sk-ä", "sk-a b", "sk-a\nb"):
        with pytest.raises(UsageError, match="S1M_API_KEY") as caught:
            Servers("http://localhost:1", key)
        assert "sk-" not in str(caught.value)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(UsageError, match="max_concurrency"):
        Servers("http://h", max_concurrency=0)
    for urls in ([], ["http://h", "http://h/v1"]):
        with pytest.raises(UsageError, match="one or several different"):
            Servers(urls)
    with pytest.raises(ValueError, match="timeout_seconds must be above 0"):
        Patience(timeout_seconds=0)
    with pytest.raises(ValueError, match="max_retries and the other times at least 0"):
        Patience(max_retries=-1)


def test_proxies_are_the_environments_but_never_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert proxy_for("https://api.example/v1") == "http://proxy:3128"
    assert proxy_for("https://inside.example/v1") is None
    assert proxy_for("https://localhost:8000/v1") is None
    assert proxy_for("https://127.0.0.1:8000/v1") is None
