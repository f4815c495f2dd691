"""Whole replies of a real vLLM: its own thinking budget is kept, and thinking is separated and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1m.analysis.run.summarize import summarize
from s1m.cli.main import main
from s1m.evaluate.store import Run, load_run

pytestmark = pytest.mark.vllm


def evaluate(url: str, out: Path, *flags: str, engine: str = "http") -> Run:
    words = ["eval", "digits", "--engine", engine, "--base-url", url, "--limit", "16"]
    words += ["--temperature", "1", "--max-thinking-tokens", "512"]
    assert main([*words, *flags, "--out", str(out)]) == 0
    return load_run(out)


def test_thinking_stays_within_the_budget_that_vllm_promises(vllm_url: str, tmp_path: Path) -> None:
    for engine in ("http", "vllm"):
        run = evaluate(vllm_url, tmp_path / engine, "--strategy", "budget", "--levels", "0,8,16,256", engine=engine)
        assert run.settings["dial"] == "vllm"
        spent: dict[int, list[int]] = {}
        for record in run.records:
            for answer in record.trace.answers:
                assert record.trace.thinking_tokens(answer) <= answer.level
                assert "<think>" not in answer.text
                spent.setdefault(answer.level, []).append(record.trace.thinking_tokens(answer))
        assert max(spent[0]) == 0
        assert max(spent[8]) == 8
        assert max(spent[256]) > 16, "the model thinks for longer where it may"
        assert not any(segment.flaws for record in run.records for chain in record.trace.chains for segment in chain)


def test_direct_replies_and_votes_among_them_score_as_level_0_does(vllm_url: str, tmp_path: Path) -> None:
    direct = summarize(evaluate(vllm_url, tmp_path / "direct", "--strategy", "direct"))
    vote = summarize(
        evaluate(vllm_url, tmp_path / "vote", "--strategy", "vote", "--levels", "1,4", "--chains", "whole")
    )
    assert direct.levels[0].thinking_tokens_mean > 10
    assert direct.levels[0].lost == 0
    assert vote.levels[1].thinking_tokens_mean > 3 * vote.levels[0].thinking_tokens_mean
