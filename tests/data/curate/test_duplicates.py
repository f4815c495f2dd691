"""Rows that repeat an earlier one are found, and nothing else."""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from PIL import Image

from s1m.data.curate.duplicates import Duplicate, find_duplicates
from s1m.data.curate.signature import SIZE, signature
from s1m.errors import DataError
from tests.data.contamination.altered_pictures import ALTERATIONS, png
from tests.data.contamination.clean import circles, picture_of, scene, triangle

RIVER = (
    "A river starts at point A and splits into two branches. The first takes 2 thirds of the water, the second takes "
    "the rest, and further down the first branch splits into 3 more. What part of it reaches the lake in the end?"
)


def pictures(count: int, seed: int = 1) -> list[bytes]:
    rng = random.Random(seed)
    return [rng.choice((circles, triangle, scene))(rng)[1] for _ in range(count)]


def test_the_same_row_again() -> None:
    first, second = pictures(2)
    rows = [(RIVER, [first]), (RIVER, [second]), (RIVER.upper(), [first]), (RIVER, [first, second]), (RIVER, [])]
    duplicates = find_duplicates([signature(*row) for row in rows])
    assert duplicates == [None, None, Duplicate(first=0, kind="exact"), None, None]


def test_other_words_or_pixels() -> None:
    rng = random.Random(1)
    (picture,) = pictures(1)
    smaller = ALTERATIONS["JPEG, quality 40-90"](ALTERATIONS["rescaled 0.5-2x"](picture, rng), rng)
    near = RIVER.replace(" in the end", "")
    rows = [(RIVER, [picture]), (near, [picture]), (RIVER, [smaller]), (near, [smaller])]
    kinds = [row and (row.first, row.kind) for row in find_duplicates([signature(*row) for row in rows])]
    assert kinds == [None, (0, "near text"), (0, "near image"), (0, "near text and image")]


def test_a_template_with_other_pictures_and_a_picture_with_other_questions_stay() -> None:
    shown = pictures(40)
    rows = [("How many objects are left?", [picture]) for picture in shown]
    rows += [
        (f"What is {word} in the picture?", [shown[0]]) for word in ("red", "left of the cube", "the largest thing")
    ]
    rows += [(RIVER.replace("3 more", f"{number} more"), [shown[0]]) for number in (3, 4, 5)]
    assert find_duplicates([signature(*row) for row in rows]) == [None] * len(rows)


def test_blank_pictures_are_no_evidence_of_being_the_same() -> None:
    blank = [png(Image.new("RGB", size, "white")) for size in ((40, 40), (50, 50))]
    assert find_duplicates([signature(RIVER, [picture]) for picture in blank]) == [None, None]


def test_no_row_repeats_one_that_does_not_stay() -> None:
    (picture,) = pictures(1)
    rows = [signature(RIVER, [picture])] * 5
    assert [row and row.first for row in find_duplicates(rows)] == [None, 0, 0, 0, 0]
    assert find_duplicates([]) == []


def test_signatures_do_not_depend_on_the_process() -> None:
    rows = [(RIVER, [picture]) for picture in pictures(4)]
    here = [signature(*row) for row in rows]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = list(pool.map(signature, *zip(*rows, strict=True)))
    assert here == there
    assert {len(row) for row in here} == {SIZE}


def test_planted_duplicates_among_many() -> None:
    rng = random.Random(2)
    words = ["".join(rng.choices("abcdefghijklmnoprstu", k=6)) for _ in range(400)]
    texts = [" ".join(rng.choices(words, k=30)) for _ in range(1500)]
    shown = [picture_of(rng) for _ in range(100)]
    rows = [signature(text, [shown[place % 100]]) for place, text in enumerate(texts)]
    planted = rng.sample(range(1500), 200)
    for place in planted:
        changed = texts[place].split()
        changed[rng.randrange(30)] = "other"
        rows.append(signature(" ".join(changed), [shown[place % 100]]))
    duplicates = find_duplicates(rows)
    assert not any(duplicates[:1500])
    # One word of thirty leaves at least 25 of 31 runs of three: 0.81 alike, and 64 minima are off by 0.05.
    hits = [row.first for row in duplicates[1500:] if row is not None]
    assert len(hits) > 150
    assert set(hits) <= set(planted)


def test_signatures_of_another_size_are_refused() -> None:
    with pytest.raises(DataError, match=f"a signature has {SIZE} bytes"):
        find_duplicates([b"short"])
