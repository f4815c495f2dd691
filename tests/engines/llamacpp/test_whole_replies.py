"""Whole replies of a real llama.cpp server, and its own thinking budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1m.cli.main import main
from s1m.evaluate.store import load_run
from tests.llamacpp_server import DIGITS, serving

pytestmark = [pytest.mark.llamacpp, pytest.mark.timeout(600)]

THINKS = (
    "{% for message in messages %}{% if message.role == 'assistant' and '</think>' in message.content %}"
    "<|im_start|>assistant\n{{ message.content.split('</think>')[-1] }}<|im_end|>\n{% else %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
"""A template that opens thinking, in the manner of QwQ's: llama.cpp reads the delimiters off it."""


def evaluate(url: str, out: Path, *flags: str) -> int:
    words = ["eval", "digits", "--base-url", url, "--limit", "16", "--temperature", "1", "--max-thinking-tokens", "512"]
    return main([*words, *flags, "--out", str(out)])


def test_direct_replies_are_separated_and_an_ignored_budget_ends_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(*DIGITS) as url:
        for engine in ("http", "llamacpp"):
            assert evaluate(url, tmp_path / engine, "--engine", engine, "--strategy", "direct") == 0
            for record in load_run(tmp_path / engine).records:
                ((segment,),) = record.trace.chains
                assert segment.tokens > 10
                assert segment.flaws == ()
        # The template of this model shows llama.cpp no thinking, so that it passes over the budget.
        assert evaluate(url, tmp_path / "b", "--engine", "http", "--strategy", "budget", "--levels", "8") == 1
        assert "it ignores thinking_budget_tokens" in capsys.readouterr().err


def test_thinking_stays_within_the_budget_where_the_template_shows_it(tmp_path: Path) -> None:
    template = tmp_path / "thinks.jinja"
    template.write_text(THINKS)
    with serving(*DIGITS, "--chat-template-file", str(template)) as url:
        assert evaluate(url, tmp_path / "b", "--engine", "http", "--strategy", "budget", "--levels", "8,256") == 0
    records = load_run(tmp_path / "b").records
    for record in records:
        for answer in record.trace.answers:
            assert record.trace.thinking_tokens(answer) <= answer.level
    assert max(record.trace.thinking_tokens(record.trace.answers[1]) for record in records) > 16
