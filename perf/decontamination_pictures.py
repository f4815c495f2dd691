"""Which altered pictures of a benchmark are found by the picture alone: ours beside plain perceptual hashes.

    PYTHONPATH=src:. python perf/decontamination_pictures.py

Needs the benchmark data beside the checkout (shared/data); some minutes in one process. The index holds MathVision's
testmini; the question of every row is replaced. Rows for ``imagehash`` (pHash of 64 bits, distance at most 10) and for
``datasketch`` (MinHash of the 9 x 9 gradients' bits, LSH at 0.8) are there where these packages are installed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec

from keep import keep

from s1m.benchmarks import find_benchmark
from s1m.data.contamination import ContaminationIndex
from s1m.data.contamination.appearance import look
from s1m.types import Problem
from tests.benchmarks.data import SHARED
from tests.data.contamination.altered_pictures import opened
from tests.data.contamination.clean import KINDS
from tests.data.contamination.picture_alone import PICTURE_ALONE

SEED = 3
PLANTS = 60
"""Problems whose pictures are altered, in every way."""
CLEAN = 30
"""Clean pictures of every kind."""
OTHERS = 300
"""Problems of MathVision's test that are not in testmini: most are clean, some repeat a figure."""
QUESTION = "What do you see in this picture?"
FAR = 10
"""Bits of 64 up to which two perceptual hashes are called the same."""

Finder = Callable[[bytes], bool]
"""Whether an encoded picture is called a leak."""


def ours(problems: Sequence[Problem]) -> Finder:
    """The index of contamination."""
    index = ContaminationIndex.build({"mathvision": problems})
    return lambda image: index.check(QUESTION, (image,)) is not None


def by_imagehash(problems: Sequence[Problem]) -> Finder:
    """The perceptual hash of ``imagehash``."""
    import imagehash

    def phash(image: bytes) -> imagehash.ImageHash:
        return imagehash.phash(opened(image))

    known = [phash(image) for problem in problems for image in problem.images]

    def finds(image: bytes) -> bool:
        own = phash(image)
        return any(own - other <= FAR for other in known)

    return finds


def by_datasketch(problems: Sequence[Problem]) -> Finder:
    """MinHash and LSH of ``datasketch`` over the set bits of the picture's difference hash."""
    from datasketch import MinHash, MinHashLSH

    from s1m.data.contamination.views import plain_views

    def sketch(image: bytes) -> MinHash:
        made = MinHash(num_perm=64)
        grey = look(image).grey
        for number, view in enumerate(plain_views(grey)[:1] if grey else ()):
            for bit, is_set in enumerate(bin(int(view.hash[0]) << 64 | int(view.hash[1]))[:1:-1]):
                if is_set == "1":
                    made.update(f"{number} {bit}".encode())
        return made

    lsh = MinHashLSH(threshold=0.8, num_perm=64)
    for number, image in enumerate(image for problem in problems for image in problem.images):
        lsh.insert(str(number), sketch(image))
    return lambda image: bool(lsh.query(sketch(image)))


def altered(problems: Sequence[Problem]) -> Iterator[tuple[str, list[bytes]]]:
    """Every alteration with the altered pictures."""
    for name, alter in PICTURE_ALONE.items():
        rng = random.Random(SEED)
        yield name, [alter(problem.images[0], rng) for problem in problems]


def clean(problems: Sequence[Problem], known: set[str]) -> Iterator[tuple[str, list[bytes]]]:
    """Pictures that are in no index, by kind."""
    rng = random.Random(SEED + 1)
    drawn = [make(rng)[1] for make in KINDS.values() for _ in range(CLEAN)]
    yield "clean: drawn from templates", drawn
    others = [problem for problem in problems if problem.id not in known]
    yield "other problems of MathVision", [problem.images[0] for problem in rng.sample(others, OTHERS)]


def main() -> None:
    """Measure, print, keep."""
    test, mini = (
        find_benchmark("mathvision").load(split=split, limit=None, data=str(SHARED / "mathvision"))
        for split in ("test", "testmini")
    )
    finders: dict[str, Finder] = {"s1m": ours(mini)}
    if find_spec("imagehash"):
        finders["imagehash, pHash"] = by_imagehash(mini)
    if find_spec("datasketch"):
        finders["datasketch, MinHash of dHash"] = by_datasketch(mini)
    chosen = random.Random(SEED).sample(list(mini), PLANTS)
    kinds = [*altered(chosen), *clean(list(test), {problem.id for problem in mini})]
    rows = []
    seconds = dict.fromkeys(finders, 0.0)
    for name, images in kinds:
        counts = []
        for finder, finds in finders.items():
            begun = time.process_time()
            counts.append(sum(map(finds, images)))
            seconds[finder] += time.process_time() - begun
        rows.append((name, len(images), *counts))
        print(*rows[-1], sep=" | ", flush=True)
    count = sum(len(images) for _, images in kinds)
    keep(
        "decontamination_pictures",
        "Leaks of MathVision by the picture alone",
        ["row", "rows", *finders],
        rows,
        [
            f"Index: {len(mini)} pictures of testmini. Every question is replaced; second drawings are templates. "
            f"Seed {SEED}.",
            "Processor time a row: "
            + ", ".join(f"{finder} {1000 * spent / count:.0f} ms" for finder, spent in seconds.items())
            + ".",
        ],
    )


if __name__ == "__main__":
    main()
