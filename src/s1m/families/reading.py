r"""What a chat template says about thinking, found by rendering it: no model's name is needed, and no text is searched.

Some templates build their delimiters in macros or by ``format``, so their source does not hold them. What is rendered
does: a conversation whose thinking, answer and question are words that occur nowhere else shows what stands between
them; and the generation prompts with thinking on and off show what a template adds by itself.

    <|im_start|>assistant\n   <think>\n   THOUGHT   \n</think>\n\n   ANSWER   <|im_end|>
    header                    opening               closing
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, Literal

from s1m.errors import DataError
from s1m.families.template import Message, Renders
from s1m.families.thinking import THINKING_DELIMITERS, Delimiters

State = Literal["opened", "closed", "left to the model"]
"""What the generation prompt does about thinking: begins it, ends an empty one (thinking is off), or neither."""

SWITCHES: tuple[Mapping[str, Any], ...] = ({"enable_thinking": True}, {"thinking": True}, {"reasoning_effort": "high"})
"""Options that switch thinking on: the first in nearly all templates, the second in Kimi's and DeepSeek's."""
OFF: tuple[Mapping[str, Any], ...] = ({"enable_thinking": False}, {"thinking": False})
"""Options that switch it off."""

# No template spells them, and none of them is part of another.
QUESTION, THOUGHT, ANSWER = "Qx7q", "Tx7t", "Ax7a"
LAST_TAG = re.compile(
    r"""
    (?: <[^<>\s]+> (?P<word>\w+) )?                         # <|open|>think  of <|open|>think<|sep|>
    (?P<tag> < [^<>\s]+ > | \[ [^\[\]\s]+ \] | ◁ [^◁▷\s]+ ▷ )  # <think>; [THINK]; ◁think▷
    (?P<space> \s* ) \Z
    """,
    re.VERBOSE,
)
FIRST_TAG = re.compile(
    r"""
    (?P<tag> < [^<>\s]+ > | \[ [^\[\]\s]+ \] | ◁ [^◁▷\s]+ ▷ )  # </think>; [/THINK]; ◁/think▷
    (?P<named> \w+ <[^<>\s]+> )?                            # think<|sep|>  of <|close|>think<|sep|>
    """,
    re.VERBOSE,
)
EMPTY_THOUGHT = re.compile(
    r"""
    \s* ( <[^<>\s]+> | \[[^\[\]\s]+\] )     # <think>; [THINK]
    (\s*) ( <[^<>\s]+> | \[[^\[\]\s]+\] )   # </think>; [/THINK], a line break or two between them
    \s*
    """,
    re.VERBOSE,
)
"""What a template adds when thinking is switched off: both tags with nothing in between."""
SPELLED_PARTS = re.compile(r"""['"]type['"]:\s*['"]""")
"""Of ``[{'type': 'text', 'text': 'Hello'}]``, printed into a prompt by a template that takes a plain text."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a template does about thinking."""

    delimiters: Delimiters | None
    """None: the template knows no thinking."""
    line_break: str = ""
    """What stands between the opening delimiter and the first word."""
    state: State = "left to the model"
    switch: Mapping[str, Any] = field(default_factory=dict)
    """What to give the template so that it does not end thinking before it begins, where it does by default."""
    keeps_earlier: bool = True
    """Whether thinking of earlier turns stays in the conversation."""

    @property
    def opening(self) -> str:
        """The opening delimiter as it is to be written, its line break included; empty where none is known."""
        return "" if self.delimiters is None else self.delimiters.opening + self.line_break


def read_template(template: Renders) -> Reading:
    """What the template does about thinking with the options it has. Raises ``DataError`` when it renders nothing."""
    prompts = _prompts(template)
    turns = list(_turns(template))
    pair = _from_turns(turns, prompts) or _from_prompts(template, prompts) or _from_instructions(template)
    if pair is None:
        return Reading(delimiters=None)
    delimiters, line_break = pair
    state = _state(prompts[0], delimiters)
    return Reading(
        delimiters=delimiters,
        line_break=line_break,
        state=state,
        switch=_switch(template, delimiters) if state == "closed" else {},
        keeps_earlier=_keeps_earlier(template, delimiters),
    )


