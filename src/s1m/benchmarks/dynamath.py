r"""DynaMath: 501 questions in ten variants each (C. Zou and others, https://arxiv.org/abs/2411.00836).

    {"id": "1", "question": "What is the value of y when x = 3?", "image": "images/1.png",
     "decoded_image": {bytes, path}, "ground_truth": "2.5", "answer_type": "float", "subject": "algebra",
     "knowledge_level": "high school"}

Each variant is a split; ``all`` is the ten of them, with ids such as ``17-3`` and the question's number in the
metadata, so that worst-case accuracy (right in all ten) can be computed from a run. Models are asked for JSON with
"solution" and "short answer", as VLMEvalKit asks them; the official verdict (DynaMath/DynaMath) reads that JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from s1m.benchmarks.measured import Judged, Measures, groups_of, ratio
from s1m.benchmarks.reading.files import find_files
from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import check_split, load_rows
from s1m.scoring.equality.formula import same_value
from s1m.scoring.equality.match import same_text
from s1m.scoring.official.dynamath import is_near_strictly, is_right, said_short, short_answer
from s1m.scoring.strict import choice, value
from s1m.scoring.text.bounds import shortened
from s1m.scoring.text.markup import without_thinking
from s1m.types import Problem, Verdict

_INSTRUCTIONS = {
    "multiple choice": "Provide the corresponing choice option in the 'short answer' key, "
    "such as 'A', 'B', 'C', or 'D'.",
    "float": "Format the answer as a three-digit floating-point number and provide it in the 'short answer' key.",
    "text": "Float numbers in the answer should be formatted as three-digit floating-point numbers.",
}
_GUIDE = """
## Answer Instruction Please provide an answer to the question outlined above. Your response should adhere \
to the following JSON format, which includes two keys: 'solution' and 'short answer'. The 'solution' key can contain \
detailed steps needed to solve the question, and the 'short answer' key should provide a concise response. {instruction}

Example of expected JSON response format:

"""
_EXAMPLE = json.dumps({"solution": "[Detailed step-by-step explanation]", "short answer": "[Concise Answer]"}, indent=4)
_VARIANTS = tuple(f"sample_variant{number}" for number in range(1, 11))
_NUMBERS = {name.removeprefix("sample_variant") for name in _VARIANTS}
_VARIANT = re.compile(r"sample_variant(\d+)")


class DynaMath:
    name = "dynamath"
    needs_images = True
    title = "The same questions with other numbers and pictures: is the model right every time?"
    splits: tuple[str, ...] = ("all", *_VARIANTS)
    sizes: Mapping[str, int] = {"all": 5010} | dict.fromkeys(_VARIANTS, 501)
    licence = "Apache-2.0"
    source = "DynaMath/DynaMath_Sample"
    scoring = "letter of a choice, number to 0.001, or text"
    breakdowns: tuple[str, ...] = ("subject", "knowledge_level", "answer_type", "variant")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems of a variant, or of all ten, one after the other."""
        check_split(self, split)
        variants = _VARIANTS if split == "all" else (split,)
        files = [file for name in variants for file in find_files(data, source=self.source, names=(name,))]
        return load_rows(files, images=("decoded_image",), read=read_problem, limit=limit)

    def measures(self, judged: Sequence[Judged]) -> Measures:
        """The published measures over a question's ten variants.

        Average accuracy over all variants, worst case (the share of questions right in all ten), and robustness,
        worst case by average.
        """
        groups = groups_of(judged, "question", "variant")
        whole = [parts.values() for parts in groups.values() if parts.keys() == _NUMBERS]
        right = sum(map(sum, whole))
        all_right = sum(map(all, whole))
        shares = {
            "average": ratio(right, len(whole) * len(_VARIANTS)),
            "worst case": ratio(all_right, len(whole)),
            "robustness": ratio(all_right * len(_VARIANTS), right),
        }
        return Measures(groups=len(whole), incomplete=len(groups) - len(whole), shares=shares if whole else {})

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        short = short_answer(answer)
        official = is_right(problem, extraction if extraction is not None else answer if short is None else short)
        said = said_short(without_thinking(shortened(answer))) or answer
        kind = problem.metadata["answer_type"]
        if kind == "multiple choice":
            return choice(said, problem, official)
        if kind == "float":
            return value(said, "expression", (problem.gold,), is_near_strictly, official)
        return value(
            said,
            "text",
            (problem.gold,),
            lambda first, gold: same_text(first, gold) or same_value(first, gold),
            official,
        )


def read_problem(row: Row) -> Problem:
    """The problem of a row; the file's name says which variant it is."""
    answer_type = row.filled("answer_type")
    instruction = _INSTRUCTIONS.get(answer_type)
    if instruction is None:
        raise row.wrong("answer_type", f"expected one of {', '.join(_INSTRUCTIONS)}; got {answer_type!r}")
    numbers = _VARIANT.findall(row.file)
    variant = numbers[-1] if numbers else "1"
    question = row.filled("id")
    return Problem(
        id=f"{question}-{variant}",
        question=f"## Question\n {row.filled('question')}{_GUIDE.format(instruction=instruction)}{_EXAMPLE}",
        images=(),
        gold=row.filled("ground_truth").strip(),
        metadata={
            "question": question,
            "variant": variant,
            "answer_type": answer_type,
            "subject": row.filled("subject"),
            "knowledge_level": row.filled("knowledge_level"),
        },
    )
