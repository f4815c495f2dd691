r"""RealWorldQA: pictures of streets and rooms, many from cars (xAI, https://x.ai/news/grok-1.5v).

    {"image_path": "0.webp", "question": "Which is closer?\n\nA. The tree.\nB. The car.\nPlease answer directly with
     only the letter of the correct option and nothing else.", "answer": "B", "image": {bytes, path}}

The question says by itself what to answer with: a letter, yes or no, a number or a word. Rows have no id and are
numbered. xAI has published no scorer; the official verdict is lmms-eval's rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.equality.match import same_number
from s1m.scoring.official.realworldqa import CHOICE, is_right
from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.strict import by_kind
from s1m.types import Problem, Verdict


class RealWorldQa:
    name = "realworldqa"
    needs_images = True
    title = "Pictures of streets and rooms: what is where"
    splits: tuple[str, ...] = ("test",)
    sizes: Mapping[str, int] = {"test": 765}
    licence = "CC BY-ND 4.0"
    source = "lmms-lab/RealWorldQA"
    scoring = "letter of a choice, yes or no, number or text"
    unconfirmed = "scorer: its makers have published none, this is lmms-eval's"
    breakdowns: tuple[str, ...] = ("answer_type",)

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(self, split, data=data, limit=limit, images=("image",), read=read_problem)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        verdict = by_kind(answer, problem, problem.metadata["answer_type"])
        official = is_right(answer if extraction is None else extraction, problem.question, problem.gold)
        return Verdict(prediction=verdict.prediction, correct=verdict.correct, rule=verdict.rule, official=official)


def read_problem(row: Row) -> Problem:
    question = row.filled("question").strip()
    gold = row.filled("answer").strip()
    listed = CHOICE.findall(question)
    in_order = [letter for letter, _ in listed] == list(LETTERS[: len(listed)])
    choices = tuple(text.strip() for _, text in listed) if in_order else ()
    answer_type = type_of(gold)
    if answer_type == "choice" and choices and gold not in LETTERS[: len(choices)]:
        raise row.wrong("answer", f"expected the letter of one of {len(choices)} choices, got {gold!r}")
    return Problem(
        id=f"realworldqa-{row.index:03d}",
        question=question,
        images=(),
        gold=gold,
        choices=choices if answer_type == "choice" else (),
        metadata={"answer_type": answer_type},
    )


def type_of(gold: str) -> str:
    """What a gold answer is: choice, yes_no, number or text."""
    if len(gold) == 1 and gold in LETTERS:
        return "choice"
    if gold.lower() in ("yes", "no"):
        return "yes_no"
    return "number" if same_number(gold, gold) else "text"
