"""From settings to what they name: defaults filled in, budgets checked, the server's model on record."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from s1m.benchmarks import find_benchmark
from s1m.cli import main
from s1m.engines.chat import ChatEngine
from s1m.engines.scripted import replay
from s1m.engines.vllm import VllmEngine
from s1m.errors import UsageError
from s1m.evaluate.build import build_engine, check_budget, name_model, resolve
from s1m.evaluate.settings import eval_settings
from s1m.evaluate.store import load_run
from s1m.files.settings import changed
from tests.engines.chat_server import ChatServer, chat_model, models

pytestmark = pytest.mark.usefixtures("unrendered_figures")

DIGITS = eval_settings({"benchmark": "digits"})


def test_defaults_that_depend_on_the_benchmark_are_filled_in() -> None:
    resolved = resolve(DIGITS, find_benchmark("digits"))
    assert (resolved.problems.split, resolved.engine.model, resolved.out) == ("test", "bundled", "runs/digits")
    given = changed(DIGITS, split="train", model="mine", out="there")
    assert resolve(given, find_benchmark("digits")) == given


def test_a_budget_that_cannot_fit_is_refused_before_the_run() -> None:
    engine = replay([])
    check_budget(DIGITS, engine)
    engine.context_tokens = 8192 + 256 + 1
    check_budget(DIGITS, engine)
    engine.context_tokens -= 1
    with pytest.raises(UsageError, match=r"8192 \+ 256 tokens, but .* has a context of 8448: lower --max-thinking"):
        check_budget(changed(DIGITS, model="tiny"), engine)


def test_the_servers_only_model_is_named_in_the_settings() -> None:
    with ChatServer(lambda _: models("qwen")) as server:
        settings = changed(DIGITS, engine="http", base_url=(server.url,))
        assert asyncio.run(name_model(settings)).engine.model == "qwen"
        assert asyncio.run(name_model(changed(settings, model="mine"))).engine.model == "mine"
    assert asyncio.run(name_model(DIGITS)) == DIGITS


def test_the_engine_is_the_one_named() -> None:
    engine = build_engine(changed(DIGITS, engine="http", base_url=("http://127.0.0.1:9",), model="m"))
    assert isinstance(engine, ChatEngine)
    several = ("http://127.0.0.1:8", "http://127.0.0.1:9/v1")
    engine = build_engine(changed(DIGITS, engine="vllm", base_url=several))
    assert isinstance(engine, VllmEngine)
    assert repr(engine) == "VllmEngine('http://127.0.0.1:8/v1, http://127.0.0.1:9/v1')"


def test_how_many_problems_are_in_flight() -> None:
    served = changed(DIGITS, engine="http", base_url=("http://a", "http://b"))
    assert (DIGITS.engine.most_in_flight, changed(DIGITS, concurrency=3).engine.most_in_flight) == (64, 3)
    assert (served.engine.most_in_flight, changed(served, concurrency=3).engine.most_in_flight) == (512, 6)


def small_model(turn: str) -> str:
    """Looks once for every turn it is given, then answers 7."""
    return "7" if "Final answer:" in turn else "I look.</think>"


def test_a_whole_run_through_a_server_records_its_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["eval", "digits", "--engine", "http", "--limit", "5", "--num-ignore", "0-2", "--out", "run"]
    with ChatServer(chat_model(small_model)) as server:
        assert main([*command, "--base-url", server.url]) == 0
        thought = [body for body in server.bodies() if body.get("stop")]
        assert len(thought) == 5 * 3
        asked = len(server.bodies())
        assert main([*command, "--base-url", server.url + "/v1"]) == 0
        assert len(server.bodies()) == asked
    run = load_run(tmp_path / "run")
    assert run.settings["model"] == "small"
    assert [segment.injected for segment in run.records[0].trace.chains[0]] == ["", "Wait,", "Wait,"]
    assert "5 problems" in capsys.readouterr().out


def test_no_server_at_the_address_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["eval", "digits", "--engine", "http", "--base-url", "http://127.0.0.1:1", "--model", "m"]
    assert main([*command, "--limit", "1", "--out", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert error[-1].startswith("s1m: no server answers at http://127.0.0.1:1")
