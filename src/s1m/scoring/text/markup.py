r"""Decide what of a response is its answer: everything else is removed here, once, before any reader sees the text.

    "<think>maybe (A)</think>B<|im_end|>"               "B"      thinking and end-of-turn marks
    "<think>The answer is B. But wait"                  ""       thinking that never closed commits to nothing
    "maybe (A)</think>B"                                "B"      the chat template opened the thinking
    "<|begin_of_box|>B<|end_of_box|>"                   "⟪B⟫"    wrappers become one pair of marks
    "<Thought process>: <<...>> <Answer>: <<B>>"        "⟪B⟫"    the format that We-Math's prompt asks for
    r"12 + 30 = 42\n\nAnswer: 42"                       line breaks written as two characters become line breaks

The delimiters themselves are listed in ``s1m.families``.
"""

from __future__ import annotations

import re

from s1m.families import ANSWER_WRAPPERS, END_OF_TURN_MARKS, THINKING_DELIMITERS, closing_pattern
from s1m.scoring.text.bounds import shortened, tail
from s1m.scoring.text.plain import with_boxes, with_plain_signs

ANSWER_OPENS, ANSWER_CLOSES = "⟪", "⟫"
"""What stands for ``<answer>``, ``<|begin_of_box|>`` and the like, and for what closes them."""

_NEEDLES = ("think", "thought", "reasoning", "analysis", "channel|>")
_OPENING = re.compile("|".join(re.escape(each.opening) for each in THINKING_DELIMITERS), re.IGNORECASE)
_CLOSING = closing_pattern()
_DELIMITER = re.compile(f"(?P<opens>{_OPENING.pattern})|{_CLOSING.pattern}", re.IGNORECASE)

_STRIKE_CLOSES = "</s>"
"""The end-of-turn mark of Llama 2 and Mistral; in a text that has ``<s>`` it closes a stretch that is struck out."""
_END_OF_TURN = re.compile("|".join(re.escape(mark) for mark in END_OF_TURN_MARKS if mark != _STRIKE_CLOSES))

_LATEX_COMMANDS = (
    "abla|atural|e|eg|eq|equiv|earrow|ewline|exists|geq?|geqslant|gtr|i|leq?|leqslant|less|mid|obreak|olimits|onumber|"
    "ormalsize|ot|otag|otin|parallel|prec|preceq|sim|sub|subseteq|succ|succeq|supseteq|triangleleft|triangleright|u|"
    "warrow|Leftarrow|Leftrightarrow|Rightarrow|VDash|Vdash|vDash|vdash|cong|rightarrow|leftarrow|leftrightarrow"
)
_WRITTEN_LINE_BREAK = re.compile(rf"(?<!\\)(?:\\r)?\\n(?!(?:{_LATEX_COMMANDS})(?![a-zA-Z]))")
r"""``\n`` as two characters, but neither ``\neq`` nor the end of a row of a matrix, ``\\n``."""

_SPECIAL_TOKEN = re.compile(
    r"""
      <\|[a-zA-Z_]{1,20}\|?>(?:assistant\b:?)?                    # <|im_start|>assistant
    | <(?:turn\||end_of_turn|start_of_turn|eos|bos|pad)>          # <turn|>
    | <｜[^<>｜]{1,40}｜>                                          # <｜end▁of▁sentence｜>
    | </?(?:s|b|i|u|p|br|strong|em|span|center)\s?/?>             # <b>, </s>, <br/>
    | \[/?(?:INST|EOS)\]                                          # [/INST]
    """,
    re.VERBOSE,
)

