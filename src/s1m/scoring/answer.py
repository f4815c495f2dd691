"""Decide what an answer text commits to: the last statement of an answer, found by rule, or nothing.

The text may be a chain of thought, an answer, or both. Statements are tried from the most explicit to the least: the
whole text, what is boxed or follows words such as "the answer is", a last line that is nothing else, the opening, the
last sentences. Nothing found is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from s1m.scoring.readers import statements
from s1m.scoring.readers.by_kind import reader_of
from s1m.scoring.readers.reader import Reader
from s1m.scoring.readers.restated import overlap
from s1m.scoring.readers.statements import Statement
from s1m.scoring.text import silence
from s1m.scoring.text.markup import answer_part
from s1m.scoring.text.plain import plain

AnswerKind = Literal["choice", "integer", "number", "list", "yes_no", "text", "expression"]
"""What a question asks for. A choice is committed to as its letter."""

LAST_SENTENCES = 3
"""How many sentences from the end are searched for an answer that nothing marks as one."""

MOST_STATEMENTS = 40
"""How many statements are tried, the last first: a response may repeat "the answer is" hundreds of times."""

LONGEST_PHRASE = 8
"""Words inside an answer wrapper that are taken for the answer itself; more are sentences that come to one."""

ECHO = 0.6
"""Share of a question's longer words that a sentence must repeat to be looked at before the last ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Commitment:
    """What a text commits to, None when that is nothing, and the rule that found it or the reason that none did."""

    prediction: str | None
    rule: str


def committed(text: str, *, kind: AnswerKind, choices: Sequence[str] = (), question: str = "") -> Commitment:
    """The answer that ``text`` commits to. A question with letters but without choice texts has choices A to E.

    ``question`` lets an answer be found that states the question's own words: "there are 3 bars below 40".
    """
    if silence.is_failure(text):
        return Commitment(prediction=None, rule="failure")
    raw = answer_part(text)
    if silence.is_blank(raw):
        return Commitment(prediction=None, rule="blank")
    reader = reader_of(kind, choices, question)
    text = raw if reader.keeps_markup else plain(raw)
    return _explicit(text, reader) or _implicit(raw, text, reader, question)


def _explicit(text: str, reader: Reader) -> Commitment | None:
    """What the whole text is, or what it states outright; None when neither says anything."""
    refuses = silence.is_apology(text) and not reader.recognisable
    if not refuses and (prediction := _whole(text, reader)):
        return Commitment(prediction=prediction, rule="whole")
    stated = [*statements.boxes(text), *statements.tags(text), *statements.marked(text)]
    if reader.chooses:
        stated += statements.chosen(text)
    last = statements.last_line(text, after=max((statement.start for statement in stated), default=0))
    if last is not None and reader.recognisable and (prediction := reader.whole(last.text)):
        return Commitment(prediction=prediction, rule=last.rule)
    missing: Commitment | None = None
    for statement in sorted(stated, key=lambda statement: statement.start, reverse=True)[:MOST_STATEMENTS]:
        if prediction := _stated(statement, reader):
            return _overruled(statement, prediction, text, reader) or Commitment(
                prediction=prediction, rule=statement.rule
            )
        if reader.torn(statement.text):
            return Commitment(prediction=None, rule="several")
        if silence.is_undecided(statements.before_reasons(statement.text)):
            return Commitment(prediction=None, rule="undecided")
        if silence.is_blank(statement.text):
            missing = missing or Commitment(prediction=None, rule="unfinished")
        elif statement.rule in ("boxed", "tag"):
            missing = missing or Commitment(prediction=None, rule="unreadable")
    return missing


def _whole(text: str, reader: Reader) -> str | None:
    """The answer that all of a text is; a text of free words with a box in it is more than its answer."""
    text = statements.without_empty_boxes(text)
    if not reader.recognisable and statements.marks_part(text):
        return None
    return reader.whole(statements.without_marks(text))


def _stated(statement: Statement, reader: Reader) -> str | None:
    """The answer in a statement; sentences inside an answer wrapper are read as an answer of their own is."""
    if statement.rule == "tag" and len(statement.text.split()) > LONGEST_PHRASE:
        inner = _explicit(statement.text, reader) or _implicit(statement.text, statement.text, reader, "")
        if inner.prediction:
            return inner.prediction
    return reader.stated(statement.text)


def _overruled(statement: Statement, stated: str, text: str, reader: Reader) -> Commitment | None:
    """The conclusion that a text ends with, where it differs from what was stated in words before it."""
    if statement.rule not in ("marked", "chosen"):
        return None
    after = statements.without_pleasantries(statements.sentences(text[statement.start :])[1:])
    if not after or not statements.begins_as_conclusion(after[-1]):
        return None
    prediction = reader.overruling(after[-1])
    return Commitment(prediction=prediction, rule="conclusion") if prediction and prediction != stated else None


def _implicit(raw: str, text: str, reader: Reader, question: str) -> Commitment:
    """What the last line, the opening or the last sentences amount to."""
    spoken = statements.without_listings(text)
    lines = statements.without_pleasantries([line for line in spoken.splitlines() if line.strip()])
    if not lines:
        return Commitment(prediction=None, rule="no-answer")
    apologises = silence.is_apology(text)
    if (reader.recognisable or not apologises) and (prediction := reader.whole(lines[-1])):
        return Commitment(prediction=prediction, rule="last-line")
    if apologises:
        return Commitment(prediction=None, rule="apology")
    sentences = statements.without_pleasantries(statements.sentences(spoken))
    for sentence in reversed(statements.conclusions(sentences)):
        if prediction := reader.concluded(sentence):
            return Commitment(prediction=prediction, rule="conclusion")
        if silence.is_undecided(sentence):
            return Commitment(prediction=None, rule="undecided")
    if prediction := reader.opening(statements.sentences(text)):
        return Commitment(prediction=prediction, rule="opening")
    if sentences and silence.is_undecided(sentences[-1]):
        return Commitment(prediction=None, rule="undecided")
    sayings = statements.sayings(sentences)
    if prediction := reader.restated(sayings):
        return Commitment(prediction=prediction, rule="restated")
    emphasised = {prediction for bold in statements.emphasised(raw) if (prediction := reader.whole(bold))}
    if len(emphasised) == 1:
        return Commitment(prediction=emphasised.pop(), rule="emphasised")
    echoing = [
        sentence for sentence in sayings if overlap(question, sentence) >= ECHO and not silence.is_undecided(sentence)
    ]
    for sentence in [*reversed(echoing), *reversed(sentences[-LAST_SENTENCES:])]:
        if silence.is_undecided(sentence):
            return Commitment(prediction=None, rule="undecided")
        if prediction := reader.concluded(sentence):
            return Commitment(prediction=prediction, rule="last-sentence")
    return Commitment(prediction=None, rule="no-answer")
