"""Decide how a choice and a yes or no are read, and which reader serves which kind of answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from s1m.scoring.readers.choices import OfferedChoices, letter_of
from s1m.scoring.readers.numbers import NumberReader
from s1m.scoring.readers.phrases import ExpressionReader, ListReader, TextReader
from s1m.scoring.readers.reader import Reader
from s1m.scoring.readers.restated import affirmed, woven
from s1m.scoring.readers.statements import before_reasons

_REASONING = re.compile(r"\b(?:because|since|wrong|incorrect|not|cannot|can't|n't|too|but)\b", re.IGNORECASE)
"""Words of sentences that speak of choices without choosing them."""

_DENYING = re.compile(
    r"""^[^,.;:]{1,60}?(?:
      \b(?:is|are|was|were|seems|looks)\s(?:clearly\s|also\s|obviously\s)?
        (?:not|wrong|incorrect|too|false|impossible|out)\b    # B is clearly wrong
    | n't\b                                                   # B doesn't
    | \bcannot\b                                              # B cannot be
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""How a sentence begins that says what the answer is not."""


class ChoiceReader(Reader):
    """Reads the letter of a choice."""

    chooses = True

    def __init__(self, choices: Sequence[str], question: str) -> None:
        self.choices = OfferedChoices(choices)
        self.numbers = NumberReader(integer=False)
        self.question = question
        self.yes_no = {word: letter_of(index) for index, word in enumerate(self.choices.flat) if word in ("yes", "no")}

    def whole(self, text: str) -> str | None:
        """All of a text, when it is an answer and nothing else."""
        return self.choices.line(text) if len(text) < 400 else None

    def stated(self, span: str) -> str | None:
        """The answer in a span that is said to be one."""
        span = span.strip()
        if parsed := self.choices.opening(span):
            return parsed
        reasoned = before_reasons(span)
        letters = set(self.choices.lettered(reasoned))
        if len(letters) == 1:
            return letters.pop()
        named = set(self.choices.mentioned(reasoned))
        if len(named) == 1 and not letters:
            return named.pop()
        return None if letters or named else self.choices.last_value(reasoned)

    def torn(self, span: str) -> bool:
        """Whether the span names several choices by letter."""
        return self.choices.opening(span.strip()) is None and len(set(self.choices.several(before_reasons(span)))) > 1

    def opening(self, sentences: Sequence[str]) -> str | None:
        """The answer that a text begins with."""
        first = sentences[0] if sentences else ""
        parsed = None if _DENYING.search(first) else self.choices.opening(first)
        if parsed is None:
            return None
        others = [sentence for sentence in sentences[1:] if not _REASONING.search(sentence)]
        later = {letter for sentence in others for letter in self.choices.lettered(sentence)}
        return None if later - {parsed} else parsed

    def restated(self, sentences: Sequence[str]) -> str | None:
        """The answer given by saying the question's or a choice's own words."""
        if len(self.yes_no) == 2:
            said = {affirmed(self.question, sentence) for sentence in sentences} - {None}
            return self.yes_no["yes" if said.pop() else "no"] if len(said) == 1 else None
        woven_in = [
            letter_of(index)
            for index, choice in enumerate(self.choices.texts)
            if any(woven(choice, sentence) for sentence in sentences)
        ]
        return woven_in[0] if len(woven_in) == 1 else None

    def concluded(self, sentence: str) -> str | None:
        """The answer that a sentence comes to."""
        if letters := self.choices.lettered(sentence):
            return None if len(set(self.choices.several(sentence))) > 1 else letters[-1]
        if parsed := self.choices.ending(sentence) or self.choices.said(sentence):
            return parsed
        if self.choices.numeric:
            number = self.numbers.concluded(sentence)
            return self.choices.by_value(number) if number else None
        named = self.choices.mentioned(before_reasons(sentence)) or self.choices.mentioned(sentence)
        if len(set(named)) == 1:
            return named[0]
        return None if named else self.choices.last_value(sentence)

    def overruling(self, sentence: str) -> str | None:
        """The letter in a concluding sentence: a value that was worked out does not outweigh a letter stated before."""
        letters = self.choices.lettered(sentence)
        return letters[-1] if len(set(letters)) == 1 else self.choices.ending(sentence)


class YesNoReader(Reader):
    """Reads "Yes" or "No", also where they are said as "true" or "false"."""

    # A stop must follow: "No, it is" answers, "No animal is" goes on to say something else.
    _WORD = re.compile(
        r"""[\s\"'(*]*(?:
          (yes|true|correct)       # Yes.
        | (no|false|incorrect)     # **No**, it
        )(?=[\s\"'*]*(?:[.,;:!)\-\n]|$))""",
        re.IGNORECASE | re.VERBOSE,
    )
    # Without "correct": at the end of a sentence it speaks of a statement, as in "the claim is not correct".
    _END = re.compile(r"(?<!\byes and )\b(?:(yes|true)|(no|false))[\s\"'.!*)]*$", re.IGNORECASE)

    def __init__(self, question: str) -> None:
        self.question = question

    def whole(self, text: str) -> str | None:
        """All of a text, when it is an answer and nothing else."""
        match = self._WORD.match(text)
        return self._said(match) if match and len(text) < match.end() + 4 else None

    def stated(self, span: str) -> str | None:
        """The answer in a span that is said to be one."""
        return self._said(self._WORD.match(span) or self._END.search(before_reasons(span)[:400]))

    def opening(self, sentences: Sequence[str]) -> str | None:
        """The answer that a text begins with."""
        return self._said(self._WORD.match(sentences[0])) if sentences else None

    def restated(self, sentences: Sequence[str]) -> str | None:
        """The answer given by saying the question's or a choice's own words."""
        said = {affirmed(self.question, sentence) for sentence in sentences} - {None}
        return ("Yes" if said.pop() else "No") if len(said) == 1 else None

    def concluded(self, sentence: str) -> str | None:
        """The answer that a sentence comes to."""
        return self._said(self._WORD.match(sentence) or self._END.search(sentence[-30:]))

    @staticmethod
    def _said(match: re.Match[str] | None) -> str | None:
        return None if match is None else "Yes" if match[1] else "No"


def reader_of(kind: str, choices: Sequence[str], question: str) -> Reader:
    """The reader for a kind of answer."""
    if kind == "choice":
        return ChoiceReader(choices, question)
    if kind == "yes_no":
        return YesNoReader(question)
    if kind == "list":
        return ListReader()
    if kind == "text":
        return TextReader()
    return ExpressionReader() if kind == "expression" else NumberReader(integer=kind == "integer")
