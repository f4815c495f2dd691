"""Which planted leaks of MathVision are found, how often a clean row is taken for one, and how fast.

    PYTHONPATH=src:. python perf/decontamination.py

Needs the benchmark data beside the checkout (shared/data); about five minutes in two processes. The index holds
MathVision (test and testmini) and MathVista's testmini texts.
"""

from __future__ import annotations

import itertools
import random
import re
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from keep import keep

from s1m.benchmarks import find_benchmark
from s1m.benchmarks.mathvision import PROMPT
from s1m.data.contamination import ContaminationIndex, Match
from s1m.data.curate.duplicates import find_duplicates
from s1m.data.curate.signature import SIZE, signature
from s1m.types import Problem
from tests.benchmarks.data import SHARED
from tests.data.contamination import altered_pictures, altered_texts
from tests.data.contamination.clean import KINDS, picture_of

SEED = 21
PLANTS = 200
"""Problems of which leaks are planted, in every way."""
CLEAN = 150
"""Clean rows of every kind."""
PROCESSES = 2
INDEX: list[ContaminationIndex] = []
"""The index of a process."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row to check: what it is, and the words of the problem that it repeats, empty for a clean one."""

    group: str
    kind: str
    source: str
    question: str
    images: tuple[bytes, ...]


def tuned_on(count: int) -> set[int]:
    """The places of the problems with which thresholds were chosen; no leak is planted of these."""
    return set(random.Random(5).sample(range(count), 500))


def plain(problem: Problem) -> str:
    """The question and its choices, without the prompt."""
    return problem.question.removeprefix(PROMPT)


def plants(problems: Sequence[Problem], rng: random.Random) -> Iterator[Row]:
    """Every leak of some problems."""
    pictures = list(altered_pictures.ALTERATIONS.items())
    for problem in problems:
        text, image, other = plain(problem), problem.images[0], picture_of(rng)
        same = altered_pictures.png(altered_pictures.opened(image))
        for group, kind, question, images in (
            ("exact", "text and image", text, (image,)),
            ("exact", "text and image as PNG", text, (same,)),
            ("exact", "text, another picture", text, (other,)),
            ("exact", "text alone", text, ()),
            ("exact", "image, another question", "Describe the picture.", (image,)),
            ("exact", "image as PNG, another question", "Describe the picture.", (same,)),
        ):
            yield Row(group=group, kind=kind, source=problem.id, question=question, images=images)
        for name, alter in altered_texts.ALTERATIONS.items():
            altered = alter(text, rng)
            yield Row(group="altered text alone", kind=name, source=problem.id, question=altered, images=(other,))
            _, alter_picture = rng.choice(pictures)
            both = (alter_picture(image, rng),)
            yield Row(
                group="altered text and altered image", kind=name, source=problem.id, question=altered, images=both
            )
        for name, alter_picture in pictures:
            altered_image = (alter_picture(image, rng),)
            question = "What do you see in this picture?"
            yield Row(
                group="altered image alone", kind=name, source=problem.id, question=question, images=altered_image
            )


def has_numbers(problem: Problem) -> bool:
    """Whether there is a number in a question, so that another one makes it another question."""
    asked = plain(problem).split("Question:")[-1].partition("\n(A)")[0]
    return any(sign.isdigit() for sign in re.sub(r"<image\d+>", "", asked))


def clean(problems: Sequence[Problem], vista: Sequence[Problem], rng: random.Random) -> Iterator[Row]:
    """Rows that repeat no problem."""
    for kind, make in KINDS.items():
        for _ in range(CLEAN):
            question, image = make(rng)
            yield Row(group="clean", kind=f"templates: {kind}", source="", question=question, images=(image,))
    for name, own in (("MathVision", problems), ("MathVista", vista)):
        for problem in [problem for problem in own if has_numbers(problem)][:CLEAN]:
            question = altered_texts.other_numbers(plain(problem).split("Question:")[-1], rng)
            kind = f"{name} questions with other numbers and pictures"
            yield Row(group="clean", kind=kind, source="", question=question, images=(picture_of(rng),))


def start(path: Path) -> None:
    """Load the index in a process."""
    INDEX.append(ContaminationIndex.load(path))


def check(row: Row) -> tuple[Match | None, float]:
    """What the index says of a row, and the seconds that it took."""
    begun = time.perf_counter()
    match = INDEX[0].check(row.question, row.images)
    return match, time.perf_counter() - begun


def measure(path: Path, rows: Iterator[Row]) -> Iterator[tuple[Row, Match | None, float]]:
    """Every row with what is said of it; rows are made as they are checked, some at a time."""
    with ProcessPoolExecutor(PROCESSES, initializer=start, initargs=(path,)) as pool:
        while part := list(itertools.islice(rows, 512)):
            for row, (match, seconds) in zip(part, pool.map(check, part, chunksize=16), strict=True):
                yield row, match, seconds


def held_out(problems: Sequence[Problem], path: Path) -> tuple[int, list[tuple[str, Match]]]:
    """The half of MathVision that is not in an index of the other half, and what is said to be there."""
    order = list(range(len(problems)))
    random.Random(SEED).shuffle(order)
    half = len(order) // 2
    known = [problems[index] for index in sorted(order[:half])]
    ContaminationIndex.build({"half": known}).save(path)
    asked = (problems[index] for index in sorted(order[half:]))
    rows = (Row(group="", kind="", source=each.id, question=plain(each), images=each.images) for each in asked)
    return half, [(row.source, match) for row, match, _ in measure(path, rows) if match]


