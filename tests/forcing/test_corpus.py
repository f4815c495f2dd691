"""Loop detection on a share of the labelled corpus; perf/loops.py measures the whole."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from s1m.forcing.loops.pieces import PIECE
from s1m.forcing.loops.watch import find_loop
from tests.forcing.corpus import Labelled, corpus
from tests.forcing.corpus.recorded import SHARED, recorded


def delay(labelled: Labelled, seen: int) -> int:
    """Pieces between the end of the third copy and where the loop was seen, below nothing when it was seen before."""
    assert labelled.third is not None
    between = labelled.text[min(seen, labelled.third) : max(seen, labelled.third)]
    return len(PIECE.findall(between)) * (1 if seen >= labelled.third else -1)


@pytest.fixture(scope="module")
def texts() -> list[Labelled]:
    return list(corpus(loops=8, cleans=8, seed=7))


@pytest.mark.parametrize("held_out", [False, True], ids=["chosen", "held out"])
def test_loops_are_seen_and_soon(texts: list[Labelled], held_out: bool) -> None:
    loops = [text for text in texts if text.loops and text.held_out == held_out]
    detected = [(text, find_loop(text.text)) for text in loops]
    assert [text.family for text, loop in detected if loop is None][2:] == []
    delays = [delay(text, loop.seen) for text, loop in detected if loop]
    assert statistics.median(delays) < 128


@pytest.mark.parametrize("held_out", [False, True], ids=["chosen", "held out"])
def test_clean_texts_are_left_alone(texts: list[Labelled], held_out: bool) -> None:
    clean = [text for text in texts if not text.loops and text.held_out == held_out]
    assert [(text.family, text.text) for text in clean if find_loop(text.text)] == []


def test_a_loop_begins_where_its_first_copy_does(texts: list[Labelled]) -> None:
    wrong = []
    for text in texts:
        loop = find_loop(text.text) if text.loops and text.family.startswith("exact") else None
        if loop and loop.kind == "exact":
            assert text.first is not None
            wrong.append(abs(loop.start - text.first))
    assert statistics.median(wrong) <= 2


@pytest.mark.shared_data
@pytest.mark.skipif(not Path(SHARED).is_dir(), reason="no shared data beside the checkout")
def test_recorded_responses() -> None:
    texts = list(recorded())
    loops = [text for text in texts if text.loops]
    clean = [text.text for text in texts if not text.loops][::3]
    assert sum(find_loop(text.text) is not None for text in loops) >= 0.98 * len(loops)
    assert sum(find_loop(text) is not None for text in clean) <= 0.002 * len(clean)
