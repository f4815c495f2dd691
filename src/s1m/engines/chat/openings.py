"""Which form a turn must be sent in where a chat template opens thinking by itself.

Sent whole, such a turn would open thinking twice, or follow an empty thought that llama.cpp closes before it. llama.cpp
reports the prompt that it made, so every form is judged by what the model would read, and none by what the server says
that it does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol

from s1m.engines.chat.reply import Probed
from s1m.engines.chat.turns import CONTINUED, Opened
from s1m.families import THINKING_DELIMITERS, Delimiters, after_thinking

WORDS = "A A A"


class Asks(Protocol):
    """Sends a request of one token with a message of the assistant, and further fields; None where it is refused."""

    def __call__(self, message: Mapping[str, Any], fields: Mapping[str, Any]) -> Awaitable[Probed | None]: ...


async def find_opened(ask: Asks) -> Opened | None:
    """The form in which a turn must be sent; None where the server shows no prompt or no form is right."""
    bare = await ask({}, {})
    if bare is None or not bare.prompt:
        return None
    known = opening_at_end(bare.prompt)
    if known:
        opening = _from_tag(bare.prompt, known.opening)
        reply = await ask({"content": WORDS}, CONTINUED)
        if reply and reply.prompt == bare.prompt + WORDS and reply.text.startswith((WORDS, opening + WORDS)):
            return Opened(opening=opening, repeated=reply.text.startswith(opening))
    return await _in_parts(ask, bare)


async def _in_parts(ask: Asks, bare: Probed) -> Opened | None:
    thought = {"content": "", "reasoning_content": WORDS}
    thinking = await ask(thought, {**CONTINUED, "continue_final_message": "reasoning_content"})
    answer = await ask({**thought, "content": "B"}, {**CONTINUED, "continue_final_message": "content"})
    if thinking is None or answer is None or not thinking.prompt.endswith(WORDS):
        return None
    before = thinking.prompt.removesuffix(WORDS)
    known = opening_at_end(before)
    if known is None:
        return None
    opening = _from_tag(before, known.opening)
    header = before.removesuffix(opening)
    closing = answer.prompt.removeprefix(thinking.prompt).removesuffix("B")
    alone = bare.prompt in (header, before) and after_thinking(header).strip() and opening_at_end(header) is None
    if not alone or closing.strip() != known.closing or not _continues(thinking, answer):
        return None
    if not (thinking.text.startswith(opening + WORDS) and answer.text.startswith(opening + WORDS + closing + "B")):
        return None
    return Opened(opening=opening, closing=closing, prompt_opens=bare.prompt == before, repeated=True)


def _continues(thinking: Probed, answer: Probed) -> bool:
    return answer.prompt.startswith(thinking.prompt) and answer.prompt.endswith("B")


def opening_at_end(prompt: str) -> Delimiters | None:
    """The delimiters whose opening one a prompt ends with, blanks aside."""
    return next((each for each in THINKING_DELIMITERS if prompt.rstrip().endswith(each.opening)), None)


def _from_tag(prompt: str, tag: str) -> str:
    """The end of a prompt from its last ``tag`` on."""
    return prompt[prompt.rindex(tag) :]
