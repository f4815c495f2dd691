"""The gateway as a process and as a neighbour: signals, keys, metrics, requests passed on, images by address."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s1m.cli import main
from s1m.cli.parser import build_parser
from s1m.errors import UsageError
from s1m.files.settings import settings_from
from s1m.gateway.errors import ApiError
from s1m.gateway.operation.admission import Keys, read_keys
from s1m.gateway.requests.fetch import fetch_with, fetching_session, is_public
from s1m.gateway.settings import GatewaySettings, LimitSettings
from tests.engines.chat_server import Answer, ChatServer, Request, answer
from tests.gateway.engines import Writer
from tests.gateway.serving import PROBLEMS, chat, serving


@pytest.fixture(scope="module")
def process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``s1m gateway`` as users start it, and its address."""
    command = [sys.executable, "-m", "s1m.cli", "gateway", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        line = started.stdout.readline()
        assert line.startswith("ready: http://127.0.0.1:")
        yield started, line.removeprefix("ready: ").strip().removesuffix("/v1")
        started.kill()


def test_the_command_serves_the_bundled_model_until_a_signal(process: tuple[subprocess.Popen[str], str]) -> None:
    from openai import OpenAI

    started, url = process
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        reply = client.chat.completions.create(
            model="bundled:low", messages=[{"role": "user", "content": PROBLEMS[0].question}]
        )
    assert reply.choices[0].message.content
    started.send_signal(signal.SIGTERM)
    _, log = started.communicate(timeout=20)
    assert started.returncode == 0
    assert "POST /v1/chat/completions 200" in log
    assert PROBLEMS[0].question not in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--engine", "vllm"], "--base-url"),
        (["--pass-through"], "--base-url"),
        (["--keys-file", "nowhere.txt"], "nowhere.txt"),
        (["--effort", "huge"], "huge"),
        (["--port", "70000"], "port"),
        (["--max-requests", "0"], "max_requests"),
    ],
)
def test_impossible_flags_are_refused_in_one_line(
    flags: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["gateway", *flags])
    except SystemExit as ended:
        code = int(ended.code or 0)
    said = capsys.readouterr().err
    assert code == 2
    assert word in said
    assert said.count("\n") == 1


def test_keys_are_read_from_a_file_or_a_variable(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.write_text("# of the team\nalice sk-alice-123456\nsk-nobody-123456\n")
    keys = read_keys(str(path), "")
    assert keys.name_of("Bearer sk-alice-123456") == "alice"
    assert keys.name_of(None, "sk-nobody-123456") == "key-2"
    assert read_keys("", "sk-first-1234, sk-second-123").name_of("bearer sk-second-123") == "key-2"
    assert not read_keys("", "").needed


@pytest.mark.parametrize("text", ["", "short\n", "a b sk-alice-123456\n"])
def test_files_without_a_usable_key_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(text)
    with pytest.raises(UsageError):
        read_keys(str(path), "")


def test_a_wrong_key_says_nothing_of_the_right_one() -> None:
    keys = Keys({"sk-secret-key": "me"})
    for given in (None, "", "Bearer", "Bearer sk-secret-ke", "Bearer \udcff", "Basic sk-secret-key"):
        with pytest.raises(ApiError) as caught:
            keys.name_of(given)
        assert "secret" not in str(caught.value.body())


def test_metrics_count_requests_and_tokens() -> None:
    pytest.importorskip("prometheus_client")
    with serving(Writer()) as gateway:
        gateway.post("chat/completions", chat(stream=True))
        gateway.post("chat/completions", chat(temperature=9))
        gateway.get("some/path/of/a/scanner")
        text = gateway.get("metrics").text
    assert 's1m_requests_total{path="/v1/chat/completions",status="200"} 1.0' in text
    assert 's1m_requests_total{path="/v1/chat/completions",status="400"} 1.0' in text
    assert 's1m_tokens_total{kind="thinking"} 20.0' in text
    assert "s1m_ignored_stops_total 1.0" in text
    assert "s1m_first_text_seconds_count 1.0" in text
    assert "scanner" not in text


def upstream(request: Request) -> Answer:
    if request.path == "/v1/embeddings":
        return answer({"object": "list", "asked": request.body, "key": request.headers.get("authorization")})
    return answer({"error": {"message": "no"}}, 418)


def test_what_s1m_does_not_touch_is_passed_on_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S1M_API_KEY", "sk-upstream-123")
    with ChatServer(upstream) as server:
        options: dict[str, Any] = {"engine": "http", "base_url": [server.url], "pass_through": True}
        with serving(Writer(), {"sk-client-1234": "me"}, **options) as gateway:
            reply = gateway.post("embeddings", {"input": "x"})
            other = gateway.post("audio/speech", {})
            outside = gateway.get("admin")
    assert reply.json() == {"object": "list", "asked": {"input": "x"}, "key": "Bearer sk-upstream-123"}
    assert (other.status, outside.status) == (418, 404)
    assert not any("sk-client-1234" in str(request.headers) for request in server.requests)


def test_an_upstream_that_is_gone_is_a_bad_gateway() -> None:
    with ChatServer(upstream) as server:
        url = server.url
    with serving(Writer(), engine="http", base_url=[url], pass_through=True) as gateway:
        assert gateway.post("embeddings", {"input": "x"}).status == 502


def pictures(request: Request) -> Answer:
    if request.path == "/cat.png":
        return Answer(body=PROBLEMS[0].images[0])
    return Answer(status=302, headers={"Location": "/cat.png"}, body=b"")


def fetched(url: str, most: int = 10**6, *, private: bool) -> bytes:
    async def main() -> bytes:
        async with fetching_session(private=private) as session:
            return await fetch_with(session, private=private)(url, most)

    return asyncio.run(main())


def test_images_are_fetched_once_and_not_from_the_own_network() -> None:
    with ChatServer(pictures) as server:
        root = server.url
        assert fetched(f"{root}/cat.png", private=True) == PROBLEMS[0].images[0]
        port = root.rpartition(":")[2]
        for url in (f"{root}/cat.png", f"http://localhost:{port}/cat.png", f"http://[::1]:{port}/cat.png"):
            with pytest.raises(ApiError):
                fetched(url, private=False)
        assert len(server.requests) == 1
        for url, most in ((f"{root}/moved.png", 10**6), (f"{root}/cat.png", 10), ("ftp://x/y", 10), ("http://", 10)):
            with pytest.raises(ApiError):
                fetched(url, most, private=True)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("::1", False),
        ("x", False),
    ],
)
def test_addresses_of_the_own_network_are_known(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_settings_have_the_words_of_eval() -> None:
    given = {"num_ignore": [3], "temperature": 0.3, "max_thinking_tokens": 100, "strategy": "vote", "levels": [1, 3]}
    settings = settings_from(GatewaySettings, given, "test")
    dial = settings.dial(100)
    assert (dial.num_ignore, dial.levels, dial.strategy) == ((3,), (1, 3), "vote")


def test_examples_of_deployment_use_flags_that_exist() -> None:
    folder = Path(__file__).parents[2] / "deploy" / "gateway"
    pods = (folder / "kubernetes.yaml").read_text(encoding="utf-8")
    flags = [
        word for line in pods.splitlines() if (word := line.strip().removeprefix("- ")).startswith("--") and "=" in word
    ]
    parsed = build_parser().parse_args(["gateway", *flags])
    assert parsed.engine == "vllm"
    assert parsed.host == "0.0.0.0"
    megabytes = f"client_max_body_size {LimitSettings().max_body_mb}m;"
    assert megabytes in (folder / "nginx.conf").read_text(encoding="utf-8")
