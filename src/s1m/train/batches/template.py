r"""What a chat template does, found out by rendering with and without a response.

    without    "<|im_start|>user\n<image>Why?<end>\nassistant:"
    with       "<|im_start|>user\n<image>Why?<end>\nassistant: So.<end>\n"
    found      a response is written after " ", and "<end>" ends its turn

Templates differ in what they take as content, in whether they trim it, and in what ends a turn, which is not always the
tokenizer's end of text. Nothing here is known by a model's name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from s1m.datasets.example import IMAGE, Slot, Turn
from s1m.errors import UsageError

Form = Literal["parts", "text"]
"""How a template takes the content of a message: a list of typed parts, or one string."""

FORMS: tuple[tuple[Form, Form], ...] = (("parts", "text"), ("parts", "parts"), ("text", "text"))
"""Forms of what the user and the assistant say, in the order in which they are tried."""

QUESTION, RESPONSE = "Qquestion", "\nRresponse\n"
"""Texts that no template writes; the newlines show whether it trims."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """A model's chat template and what was found out about it."""

    name: str
    """The model, for messages."""
    tokenizer: Any
    text: str
    forms: tuple[Form, Form]
    lead: str
    """What the template writes between the assistant's opening and its response."""
    trims: bool
    """Whether it trims a response."""
    end: str
    """What ends the assistant's turn."""

    def prompt(self, turns: Sequence[Turn]) -> str:
        """The text of some turns, up to where the assistant begins to write."""
        return rendered(self.tokenizer, self.text, turns, self.forms, opened=True)

    def said_as(self, response: str) -> str:
        """A response as the template writes it after the prompt."""
        return self.lead + (response.strip() if self.trims else response)


def template_of(name: str, tokenizer: Any, text: str | None) -> Template:
    """Find out what a chat template does. Raises ``UsageError`` that says what is missing."""
    if not text:
        raise UsageError(f"model: {name} has no chat template; put a chat_template.jinja into its folder")
    asked = (Turn(role="user", content=(QUESTION,)),)
    answered = (*asked, Turn(role="assistant", content=(RESPONSE,)))
    refused = "it writes neither of two messages"
    for forms in FORMS:
        try:
            opened = rendered(tokenizer, text, asked, forms, opened=True)
            whole = rendered(tokenizer, text, answered, forms, opened=False)
        except Exception as error:  # a template may raise anything, and most raise for content in the wrong form
            refused = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            continue
        said = RESPONSE.strip()
        if QUESTION in opened and said in whole:
            return _described(name, tokenizer, text, forms, opened, whole)
    raise UsageError(f"model: {name} has a chat template that cannot be used: {refused}")


def _described(name: str, tokenizer: Any, text: str, forms: tuple[Form, Form], opened: str, whole: str) -> Template:
    trims = RESPONSE not in whole
    said = RESPONSE.strip() if trims else RESPONSE
    start = whole.index(said)
    before, after = whole[:start], whole[start + len(said) :]
    lead = before.removeprefix(opened) if before.startswith(opened) else ""
    end = _first_special(tokenizer, after) or tokenizer.eos_token
    if not end:
        raise UsageError(f"model: {name} has no token that ends a turn: its tokenizer needs an eos_token")
    # More than space is not the assistant's: an empty thinking, say, which the model does not write when it is served.
    return Template(
        name=name,
        tokenizer=tokenizer,
        text=text,
        forms=forms,
        lead="" if lead.strip() else lead,
        trims=trims,
        end=end,
    )


def rendered(tokenizer: Any, template: str, turns: Sequence[Turn], forms: tuple[Form, Form], *, opened: bool) -> str:
    """The text of some turns, with the assistant's opening after them where ``opened``."""
    messages = [_message(turn, forms[turn.role == "assistant"]) for turn in turns]
    text: str = tokenizer.apply_chat_template(
        messages, chat_template=template, add_generation_prompt=opened, tokenize=False
    )
    return text


def special_tokens(tokenizer: Any) -> list[str]:
    """The texts of a tokenizer's special tokens, longest first."""
    added = tokenizer.added_tokens_decoder.values()
    texts = {token.content for token in added if token.special} | set(tokenizer.all_special_tokens)
    return sorted(texts, key=lambda token: (-len(token), token))


def placeholder_of(template: Template, processor: Any) -> str:
    """What the template writes for an image. Raises ``UsageError`` where it writes nothing for one."""
    token: str | None = getattr(processor, "image_token", None)
    prompt = template.prompt((Turn(role="user", content=(IMAGE, QUESTION)),))
    if not token or prompt.count(token) != 1:
        raise UsageError(f"model: {template.name} has a chat template without images: it must write {token} for one")
    return token


def _first_special(tokenizer: Any, text: str) -> str | None:
    tokens = special_tokens(tokenizer)
    found = re.search("|".join(map(re.escape, tokens)), text) if tokens else None
    return found[0] if found else None


def _message(turn: Turn, form: Form) -> dict[str, Any]:
    if form == "text":
        return {"role": turn.role, "content": turn.text}
    parts = [{"type": "image"} if isinstance(part, Slot) else {"type": "text", "text": part} for part in turn.content]
    return {"role": turn.role, "content": parts}
