"""Which examples share a micro-batch, for all epochs at once, before the first step.

Packed, a micro-batch is a row that examples fill up. Grouped, it is some examples of like length. Padded is what
becomes of packed for a class that cannot be packed: rows of like length that hold as many tokens, padding included.
"""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Any, Literal

from s1m.train.settings import TrainSettings
from s1m.train.survey.measure import Survey

Layout = Literal["packed", "grouped", "padded"]

WINDOW = 1024
"""Examples among which row mates are looked for: enough to fill rows, few enough to keep the order random."""


def plan(settings: TrainSettings, lengths: Sequence[int], layout: Layout | None = None) -> list[list[int]]:
    """Every micro-batch of the training, in order; numbers are indices into ``lengths``.

    ``layout`` is by default that of the settings.
    """
    layout = layout or settings.batch
    limit = settings.batch_size if layout == "grouped" else settings.pack_tokens
    batches: list[list[int]] = []
    epoch = 0
    while epoch < settings.epochs:
        if epoch == 0 and settings.order == "short-first":
            fresh = plan_rising(lengths, layout, limit)
        else:
            # A text as the seed, not a sum: seed 1 in epoch 2 must not shuffle as seed 2 in epoch 1 does.
            fresh = plan_epoch(lengths, layout, limit, rng=random.Random(f"{settings.seed}-{epoch}"))
        batches += fresh[: max(1, round(len(fresh) * min(1.0, settings.epochs - epoch)))]
        epoch += 1
    return batches


def planned(settings: TrainSettings, surveyed: Survey, layout: Layout | None = None) -> Any:
    """The plan as a dataset whose rows name the examples of a micro-batch."""
    from datasets import Dataset

    numbers = surveyed.kept.tolist()
    batches = plan(settings, surveyed.lengths.tolist(), layout)
    return Dataset.from_dict({"examples": [[numbers[index] for index in batch] for batch in batches]})


def plan_epoch(lengths: Sequence[int], layout: Layout, limit: int, *, rng: random.Random) -> list[list[int]]:
    """Micro-batches of an epoch, in random order: of at most ``limit`` examples when grouped, else tokens."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    batches: list[list[int]] = []
    for start in range(0, len(order), WINDOW):
        window = sorted(order[start : start + WINDOW], key=lambda example: -lengths[example])
        batches += best_fit(window, lengths, limit) if layout == "packed" else split(window, lengths, layout, limit)
    # Again: within a window the longest examples come first, and the loss would swing with their length.
    rng.shuffle(batches)
    return batches


def plan_rising(lengths: Sequence[int], layout: Layout, limit: int) -> list[list[int]]:
    """Micro-batches of one epoch, from the shortest examples to the longest."""
    return split(sorted(range(len(lengths)), key=lengths.__getitem__), lengths, layout, limit)


def split(order: Sequence[int], lengths: Sequence[int], layout: Layout, limit: int) -> list[list[int]]:
    """An order cut into micro-batches: of ``limit`` examples when grouped; else of as many as ``limit`` tokens hold."""
    if layout == "grouped":
        return cut(order, limit)
    batches: list[list[int]] = []
    longest = total = 0
    for example in order:
        longest = max(longest, lengths[example])
        total += lengths[example]
        filled = total if layout == "packed" else longest * (len(batches[-1]) + 1 if batches else 1)
        if not batches or filled > limit:
            batches.append([])
            longest = total = lengths[example]
        batches[-1].append(example)
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