def _prompts(template: Renders) -> list[str]:
    """What follows the question in generation prompts: as the template has it by default first, then switched."""
    user = {"role": "user", "content": QUESTION}
    prompts = [_after_question(template.render([user], generation=True))]
    for options in (*SWITCHES, *OFF):
        with suppress(DataError):
            prompts.append(_after_question(template.render([user], generation=True, **options)))
    return prompts


def _thinking_turns() -> Iterator[Message]:
    """An assistant's turn with thinking, in every form that templates take it in."""
    for key in ("reasoning_content", "reasoning", "thinking", "thought"):
        yield {"role": "assistant", "content": ANSWER, key: THOUGHT}
    for kind in ("thinking", "reasoning"):
        parts = [{"type": kind, kind: THOUGHT}, {"type": "text", "text": ANSWER}]
        yield {"role": "assistant", "content": parts}
    blocks = [{"type": "thoughts", "text": THOUGHT}, {"type": "response", "text": ANSWER}]
    yield {"role": "assistant", "content": {"blocks": blocks}}  # Apertus


def _turns(template: Renders) -> Iterator[tuple[str, str]]:
    """Between question and thinking, and between thinking and answer, wherever a template shows all three."""
    for turn in _thinking_turns():
        with suppress(DataError):
            text = _after_question(template.render([{"role": "user", "content": QUESTION}, turn]))
            before, shown, rest = text.partition(THOUGHT)
            between, answered, _ = rest.partition(ANSWER)
            printed = SPELLED_PARTS.search(before)  # the template takes text alone and prints the parts as code
            if shown and answered and between.strip() and not printed:
                yield before, between


def _from_turns(turns: Iterable[tuple[str, str]], prompts: list[str]) -> tuple[Delimiters, str] | None:
    """The delimiters of a turn that shows its thinking, and the space after the opening one."""
    for before, between in turns:
        opening, line_break = _opening(before, between, prompts)
        return Delimiters(opening, _closing(between.strip(), opening)), line_break
    return None


def _opening(before: str, between: str, prompts: list[str]) -> tuple[str, str]:
    """The opening delimiter at the end of what stands between question and thinking, and the space after it."""
    headers = [prompt for prompt in prompts if before.startswith(prompt) and before[len(prompt) :].strip()]
    if headers:
        return _split(before[len(max(headers, key=len)) :])
    for known in THINKING_DELIMITERS:
        if before.rstrip().endswith(known.opening):
            return known.opening, _trailing_space(before)
    for prompt in prompts:  # an opening that stands in the generation prompt alone, as in Apriel's
        if prompt.startswith(before) and prompt[len(before) :].strip() not in ("", between.strip()):
            return _split(prompt[len(before) :])
    tag = LAST_TAG.search(before)
    if tag is None:
        return _split(before)
    named = tag["word"] and tag["word"] in between
    return (tag[0] if named else tag["tag"]).strip(), tag["space"]


def _closing(between: str, opening: str) -> str:
    """What ends thinking, of all that stands between it and the answer, which may have an opening of its own.

    A tag that names what the opening names ends it: ``<|END_THINKING|>`` of ``<|END_THINKING|><|START_TEXT|>``.
    Without one the whole is needed to get from thinking to answer: ``<|end|>`` alone ends every message of gpt-oss.
    """
    first = FIRST_TAG.match(between)
    for word in re.findall(r"[^\W_]{4,}", opening):
        if first and word in first["tag"]:
            return first["tag"]
        if first and first["named"] and first["named"].startswith(word):
            return first[0]
    return between


