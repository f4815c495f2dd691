"""The default thinking budget fits the context that the server states; one that was given stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1m.cli import main
from s1m.evaluate.settings import eval_settings
from s1m.evaluate.store import load_run
from s1m.files.settings import changed
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer, chat_model

pytestmark = pytest.mark.usefixtures("unrendered_figures")

EVAL = ("eval", "digits", "--engine", "http", "--limit", "1", "--num-ignore", "0-1")


def stating(context: int | None) -> Behaviour:
    """The small model on a server that states its context."""
    model = chat_model(lambda turn: "7" if "Final answer:" in turn else "I look.</think>")

    def behave(request: Request) -> Answer:
        if request.method == "GET":
            return answer({"data": [{"id": "small", "max_model_len": context}]})
        return model(request)

    return behave


@pytest.mark.parametrize(("context", "budget"), [(8192, 5888), (8448, 6080), (8449, 8192), (None, 8192)])
def test_default_budget_leaves_a_quarter_of_the_context_to_the_prompt(
    context: int | None, budget: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(stating(context)) as server:
        assert main([*EVAL, "--base-url", server.url, "--out", str(tmp_path / "run")]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "--max-thinking-tokens" in line]
    assert len(said) == (budget < 8192)
    settings = load_run(tmp_path / "run").settings
    assert settings["max_thinking_tokens"] == budget
    assert settings.get("fitted_context") == (context if budget < 8192 else None)


def test_a_budget_that_was_given_is_refused_where_it_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(stating(8192)) as server:
        words = [*EVAL, "--base-url", server.url, "--out", str(tmp_path / "run")]
        assert main([*words, "--max-thinking-tokens", "8192"]) == 2
    assert "lower --max-thinking-tokens" in capsys.readouterr().err


def test_a_context_smaller_than_an_answer_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer(stating(256)) as server:
        assert main([*EVAL, "--base-url", server.url, "--out", str(tmp_path / "run")]) == 2
    assert "has a context of 256" in capsys.readouterr().err


def test_a_resumed_run_keeps_its_budget_whatever_the_server_states_then(tmp_path: Path) -> None:
    words = [*EVAL, "--limit", "2", "--out", str(tmp_path / "run")]
    for context in (8192, 32768):
        with ChatServer(stating(context)) as server:
            assert main([*words, "--base-url", server.url]) == 0
        if context == 8192:
            records = tmp_path / "run" / "records.jsonl"
            records.write_text(records.read_text().splitlines(keepends=True)[0])
    run = load_run(tmp_path / "run")
    assert (len(run.records), run.settings["max_thinking_tokens"], run.settings["fitted_context"]) == (2, 5888, 8192)


def test_fitted_run_is_the_run_that_was_given_the_same_budget() -> None:
    given = eval_settings({"benchmark": "digits", "max_thinking_tokens": 5888})
    assert changed(given, fitted_context=8192).digest() == given.digest()
