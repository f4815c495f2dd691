"""The prompt of a judge, and how its reply is read: it copies out an answer and never sees the gold answer.

The question goes as the model under test got it; choices that it had to read off a picture are written out. Of the
response goes only the end.
"""

from __future__ import annotations

import re
from typing import Any

from s1m.benchmarks.reading.row import lettered
from s1m.engines.chat.reply import read_reply
from s1m.errors import EngineError
from s1m.families import after_thinking
from s1m.scoring.text.bounds import TAIL_CHARACTERS
from s1m.types import Problem

MAX_TOKENS = 128
"""Longest reply: an answer and nothing else. A judge that explains after its first line is cut, which does no harm."""

INSTRUCTION = """\
Below are a question and a response to it. Copy out the final answer that the response commits to.

- Reply with that answer alone, on one line, as short as it can be said: a number, a few words, a list, a formula.
- If the question offers choices, reply with the letter of the choice that the response means.
- Do not answer the question yourself. Do not correct or complete the response, even where it is wrong.
- If the response commits to no answer, or to more than one, reply NONE.
"""

_NONE = re.compile(r"[\W_]*none[\W_]*", re.IGNORECASE)  # "NONE", "**None.**"


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

    Raises ``Unreadable`` for a broken reply, ``EngineError`` for one that is empty or was cut within that line.
    """
    written = read_reply(body)
    first_line, line_break, _ = after_thinking(written.text).strip().partition("\n")
    # A reply that was cut after its first line has said all that is read of it.
    if written.ending == "length" and not line_break:
        raise EngineError(f"the judge did not end within {MAX_TOKENS} tokens; use a model that does not think first")
    if not first_line.strip():
        raise EngineError("the judge wrote nothing")
    return None if _NONE.fullmatch(first_line) else first_line.strip()