def _from_prompts(template: Renders, prompts: list[str]) -> tuple[Delimiters, str] | None:
    """The delimiters that the template writes by itself: of an empty thought, or at the end of a generation prompt."""
    texts = [*prompts, *_headers(template)]
    for known in THINKING_DELIMITERS:
        begun = [text for text in texts if text.rstrip().endswith(known.opening)]
        if begun:
            return known, "\n" if begun[0].endswith("\n") else ""
        if any(text.rstrip().endswith(known.closing) for text in texts):
            breaks = any(known.opening_line in text for text in texts)
            return known, "\n" if breaks else ""
    added = {longer[len(shorter) :] for shorter, longer in permutations(texts, 2) if longer.startswith(shorter)}
    for text in sorted(added, key=len, reverse=True):
        pair = EMPTY_THOUGHT.fullmatch(text)
        if pair:
            return Delimiters(pair[1], pair[3]), "\n" if "\n" in pair[2] else ""
    return None


def _from_instructions(template: Renders) -> tuple[Delimiters, str] | None:
    """The delimiters that a template asks for in words before the question, where thinking is switched on (Granite)."""
    user = {"role": "user", "content": QUESTION}
    for options in SWITCHES:
        with suppress(DataError):
            asked = template.render([user], generation=True, **options).partition(QUESTION)[0]
            for known in THINKING_DELIMITERS:
                if known.opening in asked and known.closing in asked:
                    return known, ""
    return None


def _headers(template: Renders) -> Iterator[str]:
    """What stands between a question and its answer, in the last turn and in one before it."""
    user, answered = {"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}
    for conversation in ([user, answered], [user, answered, user]):
        with suppress(DataError):
            yield _after_question(template.render(conversation)).partition(ANSWER)[0]


def _state(prompt: str, delimiters: Delimiters) -> State:
    ends = prompt.rstrip()
    if ends.endswith(delimiters.closing):
        return "closed"
    return "opened" if ends.endswith(delimiters.opening) else "left to the model"


def _switch(template: Renders, delimiters: Delimiters) -> Mapping[str, Any]:
    """The first switch with which the generation prompt no longer ends thinking; none where there is none."""
    user = {"role": "user", "content": QUESTION}
    for switch in SWITCHES:
        with suppress(DataError):
            prompt = _after_question(template.render([user], generation=True, **switch))
            if _state(prompt, delimiters) != "closed":
                return switch
    return {}


def _keeps_earlier(template: Renders, delimiters: Delimiters) -> bool:
    """Whether the thinking of an earlier turn stays there, given beside the answer or, failing that, within it."""
    for options in ({}, *SWITCHES):  # some show thinking only where it is switched on
        beside = [kept for turn in _thinking_turns() for kept in _kept(template, turn, options)]
        if beside:
            return all(beside)
    if any(delimiters.closing in header for header in _headers(template)):
        return False  # an empty thought is written in its place
    written = {"role": "assistant", "content": delimiters.around(THOUGHT, ANSWER)}
    return any(_kept(template, written, {}))


def _kept(template: Renders, turn: Message, options: Mapping[str, Any]) -> Iterator[bool]:
    """Whether the thinking of a turn is there once another question follows; nothing if the turn never shows it."""
    user = {"role": "user", "content": QUESTION}
    with suppress(DataError):
        shown = template.render([user, turn], **options)
        if THOUGHT in shown and not SPELLED_PARTS.search(shown):
            yield THOUGHT in template.render([user, turn, user], generation=True, **options)


def _after_question(text: str) -> str:
    """What follows the first question. Raises ``DataError`` where the template leaves it out."""
    _, there, rest = text.partition(QUESTION)
    if not there:
        raise DataError("the chat template leaves out the question")
    return rest


def _split(added: str) -> tuple[str, str]:
    """A delimiter and the space after it."""
    return added.strip(), _trailing_space(added)


def _trailing_space(text: str) -> str:
    return text[len(text.rstrip()) :]
