"""Judge answers as MMMU's own scorer does (MMMU-Benchmark/MMMU, mmmu/utils/eval_utils.py), and as MMMU-Pro's does.

The official parser takes the last choice that is named in brackets, else alone, else (in answers of more than five
words) by its text; where it finds none it draws one at random. Here the draw depends on the problem's id alone, so
that it is the same in every run, and it is told apart: ``Parsed.guess``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from s1m.scoring.text.bounds import official_part

SEED = 42
_INDICATORS = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),  # 1,234
    re.compile(r"-?(?<!\d)\d++(?:\.\d++)?[eE][+-]?\d+"),  # 1.5e-3
    re.compile(
        r"""-?(?:
          (?<!\d)\d++\.\d++    # 3.5
        | \.\d++               # .5
        | (?<!\d)\d++\b        # 7; not the 1 of 1,234 and not the 1.5 of 1.5e-3, which the patterns above read
        )(?![eE][+-]?\d+)(?![,\d])""",
        re.VERBOSE,
    ),
)
"""The official patterns, written so that they never look at a digit twice: a model may answer thousands of zeros."""
_SENTENCES = re.compile(
    r"""
      \.\s(?=[A-Z])    # It is. So
    | \n               # a line break
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """The letter that the official parser takes for the answer, and whether it was drawn at random."""

    letter: str
    guess: bool = False


def parse_choice(response: str, choices: Mapping[str, str], draw: str) -> Parsed:
    """The official reading of a response to a question with ``choices`` by letter; ``draw`` seeds the random one."""
    response = _padded(official_part(response))
    for form in ("({})", " {} "):
        if parsed := _last({letter: response.rfind(form.format(letter)) for letter in choices}):
            return Parsed(letter=parsed)
    return _by_text(response, choices, draw)


def parse_pro(response: str, choices: Mapping[str, str], draw: str) -> Parsed:
    """MMMU-Pro's reading: the only letter after the last "Answer:", else much as ``parse_choice``."""
    response = official_part(response)
    _, cue, after = response.rpartition("Answer:")
    named = [letter for letter in choices if letter in after.strip()] if cue else []
    if len(named) == 1:
        return Parsed(letter=named[0])
    response = _padded(response)
    if parsed := _last({letter: response.rfind(f"({letter})") for letter in choices}):
        return Parsed(letter=parsed)
    for form in ("{} ", "{}."):
        named = [letter for letter in choices if form.format(letter) in response]
        if named:  # the last that stands alone; the first where none does
            return Parsed(letter=max(named, key=lambda letter: response.rfind(f" {letter} ")))
    return _by_text(response, choices, draw)


def _padded(response: str) -> str:
    for mark in (",", ".", "!", "?", ";", ":", "'"):
        response = response.strip(mark)
    return f" {response} "


def _by_text(response: str, choices: Mapping[str, str], draw: str) -> Parsed:
    if len(response.split()) > 5:
        lowered = response.lower()
        if parsed := _last({letter: lowered.rfind(text.lower()) for letter, text in choices.items()}):
            return Parsed(letter=parsed)
    return Parsed(letter=random.Random(f"{SEED} {draw}").choice(sorted(choices)), guess=True)


def _last(positions: Mapping[str, int]) -> str | None:
    """The letter that stands last; of two at the same place the first, as in the original."""
    letter = max(positions, key=lambda letter: positions[letter], default=None)
    return letter if letter is not None and positions[letter] >= 0 else None


def open_is_right(response: str, golds: Sequence[str]) -> bool:
    """The official verdict on an open question: a number of the response is a gold one, or it holds a gold text."""
    response = official_part(response)
    wanted = [form for gold in golds for form in _forms(gold)]
    for part in _key_parts(response):
        for said in [form for text in (part, *_numbers(part)) for form in _forms(text)]:
            if isinstance(said, float):
                if said in wanted:
                    return True
            elif any(isinstance(text, str) and text in said for text in wanted):
                return True
    return False


def _forms(text: str) -> list[str | float]:
    text = text.strip()
    try:
        return [round(float(text.replace(",", "")), 2)]
    except ValueError:
        lowered = text.lower()
        return [f" {lowered}", f"{lowered} "] if len(lowered) == 1 else [lowered]


def _numbers(text: str) -> list[str]:
    return [number for pattern in _NUMBERS for number in pattern.findall(text)]


def _key_parts(response: str) -> list[str]:
    """The shortest ends of sentences after words such as "is" or "therefore"; the whole response without any."""
    response = response.strip().strip(".").lower()
    sentences = _SENTENCES.split(response)
    parts = []
    for number, sentence in enumerate(sentences, start=1):
        indicators = (*_INDICATORS, "=") if number == len(sentences) else _INDICATORS
        shortest = ""
        for end in (sentence.split(indicator)[-1].strip() for indicator in indicators if indicator in sentence):
            if not shortest or len(end) < len(shortest):
                shortest = end
        if shortest and shortest not in (":", ",", ".", "!", "?", ";", "'"):
            parts.append(shortest)
    return parts or [response]