def many_duplicates(count: int = 100_000, planted: int = 5_000) -> str:
    """How long ``count`` synthetic rows take, and how many of the planted ones are detected, in words."""
    rng = random.Random(SEED)
    known = ["".join(rng.choices("abcdefghijklmnoprstu", k=6)) for _ in range(20_000)]
    texts = [rng.choices(known, k=40) for _ in range(count - planted)]
    for index in rng.sample(range(len(texts)), planted):
        texts.append(texts[index].copy())
        texts[-1][rng.randrange(40)] = "other"
    begun = time.perf_counter()
    rows = [signature(" ".join(text), ()) for text in texts]
    made = time.perf_counter() - begun
    tracemalloc.start()
    begun = time.perf_counter()
    duplicates = find_duplicates(rows)
    took, (_, peak) = time.perf_counter() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    flagged = [duplicate is not None for duplicate in duplicates]
    wrong, right = sum(flagged[:-planted]), sum(flagged[-planted:])
    return (
        f"Duplicates: {count:,} made-up rows without images, {planted:,} of them others with one word of 40 changed: "
        f"{right / planted:.2%} found, {wrong} wrong ones. Signatures of {SIZE} bytes, {count / made:,.0f}/s "
        f"in one process; {took:.0f} s and at most {peak / count:,.0f} bytes a row to find them."
    )


def main() -> None:
    """Measure, print, keep."""
    rng = random.Random(SEED)
    splits = {
        split: find_benchmark("mathvision").load(split=split, limit=None, data=str(SHARED / "mathvision"))
        for split in ("test", "testmini")
    }
    vista = find_benchmark("mathvista").load(split="testmini", limit=None, data=str(SHARED / "mathvista/testmini.json"))
    problems = splits["test"]
    unseen = [place for place in range(len(problems)) if place not in tuned_on(len(problems))]
    chosen = [problems[index] for index in sorted(rng.sample(unseen, PLANTS))]
    others = [problems.texts[index] for index in rng.sample(unseen, 3 * CLEAN)]  # type: ignore[attr-defined]
    with TemporaryDirectory() as scratch:
        path, half = Path(scratch) / "index.npz", Path(scratch) / "half.npz"
        begun = time.perf_counter()
        ContaminationIndex.build(
            {f"mathvision {name}": own for name, own in splits.items()} | {"mathvista": vista}
        ).save(path)
        built = time.perf_counter() - begun
        size = path.stat().st_size
        rows = (
            row
            for part in (plants(chosen, rng), clean(others, rng.sample(list(vista), len(vista)), rng))
            for row in part
        )
        results = list(measure(path, rows))
        begun = time.perf_counter()
        index = ContaminationIndex.load(path)
        texts = [index.check(plain(problem), ()) for problem in problems[:1000].texts]  # type: ignore[attr-defined]
        text_seconds = time.perf_counter() - begun
        vision = ContaminationIndex.build({"mathvision": problems.texts})  # type: ignore[attr-defined]
        common = [match for problem in vista if (match := vision.check(problem.question, ()))]
        count, repeated = held_out(problems, half)
    report(results, (built, size, len(texts) / text_seconds), common, count, repeated)


def report(
    results: Sequence[tuple[Row, Match | None, float]],
    built: tuple[float, int, float],
    common: Sequence[Match],
    count: int,
    repeated: Sequence[tuple[str, Match]],
) -> None:
    """The table."""
    groups: defaultdict[tuple[str, str], list[Match | None]] = defaultdict(list)
    for row, match, _ in results:
        groups[row.group, row.kind].append(match)
        groups[row.group, "all"].append(match)
    rows = []
    for (group, kind), matches in groups.items():
        kinds = Counter(match.kind for match in matches if match)
        how = ", ".join(f"{kind} {number}" for kind, number in kinds.most_common())
        taken = sum(match is not None for match in matches) / len(matches)
        rows.append((group, kind, len(matches), f"{taken:.2%}", how))
    spent = [seconds for row, _, seconds in results if row.group == "clean" and row.images]
    built_seconds, size, texts = built
    kinds = Counter(match.kind for _, match in repeated)
    keep(
        "decontamination",
        "Planted leaks of MathVision",
        ["row", "how", "rows", "taken for a leak", "found by"],
        sorted(rows, key=lambda row: (row[0], row[1] != "all")),
        [
            f"Leaks of {PLANTS} problems of test, none among the 500 by which thresholds were chosen; seed {SEED}. "
            "Two thresholds for pictures were tightened after a first run with another seed.",
            f"Index of 3,344 problems with pictures and 1,000 texts: {built_seconds:.0f} s to build in one process, "
            f"{size / 1e6:.1f} MB as a file.",
            f"A process checks {texts:,.0f} questions/s without images, {len(spent) / sum(spent):,.0f} clean rows/s "
            "with one.",
            f"MathVista's testmini and MathVision's test, texts alone: {len(common)} of 1,000 found"
            + "".join(f"; {match.problem}, {match.kind}, {match.detail}" for match in common[:5])
            + ".",
            f"One half of MathVision's test in the index, {count} problems of the other checked: {len(repeated)} found "
            f"({', '.join(f'{kind} {number}' for kind, number in kinds.most_common())}). "
            + " ".join(f"{source}={match.problem}" for source, match in repeated),
            many_duplicates(),
        ],
    )


if __name__ == "__main__":
    main()
