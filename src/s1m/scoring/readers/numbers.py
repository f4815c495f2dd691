"""Decide which number of a statement or of a sentence is its answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from s1m.scoring.readers.reader import Reader
from s1m.scoring.readers.statements import before_reasons
from s1m.scoring.text.markup import answer_part
from s1m.scoring.text.quantity import NUMBER_WORD, Quantity, joined, number_in_words, quantities, worth

# All of these are searched in the text before a number, so each ends in $: it must lead right up to it.
_EQUALS = re.compile(r"[=≈≃]\s*(?:about|approximately)?\s*[(\[]?\s*$")
_IS = re.compile(
    r"""
      \b(?:is|are|was|were|equals?|be|becomes|has|have|get|gets|gives?|costs?|shows?|
        needs?|totals?|to|there\sare|there\sis|为|是)\s(?:(?:only|about|approximately|
        exactly|roughly|around|now|therefore|thus|also|still|equal\sto|a\stotal\sof|
        just|actually|the|number|a|an)\s){0,3}[($\[]?$                # there are only 7
    | [为是有]\s?$                                                       # 共有7
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NEGATED = re.compile(
    r"""(?:
      \bnot|n't                   # there are not 7
    | \bthan|\binstead\sof        # rather than the 7
    )\s(?:\w{1,12}\s)?$""",
    re.VERBOSE,
)
_OPERAND = re.compile(r"[\w)]\s?[-+*/×·^]\s?$")
_COMPARED = re.compile(
    r"""
      \b(?:less|more|greater|fewer|higher|lower|larger|smaller|other|rather)\sthan\s\$?$  # fewer than 7
    | \b(?:below|above|under|at\sleast|at\smost|up\sto|between|between\s\$?[\d.,]{1,12}\s(?:and|
        to))\s\$?$                                                    # between 3 and 7
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BETWEEN = re.compile(r"\bbetween\s\$?$", re.IGNORECASE)
_OR = re.compile(r"[^.,;\d]{0,20}\bor\s(?:about\s)?$")
_THERE = re.compile(
    rf"\bthere\s(?:is|are|were|was|will\sbe|would\sbe)\s(?:only\s|a\stotal\sof\s)?({NUMBER_WORD})\b", re.IGNORECASE
)
_THERE_NO = re.compile(
    r"\bthere\s(?:is|are|was|were)\sno\s(?!way|information|answer|data|need|enough|specific|clear|context|image|mention|doubt)",
    re.IGNORECASE,
)
_WORD = re.compile(rf"(?<![-\w])(?:{NUMBER_WORD})(?![-\w])", re.IGNORECASE)
_IS_WORD = re.compile(
    rf"\b(?:is|are|was|were|has|have|equals|=|shows?)\s(?:only\s|exactly\s|about\s)?({NUMBER_WORD})(?![-\w])",
    re.IGNORECASE,
)

_FILLER = r"(?:(?:only|about|approximately|exactly|now|a|an|the|total|sum|of)\s){0,3}\$?"
_RESULT = re.compile(
    rf"""(?:
      \bi\.?e\.?                                                     # 4 cats and 3 dogs, i.e. 7 animals
    | \b(?:that|which)\s(?:is|makes|gives|leaves|equals|totals)        # 3 rows of 4 chairs, which makes 12
    | \b(?:making|giving|leaving|yielding|totall?ing)                  # 10 minus 3, leaving 7
    | \b(?:adds?\sup|sums?|comes?|amounts?)\sto                        # 4 and 3 add up to 7
    | \bfor                                                            # 4 here and 3 there, for a total of 7
    | ,\s(?:so|hence|thus|therefore|or|altogether|together)             # 4 cats and 3 dogs, so 7 animals
    )[,:]?\s{_FILLER}$""",
    re.IGNORECASE | re.VERBOSE,
)
"""What leads to the result of the numbers before it, of which there must be two: in "5 cm, i.e. 0.05 m" it does not."""
_TOTALLED = re.compile(r"\s(?:[a-z]{1,20}\s){0,3}(?:in\s(?:total|all)|altogether|overall|combined)\b", re.IGNORECASE)
"""7 animals in total"""
_LAST_INTEGER = re.compile(r"(?<![\w.])(?<!\d,)[-+]?\d++(?:,\d++)*+(?![\w]|[.,]\d)")


def last_integer(text: str) -> str | None:
    """The last whole number that stands on its own in an answer, without thousands commas; None if there is none.

    Digits inside words (``B12``) and decimals (``3.5``) are not whole numbers.
    """
    parsed = _LAST_INTEGER.findall(answer_part(text))
    return parsed[-1].replace(",", "") if parsed else None


class NumberReader(Reader):
    """Reads a number, as it was written; "seven" is read as 7."""

    def __init__(self, *, integer: bool) -> None:
        self.integer = integer

    def whole(self, text: str) -> str | None:
        """All of a text, when it is an answer and nothing else."""
        text = joined(text.strip().rstrip("."))
        if len(text) > 80 or not worth(text):
            return None
        parsed = list(quantities(text))
        return parsed[0].text if parsed else str(number_in_words(text))

    def stated(self, span: str) -> str | None:
        """The answer in a span that is said to be one."""
        sentence = before_reasons(span)
        parsed = [
            quantity for quantity in quantities(sentence) if not _OPERAND.search(sentence[: quantity.start][-10:])
        ]
        if not parsed:
            word = _WORD.search(sentence[:80])
            return str(number_in_words(word[0])) if word else None
        equal = [quantity for quantity in parsed if _EQUALS.search(sentence[: quantity.start][-30:])]
        said = [quantity for quantity in parsed if _IS.search(sentence[: quantity.start][-60:])]
        total = [quantity for quantity in parsed if _TOTALLED.match(sentence, quantity.end)]
        first = total[-1] if total else equal[-1] if equal else said[0] if said and parsed[0].start > 12 else parsed[0]
        if _BETWEEN.search(sentence[: first.start]) or _torn(sentence, parsed, first):
            return None
        return first.text

    def torn(self, span: str) -> bool:
        """Whether the span offers two numbers: "3 or 5"."""
        sentence = before_reasons(span)
        parsed = list(quantities(sentence))
        return any(_torn(sentence, parsed, quantity) for quantity in parsed[:1])

    def opening(self, sentences: Sequence[str]) -> str | None:
        """The answer that a text begins with."""
        return self.whole(sentences[0]) if sentences else None

    def concluded(self, sentence: str) -> str | None:
        """The answer that a sentence comes to."""
        if result := _result(sentence):
            return result
        if there := _THERE.search(sentence):
            return str(number_in_words(there[1]))
        if _THERE_NO.search(sentence):
            return "0"
        parsed = [
            quantity
            for quantity in quantities(sentence)
            if not any(
                words.search(sentence[: quantity.start][-30:])
                for words in (_COMPARED, _NEGATED, *(() if "=" in sentence else (_OPERAND,)))
            )
        ]
        for marks in (_EQUALS, _IS):
            said = [quantity for quantity in parsed if marks.search(sentence[: quantity.start][-60:])]
            if said:
                return said[-1].text
        if word := _IS_WORD.search(sentence):
            return str(number_in_words(word[1]))
        return parsed[-1].text if parsed else None


def _torn(sentence: str, parsed: Sequence[Quantity], first: Quantity) -> bool:
    """Whether the statement offers another number of another value: "3 or 5"."""
    after = [quantity for quantity in parsed if quantity.start >= first.end]
    if not after or not _OR.fullmatch(sentence[first.end : after[0].start]):
        return False
    return not set(first.readings).intersection(after[0].readings)


def _result(sentence: str) -> str | None:
    """What a sentence says the numbers before come to: 7 in "4 cats and 3 dogs, i.e. 7 animals in total"."""
    numbers = [(quantity.start, quantity.end, quantity.text) for quantity in quantities(sentence)]
    numbers += [(word.start(), word.end(), str(number_in_words(word[0]))) for word in _WORD.finditer(sentence)]
    numbers.sort()
    results = [
        text
        for index, (start, end, text) in enumerate(numbers)
        if _TOTALLED.match(sentence, end)
        or (index > 1 and end == numbers[-1][1] and _RESULT.search(sentence[max(0, start - 40) : start]))
    ]
    return results[-1] if results else None
