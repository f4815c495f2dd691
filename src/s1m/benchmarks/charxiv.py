"""CharXiv, its questions that ask for reasoning: charts of scientific papers (Z. Wang and others,
https://arxiv.org/abs/2406.18521).

    {"figure_path": "images/0.jpg", "image": {bytes, path}, "category": "cs", "year": "20", "original_id": "2004.10956",
     "reasoning_q": "Which model has the lowest error?", "reasoning_a": "ResNet", "reasoning_q_source": 1, ...}

``reasoning_q_source`` says what the answer is: 1 a text of the chart, 2 a text, 3 a number of the chart, 4 a number
with as many decimals as the prompt asks for. A row's four descriptive questions are left out. Officially a language
model judges (princeton-nlp/CharXiv); there is an official verdict only for an extraction that is the gold answer. The
answers of ``test`` are not public, and its prompts cannot be built without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.equality.match import same_number, same_text
from s1m.scoring.strict import value
from s1m.types import Problem, Verdict

KINDS = {1: "text-in-chart", 2: "text-in-general", 3: "number-in-chart", 4: "number-in-general"}
_RULES = {
    1: (
        "Your final answer must be grounded to some text that is explicitly written and relevant to the question in "
        "the chart.",
        "If you need to answer multiple terms, separate them with commas.",
        "Unless specified in the question (such as answering with a letter), you are required to answer the full names "
        "of subplots and/or labels by default.",
    ),
    2: (
        "If there are options in the question, your final answer must conform to one of the options.",
        "If there are additional instructions in the question, follow them accordingly.",
        "If there are neither options nor additional instructions, you are allowed to respond with a short phrase "
        "only.",
    ),
    3: (
        "Your final answer must be grounded to a number that is exlicitly written and relevant to the question in the "
        "chart, even if it's an approximate value.",
        "You are allowed to extract numbers within some text when needed.",
    ),
}
"""The official rules by kind, its slips of the pen included."""


class CharXiv:
    name = "charxiv"
    needs_images = True
    title = "Charts of scientific papers: the questions that ask for reasoning"
    splits: tuple[str, ...] = ("validation",)
    sizes: Mapping[str, int] = {"validation": 1000}
    licence = "CC BY-SA 4.0"
    source = "princeton-nlp/CharXiv"
    scoring = "number by value, or text"
    breakdowns: tuple[str, ...] = ("kind", "category")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(
            self, split, data=data, limit=limit, images=("image",), read=read_problem, names=("val", "validation")
        )

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """The strict verdict on an answer, and the official one where it needs no language model."""
        official = True if extraction is not None and extraction.strip() == problem.gold else None
        if problem.metadata["kind"].startswith("number") and same_number(problem.gold, problem.gold):
            return value(answer, "number", (problem.gold,), same_number, official)
        return value(answer, "text", (problem.gold,), same_text, official)


def read_problem(row: Row) -> Problem:
    source = row.integer("reasoning_q_source")
    if source not in KINDS:
        raise row.wrong("reasoning_q_source", f"expected 1 to {len(KINDS)}, got {source}")
    gold = row.filled("reasoning_a").strip()
    rules = _RULES.get(source) or (decimals(gold),)
    return Problem(
        id=row.filled("figure_path"),
        question="\n    ".join((row.filled("reasoning_q"), *(f"* {rule}" for rule in rules), "")),
        images=(),
        gold=gold,
        metadata={"kind": KINDS[source], "category": row.text_or("category"), "year": row.text_or("year")},
    )


def decimals(gold: str) -> str:
    """The official rule for a number: the decimals that the gold answer has."""
    _, point, after = gold.partition(".")
    if not point:
        return "Your final answer must be an exact integer."
    return f"Your final answer must be a number with {len(after)} decimal places."
