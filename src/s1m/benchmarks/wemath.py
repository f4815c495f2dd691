"""We-Math: problems of two or three steps, each step also asked alone (R. Qiao and others, https://arxiv.org/abs/2407.01284).

    {"ID": "2steps_1", "key": "2steps_1", "split": "testmini", "question": "OA = ( ) m, AB = ( ) m",
     "option": "A. 300, 400;B. 400, 300;C. 3000, 4000; D. No correct answer", "answer": "C",
     "image_path": {bytes, path}, "knowledge concept": "Conversion Rates ...", "question number": 1,
     "knowledge concept description": "..."}

``ID`` names one of 525 problems, ``key`` the step of it (``2steps_1``, ``2steps_2``, ``2steps_multi``): together they
are the id, and both are in the metadata, so that the measures over a problem's steps can be computed from a run. The
official verdict (We-Math/We-Math, evaluation/accuracy.py) takes the first letter after the last "Answer".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from s1m.benchmarks.measured import Judged, Measures, groups_of, ratio
from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.official.wemath import official_letter
from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.strict import choice
from s1m.types import Problem, Verdict

PROMPT = (
    "Now, we require you to solve a multiple-choice math question. Please briefly describe your thought process and "
    "provide the final answer(option).\nQuestion: {question}\nOption: {option}\nRegarding the format, please answer "
    "following the template below, and be sure to include two <> symbols:\n"
    "<Thought process>: <<your thought process>> <Answer>: <<your option>>"
)
# "A. 3 cm; B. 4 cm": a semicolon begins the next option only where a letter with a full stop follows it.
_OPTION = re.compile(r"(?:^|;)\s*([A-H])\.\s*")


class WeMath:
    name = "wemath"
    needs_images = True
    title = "Mathematics in steps: is the whole right because the steps are?"
    splits: tuple[str, ...] = ("testmini",)
    sizes: Mapping[str, int] = {"testmini": 1740}
    licence = "CC BY-NC 4.0"
    source = "We-Math/We-Math"
    scoring = "letter of a choice"
    breakdowns: tuple[str, ...] = ("key", "knowledge")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(self, split, data=data, limit=limit, images=("image_path",), read=read_problem)

    def measures(self, judged: Sequence[Judged]) -> Measures:
        """The published measures over the steps of a problem (evaluation/four_dimensional_metrics.py, accuracy.py).

        S1, S2, S3: accuracy on single steps, on problems of two steps and of three. A wrong problem shows insufficient
        knowledge (IK) when a step is wrong, else inadequate generalization (IG); a right one complete mastery (CM) or
        rote memorization (RM): strict, CM takes all steps right; loose, one. Shares of all problems; the RM rate is
        that among right ones. The score is 1 - IK - IG / 2 - RM.
        """
        groups = groups_of(judged, "problem", "key")
        whole = [steps for steps in map(_steps_and_whole, groups.values()) if steps]
        return Measures(groups=len(whole), incomplete=len(groups) - len(whole), shares=_shares(whole) if whole else {})

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        letter = official_letter(answer if extraction is None else extraction)
        return choice(answer, problem, letter == problem.gold)


def _steps_and_whole(parts: Mapping[str, bool]) -> tuple[tuple[bool, ...], bool] | None:
    """Whether each step of a problem is right and whether the whole is; None where one is missing."""
    for count in (2, 3):
        whole = f"{count}steps_multi"
        steps = [f"{count}steps_{step}" for step in range(1, count + 1)]
        if parts.keys() == {*steps, whole}:
            return tuple(parts[step] for step in steps), parts[whole]
    return None


def _shares(problems: Sequence[tuple[tuple[bool, ...], bool]]) -> dict[str, float | None]:
    """The measures of problems whose steps and whole are all judged."""
    steps = [step for each, _ in problems for step in each]
    two, three = ([whole for each, whole in problems if len(each) == count] for count in (2, 3))
    shares: dict[str, float | None] = {
        "S1": ratio(sum(steps), len(steps)),
        "S2": ratio(sum(two), len(two)),
        "S3": ratio(sum(three), len(three)),
    }
    ik = sum(not whole and not all(each) for each, whole in problems)
    ig = sum(not whole and all(each) for each, whole in problems)
    right = sum(whole for _, whole in problems)
    shares |= {"IK": ratio(ik, len(problems)), "IG": ratio(ig, len(problems))}
    for name, mastered in (("strict", all), ("loose", any)):
        cm = sum(whole and mastered(each) for each, whole in problems)
        rm = right - cm
        shares[f"CM {name}"] = ratio(cm, len(problems))
        shares[f"RM {name}"] = ratio(rm, len(problems))
        shares[f"RM rate {name}"] = ratio(rm, right)
        shares[f"score {name}"] = ratio(len(problems) - 0.5 * ig - rm - ik, len(problems))
    return shares


def read_problem(row: Row) -> Problem:
    option = row.filled("option")
    choices = options_in(option)
    if not choices:
        raise row.wrong("option", f"expected choices such as 'A. 6 cm; B. 8 cm', got {option!r}")
    return Problem(
        id=f"{row.filled('ID')} {row.filled('key')}",
        question=PROMPT.format(question=row.filled("question"), option=option),
        images=(),
        gold=row.letter("answer", len(choices)),
        choices=choices,
        metadata={
            "problem": row.filled("ID"),
            "key": row.filled("key"),
            "knowledge": row.text_or("knowledge concept"),
        },
    )


def options_in(option: str) -> tuple[str, ...]:
    """The choices of ``A. 6 cm; B. 8 cm``; none where the letters are not A, B, ... in order."""
    _, *parts = _OPTION.split(option)
    letters, texts = "".join(parts[::2]), parts[1::2]
    return tuple(text.strip() for text in texts) if letters and LETTERS.startswith(letters) else ()
