"""Traces as long as S1-M's, each with a picture of its own size, for measurements of training.

The text consists of looks at digits, cut to lengths from a log-normal distribution with the median (470) and the mean
(870) of S1-M's data.
"""

from __future__ import annotations

import json
import math
import random
from itertools import chain, repeat
from pathlib import Path
from statistics import NormalDist
from typing import Any

from PIL import Image

from s1m.datasets.sources.digits import make_trace
from s1m.families import Delimiters

LONGEST = 7800
"""Tokens of a response; with picture and question it stays below 8,192."""
QUESTION = "What is the sum of the digits?"


def lengths(count: int, rng: random.Random) -> list[int]:
    """Tokens of ``count`` responses: evenly spaced quantiles, in random order."""
    spread = NormalDist(6.15, 1.11)
    drawn = [spread.inv_cdf((index + 0.5) / count) for index in range(count)]
    rng.shuffle(drawn)
    return [min(LONGEST, max(24, round(math.exp(exponent)))) for exponent in drawn]


def write_traces(folder: Path, tokens: list[int], tokenizer: Any, rng: random.Random) -> Path:
    """Write ``traces.jsonl`` in S1-M's format, and beside it pictures of 4 to 256 visual tokens."""
    rows = []
    for number, length in enumerate(tokens):
        size = (28 * rng.randint(2, 16), 28 * rng.randint(2, 16))
        picture = Image.effect_noise(size, 80)
        picture.convert("RGB").save(folder / f"{number}.png")
        rows.append({"image": f"{number}.png", "prompt": QUESTION, "response": trace(length, tokenizer, rng)})
    path = folder / "traces.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def trace(length: int, tokenizer: Any, rng: random.Random) -> str:
    """A response of about ``length`` tokens."""
    looks = chain.from_iterable(
        make_trace([rng.randrange(10) for _ in range(4)], 4, "sum", 10, rng, Delimiters("", "")).splitlines()[1:-2]
        for _ in repeat(None)
    )
    lines, ids = [], 0
    while ids < length:
        lines.append(next(looks))
        ids += len(tokenizer(lines[-1] + "\n")["input_ids"])
    thinking = tokenizer.decode(tokenizer("\n".join(lines))["input_ids"][: max(1, length - 16)])
    return Delimiters("<think>", "</think>").around(thinking, "Final answer: 12")
