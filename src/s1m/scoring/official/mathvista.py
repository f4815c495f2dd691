"""Judge MathVista answers twice: as its own scorer does, bit for bit, and strictly, without its guesses.

The official scorer (lupantech/MathVista, evaluation/calculate_score.py and extract_answer.py) compares a language
model's extraction with the gold answer; where the extraction is not a choice, the
nearest choice by edit distance is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from s1m.scoring.answer import AnswerKind, committed
from s1m.scoring.equality.match import same_choice, same_integer, same_list, same_number
from s1m.scoring.text.bounds import official_part
from s1m.types import Problem

_PARENTHESISED_LETTER = re.compile(r"\(([a-zA-Z])\)")
_QUICK = re.compile(r'The answer is "(.*)"\.')


def extraction_of(problem: Problem, response: str, *, quick: bool = False) -> str | None:
    """What the official extractor makes of a response by rule; None where it asks a language model.

    ``quick`` is the official scorer's own switch of that name, off by default.
    """
    if response == "":
        return ""
    response = official_part(response)
    if problem.metadata["question_type"] == "multi_choice" and response in problem.choices:
        return response
    try:
        if problem.metadata["answer_type"] == "integer":
            return str(int(response))
        if problem.metadata["answer_type"] == "float":
            return str(float(response))
    except ValueError:
        pass
    match = _QUICK.search(response) if quick else None
    return match[1] if match else None


def normalised(problem: Problem, extraction: str) -> str | None:
    """The official prediction: what an extraction becomes before it is compared with the gold answer."""
    extraction = official_part(extraction)
    if problem.metadata["question_type"] == "multi_choice":
        return _nearest_choice(extraction.strip(), problem.choices)
    try:
        if problem.metadata["answer_type"] == "integer":
            return str(int(float(extraction)))
        if problem.metadata["answer_type"] == "float":
            return str(round(float(extraction), int(float(problem.metadata["precision"]))))
    except (ValueError, OverflowError):
        return None
    return extraction


def _nearest_choice(extraction: str, choices: Sequence[str]) -> str:
    letters = _PARENTHESISED_LETTER.findall(extraction)
    if letters:
        extraction = letters[0].upper()
    index = ord(extraction) - ord("A") if len(extraction) == 1 else -1
    if 0 <= index < len(choices):
        return choices[index]
    return min(choices, key=lambda choice: edit_distance(extraction, choice))


def is_guess(problem: Problem, extraction: str) -> bool:
    """Whether the official prediction rests on edit distance: the extraction names no choice."""
    if problem.metadata["question_type"] != "multi_choice":
        return False
    letters = _PARENTHESISED_LETTER.findall(extraction)
    text = letters[0].upper() if letters else extraction.strip()
    named = len(text) == 1 and 0 <= ord(text) - ord("A") < len(problem.choices)
    return not named and text not in problem.choices


def edit_distance(first: str, other: str) -> int:
    """Levenshtein's distance: the fewest insertions, deletions and substitutions between two texts.

    Bit-parallel, in steps of one character of ``one`` (G. Myers, 1999, https://doi.org/10.1145/316542.316550; in the
    form of H. Hyyrö, 2003): an extraction may be thousands of characters long.
    """
    if not other:
        return len(first)
    last = 1 << (len(other) - 1)
    every = (last << 1) - 1
    occurrences: dict[str, int] = {}
    for index, character in enumerate(other):
        occurrences[character] = occurrences.get(character, 0) | 1 << index
    # In the column of the distance table for each prefix of ``one``: where it rises by one downwards, and falls by one.
    rises, falls, distance = every, 0, len(other)
    for character in first:
        equal = occurrences.get(character, 0)
        diagonal = (((equal & rises) + rises) ^ rises) | equal | falls
        grown, shrunk = falls | ~(diagonal | rises) & every, rises & diagonal
        distance += bool(grown & last) - bool(shrunk & last)
        grown, shrunk = (grown << 1 | 1) & every, (shrunk << 1) & every
        rises, falls = shrunk | ~(diagonal | grown) & every, grown & diagonal
    return distance


def official(problem: Problem, extraction: str) -> bool:
    """The official verdict on an extraction, guesses and all."""
    return normalised(problem, extraction) == problem.gold


def strict(problem: Problem, text: str) -> tuple[str | None, bool, str]:
    """What a response commits to (for a choice its letter), whether that is right, and the rule that found it."""
    kind = _kind(problem)
    commitment = committed(text, kind=kind, choices=problem.choices, question=_asked(problem.question))
    prediction = commitment.prediction
    return prediction, prediction is not None and _right(problem, kind, prediction), commitment.rule


def _asked(query: str) -> str:
    """The question of an official query, without its hint, unit and choices."""
    question = query.rpartition("Question: ")[2]
    return question.partition("\nChoices:")[0].partition(" (Unit: ")[0]


def _kind(problem: Problem) -> AnswerKind:
    if problem.metadata["question_type"] == "multi_choice":
        return "choice"
    kinds: dict[str, AnswerKind] = {"integer": "integer", "float": "number", "list": "list"}
    return kinds.get(problem.metadata["answer_type"], "text")


def _right(problem: Problem, kind: AnswerKind, prediction: str) -> bool:
    if kind == "choice":
        return same_choice(prediction, problem.gold, problem.choices)
    if kind == "integer":
        return same_integer(prediction, problem.gold)
    if kind == "number":
        return same_number(prediction, problem.gold, precision=int(float(problem.metadata["precision"])))
    return same_list(prediction, problem.gold)
