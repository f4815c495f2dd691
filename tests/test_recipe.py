"""The recipe of the bundled model: the labels are what the page about it says."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s1m.forcing import IGNORE_STRINGS

RECIPE = Path(__file__).parent.parent / "recipes" / "digits"


@pytest.fixture(scope="module")
def recipe() -> Iterator[Any]:
    sys.path.insert(0, str(RECIPE))
    import train

    yield train
    sys.path.remove(str(RECIPE))


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from s1m.engines.embedded.checkpoint import load_checkpoint

    return load_checkpoint("bundled").tokenizer


def test_the_ignore_string_is_never_a_target_and_every_look_ends_with_the_delimiter(
    recipe: Any, tokenizer: Any
) -> None:
    maker = recipe.ExampleMaker(tokenizer, seed=3)
    strings = {text for preset in IGNORE_STRINGS.values() for text in preset}
    close = tokenizer.convert_tokens_to_ids("</think>")
    refusals = 0
    for _ in range(40):
        example = maker.example(most_looks=6)
        assert len(example.ids) == len(example.labels)
        text = tokenizer.decode(example.ids)
        looks = text.count(" read ")
        assert example.labels.count(close) == looks
        learned = tokenizer.decode([label for label in example.labels if label != recipe.IGNORED])
        assert learned.count("</think>") == looks
        assert not any(string in learned for string in strings)
        assert learned.startswith("<think>\nI read ")
        assert learned.endswith("<|im_end|>")
        assert "assistant" not in learned
        refusals += looks - 1
        for token, label in zip(example.ids, example.labels, strict=True):
            assert label in (recipe.IGNORED, token, close)
    assert refusals > 40


def test_a_trace_counts_its_looks_and_is_arithmetic(recipe: Any) -> None:
    import traces

    rng = random.Random(5)
    for kind, digits, columns, result in (
        ("sum", [3, 7, 1, 4], 4, 15),
        ("range", [3, 7, 1, 4], 2, 6),
        ("evens", [3, 7, 1, 4], 4, 1),
    ):
        stretches = traces.make_trace(digits, columns, kind, 9, rng)
        text = "".join(stretch.text for stretch in stretches)
        assert text.count("so far") == 9
        assert sum(stretch.refused_end for stretch in stretches) == 8
        assert text.endswith("<|im_end|>")
        best = text.split("so far ")[-1].split(",")[0].replace("/", "")
        assert traces.working(kind, [int(d) for d in best])[1] == int(text.split("Final answer: ")[1].split("<")[0])
        assert traces.working(kind, digits)[1] == result


def test_the_best_reading_changes_only_for_a_strict_majority() -> None:
    from collections import Counter

    import traces

    assert traces.settle([Counter({3: 1, 8: 1})], [3]) == [3]
    assert traces.settle([Counter({3: 1, 8: 2})], [3]) == [8]


def test_readers_misread_as_often_as_declared(recipe: Any) -> None:
    import traces

    rng = random.Random(1)
    wrong = sum(traces.misread(3, rng) == 8 for _ in range(20_000)) / 20_000
    assert wrong == pytest.approx(traces.MISREAD, abs=0.01)
    assert set(traces.LOOK_ALIKE) == set(range(10))
