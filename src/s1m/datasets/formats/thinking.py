"""Thinking that stands beside the text of a response: read where its field is known, never lost in silence.

{"role": "assistant", "reasoning_content": "I count.", "content": "3"}      becomes <think>I count.</think>3
{"problem": ..., "solution": "3", "thinking": "I count."}                   the same
{"prompt": ..., "response": "3", "teacher_rationale": "I count."}           is refused: it would not be learned
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from s1m.datasets.example import Unusable
from s1m.datasets.formats.draft import Row, text_of
from s1m.datasets.responses import holds_thinking, without_delimiters
from s1m.families import Delimiters

THINKING_FIELDS = (
    "reasoning_content",  # DeepSeek, vLLM until 2025, SGLang, llama.cpp
    "reasoning",  # vLLM, OpenRouter, LiteLLM
    "thinking",  # Anthropic, Ollama
    "reasoning_details",  # OpenRouter: a list of parts
    "thinking_content",
    "reasoning_text",
    "thought",
    "thoughts",
    "chain_of_thought",
    "cot",
)
TEXT_FIELDS = ("thinking", "reasoning", "text", "summary", "content")
"""Where a part of structured thinking has its text."""

THINKING_NAME = re.compile(
    r"""(?:^|_)(?:
        reasoning | think | thinking | thoughts? | cot | chain_of_thought   # teacher_reasoning, long_cot
        | rationales? | analysis | trajector(?:y|ies) | scratchpad | deliberation      # gemini_thinking_trajectory
    )(?:_|$)""",
    re.VERBOSE,
)
ABOUT_THINKING = re.compile(
    r"""^(?:num|n|has|is|max|min|mean|use|enable)_                           # num_reasoning_tokens, enable_thinking
    | _(?:types?|tokens?|len|length|count|id|ids|model|level|effort|budget|category|tags?|labels?|scores?|grade
        |source|lang|language|skills?|style|format|mode|steps?_count)$       # cot_type, reasoning_effort
    """,
    re.VERBOSE,
)
"""Names that speak of thinking and do not hold it."""
LABEL = re.compile(r"[\w.:/-]*")
"""A value of one word is a label, such as ``high`` or ``math``, and no thinking."""
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def thinking_beside(fields: Row) -> str:
    """The thinking that the fields of a row or turn hold, empty where there is none.

    Raises ``Unusable`` where two fields hold different thinking, or one holds what cannot be read.
    """
    held = {name: text for name in THINKING_FIELDS if (text := flattened(fields.get(name)))}
    if len(set(held.values())) > 1:
        raise Unusable("thinking given twice", f"{' and '.join(held)} differ")
    return next(iter(held.values()), "")


def flattened(value: object) -> str:
    """The text of thinking: a string, a part that holds one, or a list of either. Flags and numbers hold none."""
    if value is None or isinstance(value, bool | int | float):
        return ""
    if isinstance(value, list):
        return "\n\n".join(text for part in value if (text := flattened(part)))
    if isinstance(value, Mapping):
        texts = [text for name in TEXT_FIELDS if (text := flattened(value.get(name)))]
        if not texts and any(isinstance(part, str) and not LABEL.fullmatch(part) for part in value.values()):
            raise Unusable("thinking in a field that is not read", ", ".join(map(str, value))[:60])
        return texts[0] if texts else ""
    return without_delimiters(text_of(value))


def with_thinking(response: str, thinking: str, delimiters: Delimiters) -> str:
    """The response with the thinking that stood beside it, between its delimiters.

    Raises ``Unusable`` where the response already has other thinking.
    """
    if not thinking:
        return response
    if not holds_thinking(response, delimiters):
        return delimiters.around(thinking, response)
    before, _, answer = response.rpartition(delimiters.closing)
    own = before.rpartition(delimiters.opening)[2].strip()  # some templates open the thinking, and sets leave that out
    if own and own != thinking.strip():
        raise Unusable("thinking given twice", "the response and the field beside it differ")
    return response if own and delimiters.opening in before else delimiters.around(thinking, answer)


def check_none_lost(fields: Row, read: Collection[str]) -> None:
    """Raise ``Unusable`` for a field that is not ``read`` and looks like thinking; called where none was found."""
    for name, value in fields.items():
        if name in read or not _holds_text(value):
            continue
        if names_thinking(name) or _holds_tag(value):
            raise Unusable("thinking in a field that is not read", f"{name}; call it thinking, or leave it out")


def names_thinking(name: str) -> bool:
    """Whether a field is called as if it held thinking: ``gemini_thinking_trajectory``, but not ``thinking_tokens``."""
    plain = CAMEL.sub("_", name).replace("-", "_").lower()
    return bool(THINKING_NAME.search(plain)) and not ABOUT_THINKING.search(plain)


def _holds_text(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_holds_text, value))
    if isinstance(value, Mapping):
        return any(map(_holds_text, value.values()))
    return isinstance(value, str) and not LABEL.fullmatch(value.strip())


def _holds_tag(value: object) -> bool:
    """Whether thinking in some known delimiters stands in a value: ``generations`` of R1 sets do not say so by name."""
    if isinstance(value, list):
        return any(map(_holds_tag, value))
    if isinstance(value, Mapping):
        return any(map(_holds_tag, value.values()))
    return isinstance(value, str) and holds_thinking(value)
