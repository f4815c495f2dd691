"""``--family auto``: delimiters from the template at hand, unless they are given; kept in the settings of the run."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from s1m.cli import main
from s1m.engines.embedded.checkpoint import BUNDLED, place_of
from s1m.errors import UsageError
from s1m.evaluate.family import with_delimiters
from s1m.evaluate.settings import EvalSettings, eval_settings
from s1m.evaluate.store import load_run

SHOWS = (
    "{% for m in messages %}<|{{ m.role }}|>{% if m.reasoning_content %}<mull>\n"
    "{{ m.reasoning_content }}</mull>{% endif %}{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def model(folder: Path, template: str = SHOWS) -> str:
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return str(folder)


def found(**values: object) -> tuple[str, str]:
    settings: EvalSettings = eval_settings({"benchmark": "digits", **values})
    strategy = with_delimiters(settings, settings.engine, settings.strategy).strategy
    return strategy.thinking_open, strategy.thinking_close


def test_auto_takes_the_delimiters_of_the_template(tmp_path: Path) -> None:
    assert found(model=model(tmp_path), family="auto") == ("<mull>\n", "</mull>")
    assert found(model=model(tmp_path)) == ("<think>\n", "</think>")


def test_delimiters_that_are_given_win(tmp_path: Path) -> None:
    given = {"thinking_open": "<t>", "thinking_close": "</t>"}
    assert found(model=model(tmp_path), family="auto", **given) == ("<t>", "</t>")
    default = {"thinking_open": "<think>\n"}
    assert found(model=model(tmp_path), family="auto", **default) == ("<think>\n", "</think>")


def test_a_template_without_thinking_leaves_the_defaults_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="s1m"):
        assert found(model=BUNDLED, family="auto") == ("<think>\n", "</think>")
    assert "shows no thinking" in caplog.text


def test_a_template_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--family auto: .* has no chat template.*or give --thinking-open and"):
        found(model=str(tmp_path), family="auto")


def test_a_run_keeps_the_delimiters_that_were_found_and_is_resumed(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(place_of(BUNDLED), checkpoint)
    template = (checkpoint / "chat_template.jinja").read_text(encoding="utf-8")
    header = "<|im_start|>{{ message['role'] }}\n"
    thinks = "{% if message.reasoning_content %}<think>{{ message.reasoning_content }}</think>{% endif %}"
    assert template.count(header) == 1
    model(checkpoint, template.replace(header, header + thinks))
    out = tmp_path / "run"
    flags = ["--model", str(checkpoint), "--limit", "2", "--num-ignore", "0", "--max-thinking-tokens", "100"]
    run = ["eval", "digits", *flags, "--out", str(out), "--family", "auto"]
    assert main(run) == 0
    assert main(run) == 0
    settings = load_run(out).settings
    assert settings["thinking_open"] == "<think>"  # no line break, as the template writes it
    assert main(["eval", "digits", "--config", str(out / "settings.toml")]) == 0
    assert len((out / "records.jsonl").read_text(encoding="utf-8").splitlines()) == 2
