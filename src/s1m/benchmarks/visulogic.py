r"""VisuLogic: logic in pictures that words do not carry (W. Xu and others, https://arxiv.org/abs/2504.15279).

    {"id": "00000", "image_path": "images/00000.png", "question": "Which one continues it?\\nA: A\\nB: B\\nC: C\\nD: D",
     "label": "C", "tag": "Spatial Reasoning"}

JSON lines at the Hub (data.jsonl) with the pictures in images.zip, which may be unpacked. The four choices stand in the
picture. Asked with the authors' prompt for reasoning; there is an official verdict where their rules read a letter, and
none where they ask a language model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.archive import Pictures
from s1m.benchmarks.reading.files import download_files
from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import Problems, check_split
from s1m.benchmarks.reading.tables import load_table
from s1m.errors import DataError
from s1m.files.paths import user_path
from s1m.scoring.official.visulogic import official_letter
from s1m.scoring.strict import choice
from s1m.types import Problem, Verdict

PROMPT = (
    "Solve the complex visual logical reasoning problem through step-by-step reasoning. Think about the reasoning "
    "process first and answer the question following this format: Answer: \\boxed{$LETTER}."
)
ROWS, ARCHIVE = "data.jsonl", "images.zip"
_LETTERS = ("A", "B", "C", "D")


class VisuLogic:
    name = "visulogic"
    needs_images = True
    title = "Logic in pictures that words do not carry, 6 domains"
    splits: tuple[str, ...] = ("test",)
    sizes: Mapping[str, int] = {"test": 1000}
    licence = "Apache-2.0"
    source = "VisuLogic/VisuLogic"
    scoring = "letter of a choice"
    unconfirmed = "columns id and tag; that the prompt stands after the question"
    breakdowns: tuple[str, ...] = ("tag",)

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems, of which every picture is there."""
        check_split(self, split)
        root = user_path(data) if data is not None else download_files(self.source, (ROWS, ARCHIVE))
        problems = load_table(self, split, data=str(root), limit=limit, name=ROWS, read=read_problem)
        folder = root.parent if root.is_file() else root
        if not (folder / ARCHIVE).is_file() and not (folder / "images").is_dir():
            raise DataError(
                f"{folder} has neither {ARCHIVE} nor a folder images; --data is the folder of {self.source}"
            )
        pictures = Pictures(folder, ARCHIVE, [problem.metadata["image_path"] for problem in problems])
        return Problems(problems, [(pictures, place) for place in range(len(problems))])

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """The strict verdict on an answer, and the official one where it needs no language model."""
        letter = official_letter(answer) if extraction is None else extraction.strip()
        return choice(answer, problem, None if letter is None else letter.upper() == problem.gold)


def read_problem(row: Row) -> Problem:
    path = row.filled("image_path")
    return Problem(
        id=row.text_or("id") or path,
        question=f"{row.filled('question').strip()}\n{PROMPT}",
        images=(),
        gold=row.letter("label", len(_LETTERS)),
        choices=_LETTERS,
        metadata={"tag": row.text_or("tag"), "image_path": path},
    )
