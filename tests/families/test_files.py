"""Template and end-of-turn tokens come from the files of a tokenizer, wherever these keep them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s1m.errors import DataError, UsageError
from s1m.families.files import read_model


def folder(path: Path, **files: Any) -> str:
    """A model folder; values that are not text are written as JSON."""
    for name, content in files.items():
        stem, _, ending = name.rpartition("_")
        text = content if isinstance(content, str) else json.dumps(content)
        (path / f"{stem}.{ending}").write_text(text, encoding="utf-8")
    return str(path)


def test_a_template_file_wins_over_the_tokenizers_configuration(tmp_path: Path) -> None:
    config = {"chat_template": "old", "eos_token": {"content": "<end>"}, "bos_token": None}
    read = read_model(folder(tmp_path, chat_template_jinja="new", tokenizer_config_json=config))
    assert (read.template.source, read.template_file) == ("new", "chat_template.jinja")
    assert read.end_of_turn == {"<end>": "tokenizer_config.json"}


@pytest.mark.parametrize("held", ["T", [{"name": "tool_use", "template": "U"}, {"name": "default", "template": "T"}]])
def test_templates_in_the_configuration_are_read_by_name(tmp_path: Path, held: object) -> None:
    read = read_model(folder(tmp_path, tokenizer_config_json={"chat_template": held}))
    assert (read.template.source, read.template_file) == ("T", "tokenizer_config.json")


def test_every_declared_end_of_turn_is_named(tmp_path: Path) -> None:
    read = read_model(
        folder(
            tmp_path,
            chat_template_json={"chat_template": "T"},
            tokenizer_config_json={"eos_token": "<a>", "added_tokens_decoder": {"2": {"content": "<b>"}}},
            tokenizer_json={"added_tokens": [{"id": 3, "content": "<c>"}]},
            generation_config_json={"eos_token_id": [2, 3, 9]},
        )
    )
    later = dict.fromkeys(["<b>", "<c>", "token 9"], "generation_config.json")
    assert read.end_of_turn == {"<a>": "tokenizer_config.json", **later}


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no model folder"):
        read_model(str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"has no chat template.*add chat_template\.jinja"):
        read_model(str(tmp_path))
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(DataError, match=r"cannot read .*tokenizer_config\.json"):
        read_model(str(tmp_path))
