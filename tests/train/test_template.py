"""What is found out about a chat template by rendering it: lead, trimming, form of content, end of turn."""

from __future__ import annotations

from typing import Any

import pytest

from s1m.datasets.example import Turn
from s1m.errors import UsageError
from s1m.train.batches.script import Script
from s1m.train.batches.template import Template, special_tokens, template_of
from tests.tiny_models.spelling import PLAIN, bytewise

SPACED = (
    "{% for m in messages %}{{ m.role | capitalize }}:"
    "{% for part in m.content %}{% if part.type == 'image' %}<image>{% else %} {{ part.text }}{% endif %}{% endfor %}"
    "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""As SmolVLM's: a space before what is said, content in parts alone, an end that is not the tokenizer's."""

TRIMMED = (
    "{{ bos_token }}{% for m in messages %}<turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{% if m.content is string %}{{ m.content | trim }}{% else %}"
    "{% for part in m.content %}{{ part.text | trim }}{% endfor %}{% endif %}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>model\n{% endif %}"
)
"""As Gemma's: content is trimmed, and the turn does not end with the tokenizer's end."""

BARE = (
    "{% for m in messages %}{% if m.role == 'user' %}USER: {{ m.content[0].text }} {% else %}"
    "ASSISTANT: {{ m.content[0].text }} {% endif %}{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
"""As LLaVA 1.5's: nothing special ends a turn."""

TEXTS = "{% for m in messages %}[{{ m.role }}] {{ m.content.strip() }}\n{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}"  # noqa: E501
"""Content is one string."""

EMPTY_THINKING = PLAIN.replace(
    "<|im_start|>{{ message['role'] }}\n",
    "<|im_start|>{{ message['role'] }}\n{% if message['role'] == 'assistant' %}<think>\n\n</think>\n\n{% endif %}",
)
"""It writes an empty thinking before a response without any, which the model does not write when it is served."""


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return bytewise("<end_of_utterance>", "<end_of_turn>", "<turn>", image_token="<image>")


@pytest.mark.parametrize(
    ("text", "lead", "trims", "end", "forms"),
    [
        (PLAIN, "", False, "<|im_end|>", ("parts", "text")),
        (SPACED, " ", False, "<end_of_utterance>", ("parts", "parts")),
        (TRIMMED, "", True, "<end_of_turn>", ("parts", "text")),
        (BARE, " ", False, "<|im_end|>", ("parts", "parts")),
        (TEXTS, "", True, "<|im_end|>", ("text", "text")),
        (EMPTY_THINKING, "", False, "<|im_end|>", ("parts", "text")),
    ],
)
def test_a_template_is_described(text: str, lead: str, trims: bool, end: str, forms: Any, tokenizer: Any) -> None:
    found = template_of("a model", tokenizer, text)
    assert (found.lead, found.trims, found.end, found.forms) == (lead, trims, end, forms)


def stretches_of(template: Template, *turns: tuple[Any, str]) -> list[tuple[str, str]]:
    script = Script(
        template.prompt, end=template.end, control=special_tokens(template.tokenizer), said_as=template.said_as
    )
    said = [Turn(role=role, content=(text,)) for role, text in turns]
    return [(stretch.part, stretch.text) for stretch in script.stretches(said)]


@pytest.mark.parametrize("text", [PLAIN, SPACED, TRIMMED])
def test_stretches_are_what_the_template_writes(text: str, tokenizer: Any) -> None:
    """With and without a response, and for several turns."""
    template = template_of("a model", tokenizer, text)
    turns = (("user", "Why?"), ("assistant", "So.\n"), ("user", "Sure?"), ("assistant", "Yes."))
    stretches = stretches_of(template, *turns)
    messages = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in turns]
    whole = tokenizer.apply_chat_template(messages, chat_template=text, tokenize=False)
    assert "".join(said for _, said in stretches) + "\n" == whole
    learned = [said for part, said in stretches if part == "learned"]
    assert learned == [template.said_as("So.\n"), template.end, template.said_as("Yes."), template.end]


def test_a_template_that_raises_for_everything_is_refused_with_its_words(tokenizer: Any) -> None:
    with pytest.raises(UsageError, match=r"^model: a model has a chat template that cannot be used: only one turn$"):
        template_of("a model", tokenizer, "{{ raise_exception('only one turn') }}")


def test_a_template_that_writes_no_messages_is_refused(tokenizer: Any) -> None:
    with pytest.raises(UsageError, match="it writes neither of two messages"):
        template_of("a model", tokenizer, "Hello.")


def test_only_the_template_may_write_a_special_token(tokenizer: Any) -> None:
    assert "<end_of_turn>" in special_tokens(tokenizer)
    assert "<think>" not in special_tokens(tokenizer)
