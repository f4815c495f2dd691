"""What a judge is told, and how its reply is read: it copies out an answer and never learns the right one.

The question goes as the model under test got it; choices that it had to read off a picture are written out. Of the
response goes only the end.
"""

from __future__ import annotations

import re
from typing import Any

from s1m.benchmarks.reading.row import lettered
from s1m.engines.chat.protocol import Reply
from s1m.engines.remote.reply import Unreadable, decode
from s1m.errors import EngineError
from s1m.families import after_thinking
from s1m.scoring.text.bounds import TAIL_CHARACTERS
from s1m.types import Problem

MAX_TOKENS = 128
"""Of a reply, which is an answer and nothing else."""

INSTRUCTION = """\
Below are a question and a response to it. Copy out the final answer that the response commits to.

- Reply with that answer alone, on one line, as short as it can be said: a number, a few words, a list, a formula.
- If the question offers choices, reply with the letter of the choice that the response means.
- Do not answer the question yourself. Do not correct or complete the response, even where it is wrong.
- If the response commits to no answer, or to more than one, reply NONE.
"""

_NONE = re.compile(r"[\W_]*none[\W_]*", re.IGNORECASE)


def prompt_for(problem: Problem, response: str) -> str:
    """What the judge is asked: the question, its choices, and the last ``TAIL_CHARACTERS`` of the response."""
    question = problem.question
    if not all(choice in question for choice in problem.choices):
        question += f"\n{lettered(problem.choices, '({letter}) {choice}')}"
    return (
        f"{INSTRUCTION}\n<question>\n{question}\n</question>\n\n"
        f"<response>\n{response[-TAIL_CHARACTERS:]}\n</response>\n\nFinal answer of the response, or NONE:"
    )


def chat_request(model: str, prompt: str) -> dict[str, Any]:
    """The body of the request, with no field beyond OpenAI's own: greedy, short, always with the same seed."""
    return {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": MAX_TOKENS,
        "temperature": 0.0,
        "seed": 0,
    }


def read_extraction(body: bytes) -> str | None:
    """The answer that the judge copied out, None where it says that there is none: the first line of its reply.

    Raises ``Unreadable`` for a reply that is none, ``EngineError`` for one that is empty or was cut within that line.
    """
    reply = decode(body, Reply)
    if not reply.choices:
        raise Unreadable("the reply has no choices")
    choice = reply.choices[0]
    if choice.finish_reason not in ("stop", "length"):
        raise Unreadable(f"the server broke off (finish_reason {choice.finish_reason})")
    said, line_break, _ = after_thinking(choice.message.content or "").strip().partition("\n")
    if choice.finish_reason == "length" and not line_break:
        raise EngineError(
            f"the judge did not come to an end within {MAX_TOKENS} tokens; one that thinks first cannot judge"
        )
    if not said.strip():
        raise EngineError("the judge said nothing")
    return None if _NONE.fullmatch(said) else said.strip()
