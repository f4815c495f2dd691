"""Traces of the bundled benchmark: the same for a seed, arithmetic, as careless as declared; the untrained model."""

from __future__ import annotations

import io
import random
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from s1m.datasets.source import GENERATED_SETS, Source
from s1m.datasets.sources.digits import MAX_LOOKS, SHORT_SHARE, make_row, make_trace
from s1m.datasets.sources.generated import GENERATORS
from s1m.families import Delimiters
from s1m.synthetic.digits import traces
from s1m.synthetic.digits.problems import LAYOUTS, QUESTIONS, split_indices
from s1m.synthetic.digits.traces import Drawing
from tests.datasets.sets import examples_of

THINKING = Delimiters("<think>", "</think>")


def test_rows_depend_on_their_number_and_the_seed_alone() -> None:
    examples = examples_of(Source(path="digits", rows=20))
    again = examples_of(Source(path="digits", rows=50))
    assert [examples[i] for i in (7, 3)] == [again[i] for i in (7, 3)]
    assert examples_of("digits", seed=1)[3].turns != examples[3].turns
    assert len(examples_of("digits")) == 50_000


def test_outlines_know_the_size_of_what_is_drawn() -> None:
    examples = examples_of(Source(path="digits", rows=30))
    for index in range(30):
        (size,) = examples.outline(index).sizes
        (image,) = examples[index].images
        assert Image.open(io.BytesIO(image)).size == size
        assert (size[1] // 28, size[0] // 28) in LAYOUTS


def test_no_handwriting_of_the_test_split_is_shown_and_few_looks_are_frequent() -> None:
    held_out = set(split_indices("test"))
    looks: Counter[int] = Counter()
    for index in range(3000):
        draft = make_row(index, 0, THINKING)
        (drawing,) = draft.images
        assert isinstance(drawing, Drawing)
        assert held_out.isdisjoint(drawing.indices)
        looks[draft.turns[1].text.count("so far")] += 1
    assert (looks[1] + looks[2]) / 3000 == pytest.approx(0.2 + 0.8 * SHORT_SHARE, abs=0.03)
    assert set(looks) == set(range(1, MAX_LOOKS + 1))
    assert min(looks.values()) > 180


@pytest.mark.parametrize(("kind", "columns", "result"), [("sum", 4, 15), ("range", 2, 6), ("evens", 4, 1)])
def test_a_trace_counts_its_looks_and_is_arithmetic(kind: str, columns: int, result: int) -> None:
    text = make_trace([3, 7, 1, 4], columns, kind, 9, random.Random(5), THINKING)
    assert text.startswith("<think>\nI read ")
    thinking, answer = text.removeprefix("<think>\n").split("\n</think>\nFinal answer: ")
    lines = thinking.split("\n")
    assert len(lines) == 9
    assert all(line.startswith(traces.ALL_IGNORE_STRINGS) for line in lines[1:])
    best = lines[-1].split("so far ")[1].split(",")[0].replace("/", "")
    assert traces.working(kind, [int(d) for d in best])[1] == int(answer)
    assert traces.working(kind, [3, 7, 1, 4])[1] == result


def test_the_best_reading_changes_only_for_a_strict_majority() -> None:
    assert traces.best_reading([Counter({3: 1, 8: 1})], [3]) == [3]
    assert traces.best_reading([Counter({3: 1, 8: 2})], [3]) == [8]


def test_readers_misread_as_often_as_declared() -> None:
    rng = random.Random(1)
    wrong = sum(traces.misread(3, rng) == 8 for _ in range(20_000)) / 20_000
    assert wrong == pytest.approx(traces.MISREAD, abs=0.01)
    assert set(traces.LOOK_ALIKE) == set(range(10))


def test_the_untrained_model_is_the_same_for_a_seed_and_loads(tmp_path: Path) -> None:
    import torch

    from s1m.engines.embedded.checkpoint import load_checkpoint
    from s1m.train.model.untrained import build_untrained

    before = torch.random.get_rng_state()
    for name in ("first", "second"):
        build_untrained(tmp_path / name)
    assert torch.equal(before, torch.random.get_rng_state())
    for file in (tmp_path / "first").iterdir():
        assert file.read_bytes() == (tmp_path / "second" / file.name).read_bytes()
    checkpoint = load_checkpoint(str(tmp_path / "first"), device="cpu")
    assert checkpoint.tokenizer("</think>", add_special_tokens=False)["input_ids"] == [
        checkpoint.tokenizer.convert_tokens_to_ids("</think>")
    ]
    text = f"{next(iter(QUESTIONS.values()))} I read 3714, so far 3714"
    assert checkpoint.tokenizer.decode(checkpoint.tokenizer(text)["input_ids"]) == text


def test_every_set_that_the_command_line_names_can_be_made() -> None:
    assert tuple(GENERATORS) == GENERATED_SETS