_THOUGHT_LABEL = re.compile(r"<{1,2}\s?thoughts?(?:\s?process)?\s?>{1,2}\s?[:：]?\s*", re.IGNORECASE)
_ANSWER_LABEL = re.compile(
    r"""
      <{1,2}\s?(?:final\s|your\s)?answer\s?>{1,2}\s?[:：]\s*    # <Answer>: <<B>>
    | <<\s?answer\s?>>\s*                                      # <<Answer>> B
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CALCULATION = re.compile(r"<<[^<>\n]{1,100}=[^<>\n]{1,100}>>(?=\s?[\d.$-])")
"""An annotation as in ``48/2 = <<48/2=24>>24``: what a calculator was asked, not what is answered."""
_ANGLES = re.compile(r"<<([^<>\n]{0,300})>>")
_OPEN_ANGLES = re.compile(r"(?:^|(?<=[:：\s]))<<(?=[^<>]{0,300}\Z)")
_NAMED_WRAPPERS = tuple(wrapper for wrapper in ANSWER_WRAPPERS if wrapper.opening != "<<")
_OPEN_WRAPPER = re.compile("|".join(re.escape(wrapper.opening) for wrapper in _NAMED_WRAPPERS), re.IGNORECASE)
_CLOSE_WRAPPER = re.compile("|".join(re.escape(wrapper.closing) for wrapper in _NAMED_WRAPPERS), re.IGNORECASE)


def answer_part(text: str) -> str:
    r"""The answer in a response: no thinking, no marks of a turn, at most the last ``TAIL_CHARACTERS`` of it.

    Answer wrappers are written ``⟪...⟫`` and ``\boxed{...}`` is written ``⟦...⟧``; other LaTeX and Markdown stay.
    """
    text = first_turn(without_thinking(shortened(text)))
    text = _WRITTEN_LINE_BREAK.sub("\n", text) if r"\n" in text else text
    text = _with_answer_marks(text) if "<" in text else text
    text = tail(with_plain_signs(_SPECIAL_TOKEN.sub(" ", text)))
    return with_boxes(text.strip())


def without_thinking(text: str) -> str:
    """``text`` without its thinking, in the delimiters of any family.

    Thinking that never closes goes to the end of the text. Where a delimiter closes what was not opened, the chat
    template opened it: what stands before is thinking. An opening delimiter within thinking counts for nothing (GLM-V
    writes ``<think><think>``), and neither does a closing one after the answer (Qwen3.5 may repeat it there).
    """
    lowered = text.lower()
    if not any(needle in lowered for needle in _NEEDLES):
        return text
    delimiters = list(_DELIMITER.finditer(text))
    while len(delimiters) > 1 and not any(each["opens"] for each in delimiters[-2:]) and _ends(text, delimiters[-1]):
        text = text[: delimiters.pop().start()]
    kept: list[str] = []
    start, is_thinking = 0, False
    for delimiter in delimiters:
        if delimiter["opens"]:
            if not is_thinking:
                kept.append(text[start : delimiter.start()])
            is_thinking = True
        else:
            if not is_thinking:
                kept.clear()
            is_thinking, start = False, delimiter.end()
    return "".join(kept) + ("" if is_thinking else text[start:])


def _ends(text: str, match: re.Match[str]) -> bool:
    return not text[match.end() :].strip()


def first_turn(text: str) -> str:
    """``text`` up to the mark that ends the model's turn: what follows is another turn, made up or not.

    A mark with nothing before it ends no turn.
    """
    if _STRIKE_CLOSES in text and "<s>" not in text.lstrip().removeprefix("<s>"):
        text = text.replace(_STRIKE_CLOSES, "<eos>")
    start = 0
    for mark in _END_OF_TURN.finditer(text):
        if _SPECIAL_TOKEN.sub("", text[start : mark.start()]).strip():
            return text[: mark.start()]
        start = mark.end()
    return text


def _with_answer_marks(text: str) -> str:
    """``text`` with every answer wrapper written as one pair of marks."""
    text = _without_template(text)
    if "<<" in text:
        text = _OPEN_ANGLES.sub("", _ANGLES.sub(r" \1 ", _CALCULATION.sub("", text)))
    return _CLOSE_WRAPPER.sub(ANSWER_CLOSES, _OPEN_WRAPPER.sub(ANSWER_OPENS, text))


def _without_template(text: str) -> str:
    """``text`` without the thought of We-Math's template; its last answer between answer marks."""
    thought = _THOUGHT_LABEL.search(text)
    labels = [] if "</answer>" in text.lower() else list(_ANSWER_LABEL.finditer(text))
    if labels:
        before = text[: min(thought.start() if thought else labels[0].start(), labels[0].start())]
        return f"{before}\n{_labelled_answer(text[labels[-1].end() :])}"
    if thought is None:
        return text
    if not text.startswith("<<", thought.end()):
        return text[: thought.start()] + text[thought.end() :]
    end = text.find(">>", thought.end())  # a thought that never closes goes to the end
    return text[: thought.start()] + (text[end + 2 :] if end >= 0 else "")


def _labelled_answer(text: str) -> str:
    """What follows ``<Answer>:`` with the answer between marks, whether it stands in ``<<B>>``, ``<B>`` or alone."""
    brackets = "<<" if text.startswith("<<") else "<" if text.startswith("<") else ""
    line = text.split("\n", 1)[0]
    if not brackets:
        return f"{ANSWER_OPENS}{line.strip()}{ANSWER_CLOSES}{text[len(line) :]}"
    inside, _, after = text[len(brackets) :].partition(">" * len(brackets))
    return f"{ANSWER_OPENS}{inside.strip()}{ANSWER_CLOSES}{after}"
