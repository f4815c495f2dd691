"""Rows of one question and one response in columns of their own.

{"prompt": "How many?", "response": "<think>I count.</think>3"}                  S1-M; also completion
{"prompt": [{"role": "user", ...}], "completion": [{"role": "assistant", ...}]}  TRL
{"problem": "How many?", "solution": "3", "thinking": "I count."}                R1-style sets
{"instruction": "Count.", "input": "a b c", "output": "3", "history": [[q, a]]}  Alpaca, LLaMA-Factory
{"question": ..., "deepseek_thinking_trajectory": ..., "deepseek_attempt": ...}  s1K
{"prompt": [{"role": "user", ...}], "chosen": [...], "rejected": [...]}          TRL's preferences, one side
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from s1m.datasets.example import Unusable
from s1m.datasets.formats.chat import has_roles, read_turns
from s1m.datasets.formats.draft import Role, Row, Utterance
from s1m.datasets.formats.parts import read_content
from s1m.datasets.formats.thinking import flattened
from s1m.files.paths import Roots


@dataclass(frozen=True)
class Pair:
    """Reads a question and a response by the names of their columns; ``thinking`` may have one of its own."""

    question: str
    response: str
    thinking: str = ""

    def __call__(self, row: Row, roots: Roots) -> list[Utterance]:
        """What both sides say."""
        asked = said_by("user", row.get(self.question), roots)
        *before, last = said_by("assistant", row.get(self.response), roots)
        if self.thinking:
            last = replace(last, thinking=flattened(row.get(self.thinking)))
        return [*asked, *before, last]


def instruction(row: Row, roots: Roots) -> list[Utterance]:
    """What both sides say: turns of ``history``, then ``instruction`` with ``input`` beneath it, and the output."""
    history = row.get("history") or []
    if not isinstance(history, list) or any(not isinstance(pair, list) or len(pair) != 2 for pair in history):
        raise Unusable("no conversation", "its history is not a list of pairs")
    texts = "\n".join(text for name in ("instruction", "input") if isinstance(text := row.get(name), str) and text)
    question = texts or row.get("instruction")
    response = row.get("output") if "output" in row else row.get("response")
    pairs = [*history, [question, response]]
    return [
        said for pair in pairs for role, text in zip(SIDES, pair, strict=True) for said in said_by(role, text, roots)
    ]


SIDES: tuple[Role, Role] = ("user", "assistant")


def said_by(role: Role, value: object, roots: Roots) -> list[Utterance]:
    """What a column says for one side: a text, a list of typed parts, or whole turns with roles of their own."""
    turns = [value] if isinstance(value, Mapping) else value
    if has_roles(turns):
        return read_turns(turns, roots)
    content, thinking = read_content(value, roots, markers=role == "user")
    if role == "user" and thinking:
        raise Unusable("thinking outside a response", "among the parts of the question")
    if role == "assistant" and any(not isinstance(piece, str) for piece in content):
        raise Unusable("an image outside a question", "among the parts of the response")
    return [Utterance(role=role, content=content, thinking=thinking)]


Reader = Callable[[Row, Roots], list[Utterance]]
