"""What real chat templates say about thinking is read from the templates alone, without the models' names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from s1m.errors import DataError
from s1m.families.reading import Reading, read_template
from s1m.families.template import ChatTemplate
from s1m.families.thinking import Delimiters

ON = {"enable_thinking": True}
CHANNELS = ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>")
REAL: dict[str, tuple[str, str, str, dict[str, Any], bool]] = {  # opening, closing, state, switch, keeps earlier
    "Apriel-1.6-15b-Thinker-fixed": (
        "Here are my reasoning steps:\n", "[BEGIN FINAL RESPONSE]", "opened", {}, False,
    ),
    "ByteDance-Seed-OSS": ("<seed:think>", "</seed:think>", "left to the model", {}, True),
    "GLM-4.6": ("<think>", "</think>", "left to the model", {}, False),
    "GLM-4.7-Flash": ("<think>", "</think>", "opened", {}, False),
    "HuggingFaceTB-SmolLM3-3B": ("<think>\n", "</think>", "left to the model", {}, True),
    "Kimi-K2-Thinking": ("<think>", "</think>", "left to the model", {}, False),
    "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": ("<think>\n", "</think>", "opened", {}, False),
    "Qwen-QwQ-32B": ("<think>\n", "</think>", "closed", ON, False),
    "Qwen-Qwen3-0.6B": ("<think>\n", "</think>", "left to the model", {}, False),
    "Qwen3.5-4B": ("<think>\n", "</think>", "opened", {}, False),
    "StepFun3.5-Flash": ("<think>\n", "</think>", "opened", {}, False),
    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": ("<think>\n", "</think>", "closed", ON, False),
    "google-gemma-4-31B-it": ("<|channel>thought\n", "<channel|>", "closed", ON, False),
    "mistralai-Ministral-3-14B-Reasoning-2512": ("[THINK]", "[/THINK]", "left to the model", {}, True),
    "openai-gpt-oss-120b": (*CHANNELS, "left to the model", {}, False),
}  # fmt: skip


def real(name: str) -> ChatTemplate:
    """A template of ``shared/data/templates`` beside the checkout; the test is skipped without it."""
    named = os.environ.get("S1M_SHARED")
    folders = [Path(named)] if named else [parent / "shared" for parent in Path(__file__).resolve().parents]
    for folder in folders:
        path = folder / "data" / "templates" / f"{name}.jinja"
        if path.is_file():
            return ChatTemplate(path.read_text(encoding="utf-8"))
    pytest.skip("no shared templates beside the checkout")


@pytest.mark.shared_data
@pytest.mark.parametrize("name", REAL)
def test_real_templates_are_read_as_they_are(name: str) -> None:
    reading = read_template(real(name))
    assert reading.delimiters is not None
    facts = (reading.opening, reading.delimiters.closing, reading.state, dict(reading.switch), reading.keeps_earlier)
    assert facts == REAL[name]


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["MiMo-VL", "Qwen-Qwen2.5-7B-Instruct"])
def test_templates_without_thinking_name_no_delimiters(name: str) -> None:
    assert read_template(real(name)) == Reading(delimiters=None)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["Qwen-QwQ-32B", "google-gemma-4-31B-it"])
def test_the_detected_switch_turns_thinking_on(name: str) -> None:
    template = real(name)
    switched = ChatTemplate(template.source, options=read_template(template).switch)
    assert read_template(switched).state != "closed"


HEADER = "{% for m in messages %}<|{{ m.role }}|>{{ '\n' }}"
FOOTER = "{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{{ '\n' }}"


def test_delimiters_built_in_a_macro_are_read() -> None:
    macro = "{% macro tag(s, w) %}{{ '<%s%s>' % (s, w) }}{% endmacro %}"
    shown = (
        "{% if m.reasoning_content %}{{ tag('', 'mull') }}{{ m.reasoning_content }}{{ tag('/', 'mull') }}{% endif %}"
    )
    reading = read_template(ChatTemplate(macro + HEADER + shown + FOOTER + "{% endif %}"))
    assert reading.delimiters == Delimiters("<mull>", "</mull>")
    assert (reading.state, reading.keeps_earlier) == ("left to the model", True)


def test_an_unknown_empty_thought_is_closed_thinking() -> None:
    empty = (
        "{% if enable_thinking is not defined or not enable_thinking %}<mull>{{ '\n\n' }}</mull>{% endif %}{% endif %}"
    )
    reading = read_template(ChatTemplate(HEADER + FOOTER + empty))
    assert reading.opening == "<mull>\n"
    assert (reading.state, reading.switch) == ("closed", ON)


def test_parts_printed_as_code_are_no_delimiters() -> None:
    assert read_template(ChatTemplate(HEADER + FOOTER + "{% endif %}")).delimiters is None


@pytest.mark.parametrize("source", ["{{ raise_exception('no') }}", "{% for %}", "{{ messages[9].x.y }}", "silent"])
def test_a_template_that_renders_nothing_is_one_error(source: str) -> None:
    with pytest.raises(DataError, match="chat template"):
        read_template(ChatTemplate(source))


def test_thinking_in_blocks_and_under_other_names_is_read() -> None:
    blocks = (
        "{% for block in m.content.blocks %}{% if block.type == 'thoughts' %}<|inner|>{{ block.text }}<|outer|>"
        "{% else %}{{ block.text }}{% endif %}{% endfor %}"
    )
    shown = HEADER + "{% if m.content is mapping %}" + blocks + "{% else %}{{ m.content }}{% endif %}{% endfor %}"
    shown += "{% if add_generation_prompt %}<|assistant|>{{ '\n' }}{% endif %}"
    assert read_template(ChatTemplate(shown)).delimiters == Delimiters("<|inner|>", "<|outer|>")
    named = HEADER + "{% if m.thought %}<mull>{{ m.thought }}</mull>{% endif %}" + FOOTER + "{% endif %}"
    assert read_template(ChatTemplate(named)).delimiters == Delimiters("<mull>", "</mull>")


def test_delimiters_that_a_template_asks_for_in_words_are_read() -> None:
    words = "{% if thinking %}Think between <think></think>.{% endif %}"
    reading = read_template(ChatTemplate(words + HEADER + FOOTER + "{% endif %}"))
    assert (reading.opening, reading.state) == ("<think>", "left to the model")


def test_a_prompt_that_opens_thinking_tells_the_line_break_better_than_an_empty_thought() -> None:
    switched = "{% if enable_thinking is defined %}<think>{% if not enable_thinking %}{{ '\n' }}</think>{% endif %}"
    reading = read_template(ChatTemplate(HEADER + FOOTER + switched + "{% endif %}{% endif %}"))
    assert reading.opening == "<think>"


def test_thinking_that_is_shown_where_it_is_on_is_dropped_where_it_is_dropped_then() -> None:
    on = "{% if enable_thinking is defined and enable_thinking and loop.last and m.reasoning_content %}"
    shown = on + "<mull>{{ m.reasoning_content }}</mull>{% endif %}"
    switched = "{% if enable_thinking is defined and enable_thinking %}<mull>{% else %}<mull></mull>{% endif %}"
    reading = read_template(ChatTemplate(HEADER + shown + FOOTER + switched + "{% endif %}"))
    assert (reading.opening, reading.state, reading.keeps_earlier) == ("<mull>", "closed", False)
