"""``s1m families``: the table of what is known, and what a model's own template says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s1m.cli import main
from s1m.families import THINKING_DELIMITERS

SHOWS = (
    "{% for m in messages %}<|{{ m.role }}|>{% if m.reasoning_content and loop.last %}<mull>\n"
    "{{ m.reasoning_content }}</mull>{% endif %}{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>"
)
ENDS = SHOWS + "{% if not deep %}<mull>\n\n</mull>{% endif %}{% endif %}"


def described(tmp_path: Path, source: str, capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    (tmp_path / "chat_template.jinja").write_text(source, encoding="utf-8")
    (tmp_path / "tokenizer_config.json").write_text('{"eos_token": "<|end|>"}', encoding="utf-8")
    assert main(["families", "--model", str(tmp_path), *flags]) == 0
    return capsys.readouterr().out


def test_the_table_names_every_pair_of_delimiters_and_who_uses_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["families"]) == 0
    printed = capsys.readouterr().out
    assert all(f"{each.opening} ... {each.closing}" in printed for each in THINKING_DELIMITERS)
    assert all(each.used_by and each.used_by in printed for each in THINKING_DELIMITERS)
    assert main(["families", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["delimiters"]) == len(THINKING_DELIMITERS)


def test_a_model_is_described_from_its_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = described(tmp_path, SHOWS + "<mull>\n{% endif %}", capsys)
    assert r'"<mull>\n"' in printed
    assert '"</mull>"' in printed
    assert "opens thinking by itself" in printed
    assert "is dropped when another question follows" in printed
    assert "<|end|> (tokenizer_config.json)" in printed


def test_thinking_that_is_off_names_the_option_that_switches_it_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    off = ENDS.replace("deep", "(enable_thinking is defined and enable_thinking)")
    assert "add --template-kwargs enable_thinking=true" in described(tmp_path, off, capsys)
    assert "no option changes that" in described(tmp_path, ENDS, capsys)


def test_json_has_what_the_text_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = json.loads(described(tmp_path, ENDS, capsys, "--json"))
    assert (shown["thinking_open"], shown["thinking_close"]) == ("<mull>\n", "</mull>")
    assert (shown["state"], shown["switch"], shown["keeps_earlier"]) == ("closed", {}, False)
    assert shown["prompt_end"].endswith("<|assistant|><mull>\n\n</mull>")


def test_a_template_without_thinking_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["families", "--model", "bundled"]) == 0
    assert "none found; give --thinking-open" in capsys.readouterr().out


def test_a_folder_that_does_not_exist_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["families", "--model", str(tmp_path / "none")]) == 2
    assert "there is no model folder" in capsys.readouterr().err
