"""``s1m eval`` with whole replies: servers that cannot continue a turn, efforts, budgets, and answers withheld."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s1m.analysis.run.summarize import summarize
from s1m.cli.main import main
from s1m.errors import UsageError
from s1m.evaluate.settings import eval_settings
from s1m.evaluate.store import load_run
from tests.engines.asking import says
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer, chat_model
from tests.engines.providers import PROVIDERS, chat, vllm

pytestmark = pytest.mark.usefixtures("unrendered_figures")

DIRECT = "<think>\nI look.</think>\\boxed{4}"


def evaluate(behave: Behaviour, out: Path, *flags: str, engine: str = "http") -> tuple[int, ChatServer]:
    with ChatServer(behave) as server:
        words = ["eval", "digits", "--engine", engine, "--base-url", server.url, "--limit", "3", "--out", str(out)]
        return main([*words, *flags]), server


def ignoring() -> Behaviour:
    """A chat server that passes over ``continue_final_message``, as hosted ones do."""
    return chat_model(says(DIRECT), continues=False)


def test_level_0_and_votes_run_on_a_server_that_cannot_continue_a_turn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for flags, answers in ((("--num-ignore", "0"), 1), (("--strategy", "vote", "--levels", "1,2"), 2)):
        out = tmp_path / flags[-1]
        caplog.clear()
        code, _ = evaluate(ignoring(), out, *flags)
        assert code == 0
        assert "ignores continue_final_message" in caplog.text
        assert "--chains whole" in caplog.text
        run = load_run(out)
        assert run.settings["chains"] == "whole"
        assert [len(record.trace.answers) for record in run.records] == [answers] * 3
        for record in run.records:
            assert [segment.text for segment in record.trace.chains[0]] == ["\nI look."]
            assert record.trace.answers[0].text == "\\boxed{4}"


def test_forcing_is_refused_there_in_one_line_that_names_the_alternatives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for flags in ((), ("--num-ignore", "0-1"), ("--strategy", "adaptive"), ("--strategy", "cap")):
        code, server = evaluate(ignoring(), tmp_path / "run", *flags)
        assert code == 1
        (line,) = capsys.readouterr().err.strip().splitlines()
        for word in ("continue_final_message", "--strategy direct", "effort", "budget", "vote", "--num-ignore 0"):
            assert word in line
        assert not server.bodies()


def test_a_server_that_continues_is_asked_to(tmp_path: Path) -> None:
    code, server = evaluate(chat_model(says("I look.</think>4")), tmp_path, "--num-ignore", "0")
    assert code == 0
    assert "chains" not in load_run(tmp_path).settings
    assert all(body["continue_final_message"] for body in server.bodies())


def test_a_run_of_whole_replies_is_resumed_as_it_began_and_finished_without_its_server(tmp_path: Path) -> None:
    assert evaluate(ignoring(), tmp_path, "--num-ignore", "0")[0] == 0
    words = ["eval", "digits", "--engine", "http", "--base-url", "http://127.0.0.1:9", "--limit", "3"]
    assert main([*words, "--model", "small", "--out", str(tmp_path), "--num-ignore", "0"]) == 0


@pytest.mark.parametrize("dial", ["openai", "vllm", "openrouter"])
def test_efforts_are_levels_and_their_thinking_is_counted(tmp_path: Path, dial: str) -> None:
    neutral = ("--temperature", "1", "--top-p", "1")
    flags = ("--strategy", "effort", "--levels", "low,medium,high", "--dial", dial, *neutral)
    code, server = evaluate(PROVIDERS[dial], tmp_path, *flags)
    assert code == 0
    run = load_run(tmp_path)
    summary = summarize(run)
    assert [level.thinking_tokens_mean for level in summary.levels] == [4, 8, 16]
    assert [level.level for level in summary.levels] == [2, 3, 4]
    assert "2 low, 3 medium, 4 high" in summary.axis
    assert "2 low, 3 medium, 4 high" in (tmp_path / "report.html").read_text()
    assert not any("continue_final_message" in body for body in server.bodies())


def test_budgets_are_levels_the_dial_is_found_and_its_name_kept(tmp_path: Path) -> None:
    code, _ = evaluate(vllm(), tmp_path, "--strategy", "budget", "--levels", "2,4,64", engine="vllm")
    assert code == 0
    run = load_run(tmp_path)
    assert run.settings["dial"] == "vllm"
    summary = summarize(run)
    assert [level.thinking_tokens_mean for level in summary.levels] == [2, 4, 8]
    assert summary.metrics.control == 1.0
    assert summary.axis == "thinking budget of the server (tokens)"


def test_a_filter_costs_its_problem_alone_and_failures_are_counted_by_class(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Request] = []

    def behave(request: Request) -> Answer:
        if request.method == "GET":
            return answer({"data": [{"id": "m", "owned_by": "vllm"}]})
        asked.append(request)
        if len(asked) == 1:
            return chat("The answer is 4", tokens=5, finish_reason="content_filter")
        return chat("", tokens=5, message={"refusal": "No."}) if len(asked) == 2 else chat("4", tokens=1)

    code, _ = evaluate(behave, tmp_path, "--strategy", "direct", "--concurrency", "1")
    assert code == 1
    assert "2 problems failed and stay pending (1 content filter, 1 refusal; " in " ".join(
        capsys.readouterr().err.split()
    )
    run = load_run(tmp_path)
    assert len(run.records) == 1
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "failures.jsonl").read_text().splitlines()]
    assert kinds == ["content filter", "refusal"]
    assert dict(run.failures) == {"content filter": 1, "refusal": 1}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"strategy": "budget"}, "has a server turn its budget, and --engine embedded asks none"),
        ({"strategy": "effort", "engine": "embedded"}, "has a server turn its effort"),
        ({"strategy": "cap", "chains": "whole"}, "--chains whole is for --strategy vote and for --num-ignore 0"),
        ({"strategy": "lookback", "num_ignore": "0", "chains": "whole"}, "not for lookback"),
        ({"dial": "openai"}, "--engine embedded has no server to ask: leave out --dial"),
        ({"strategy": "effort", "levels": "low,huge"}, "levels takes levels such as"),
        ({"strategy": "effort", "levels": "7", "engine": "http", "base_url": "http://h"}, "levels go from 0 to 5"),
        ({"strategy": "direct", "levels": "1"}, "levels go from 0 to 0"),
        (
            {"strategy": "budget", "engine": "http", "base_url": "https://api.openai.com/v1", "temperature": 1},
            "--dial openai takes no thinking budget; use --strategy effort",
        ),
        (
            {"strategy": "direct", "engine": "http", "base_url": "https://api.openai.com/v1", "top_k": 4},
            "--dial openai does not take --top-k; leave it out",
        ),
        (
            {"dial": "openai", "engine": "http", "base_url": "http://h", "template_kwargs": "a=1"},
            "takes no options of a chat template",
        ),
        ({"dial": "olama", "engine": "http", "base_url": "http://h"}, "there is no dial 'olama'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(values: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        eval_settings({"benchmark": "digits", **values})


def test_a_dry_run_says_what_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["eval", "digits", "--limit", "1", "--engine", "http", "--base-url", "http://h", "--dry-run"]
    assert main([*words, "--strategy", "budget", "--levels", "512,2048"]) == 0
    assert main([*words, "--strategy", "effort", "--levels", "low"]) == 0
    said = capsys.readouterr().out
    assert "1. one whole reply, thinking budget 512, at most 768 tokens" in said
    assert "1. one whole reply, reasoning effort low, at most 8448 tokens" in said
