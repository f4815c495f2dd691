"""Which examples share a micro-batch, for all epochs at once, before the first step.

Packed, a micro-batch is a row that examples fill up; grouped, it is some examples of like length.
"""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Any

from s1m.train.settings import TrainSettings
from s1m.train.survey.measure import Survey

WINDOW = 1024
"""Examples among which row mates are looked for: enough to fill rows, few enough to keep the order random."""


def plan(settings: TrainSettings, lengths: Sequence[int]) -> list[list[int]]:
    """Every micro-batch of the training, in order; numbers are indices into ``lengths``."""
    capacity = settings.pack_tokens if settings.batch == "packed" else None
    batches: list[list[int]] = []
    epoch = 0
    while epoch < settings.epochs:
        if epoch == 0 and settings.order == "short-first":
            fresh = plan_rising(lengths, capacity=capacity, size=settings.batch_size)
        else:
            # A text as the seed, not a sum: seed 1 in epoch 2 must not shuffle as seed 2 in epoch 1 does.
            rng = random.Random(f"{settings.seed}-{epoch}")
            fresh = plan_epoch(lengths, capacity=capacity, size=settings.batch_size, rng=rng)
        batches += fresh[: max(1, round(len(fresh) * min(1.0, settings.epochs - epoch)))]
        epoch += 1
    return batches


def planned(settings: TrainSettings, surveyed: Survey) -> Any:
    """The plan as a dataset whose rows name the examples of a micro-batch."""
    from datasets import Dataset

    numbers = surveyed.kept.tolist()
    batches = plan(settings, surveyed.lengths.tolist())
    return Dataset.from_dict({"examples": [[numbers[index] for index in batch] for batch in batches]})


def plan_epoch(lengths: Sequence[int], *, capacity: int | None, size: int, rng: random.Random) -> list[list[int]]:
    """Micro-batches of an epoch, in random order: of at most ``capacity`` tokens, or, with None, ``size`` examples."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    batches: list[list[int]] = []
    for start in range(0, len(order), WINDOW):
        window = sorted(order[start : start + WINDOW], key=lambda example: -lengths[example])
        batches += cut(window, size) if capacity is None else best_fit(window, lengths, capacity)
    # Again: within a window the longest examples come first, and the loss would swing with their length.
    rng.shuffle(batches)
    return batches


def plan_rising(lengths: Sequence[int], *, capacity: int | None, size: int) -> list[list[int]]:
    """Micro-batches of one epoch, from the shortest examples to the longest."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    if capacity is None:
        return cut(order, size)
    batches: list[list[int]] = []
    left = 0
    for example in order:
        if lengths[example] > left:
            batches.append([])
            left = capacity
        batches[-1].append(example)
        left -= lengths[example]
    return batches


def cut(order: Sequence[int], size: int) -> list[list[int]]:
    """Cut an order into batches of ``size``."""
    return [list(order[start : start + size]) for start in range(0, len(order), size)]


def best_fit(window: Sequence[int], lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Rows filled with examples, longest first, each into the row where it leaves the least room.

    Best fit in decreasing order needs at most 11/9 of the fewest rows, plus 4 (D. S. Johnson et al., SIAM J. Comput. 3,
    1974).
    """
    rows: list[list[int]] = []
    room: list[tuple[int, int]] = []  # tokens left and the number of their row, ascending, so that a search is cheap
    for example in window:
        # -1 is under every number of a row, so that a row with exactly this room is not passed over.
        tightest = bisect_left(room, (lengths[example], -1))
        if tightest == len(room):
            rows.append([example])
            insort(room, (capacity - lengths[example], len(rows) - 1))
        else:
            left, row = room.pop(tightest)
            rows[row].append(example)
            insort(room, (left - lengths[example], row))
    return rows
