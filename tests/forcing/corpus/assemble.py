"""The corpus: a given number of texts of each family."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from tests.forcing.corpus import clean, looping
from tests.forcing.corpus.labelled import Labelled


def corpus(loops: int, cleans: int, seed: int = 0) -> Iterator[Labelled]:
    """``loops`` looping and ``cleans`` clean texts of every made family, the same for the same seed."""
    for held_out in (False, True):
        families, words = looping.made(held_out)
        for family, maker in families.items():
            for number in range(loops):
                made = maker.make(family, random.Random(f"{seed} {family} {number}"), words)
                yield replace(made, held_out=held_out)
        for family, write in (clean.HELD_OUT if held_out else clean.CHOSEN).items():
            for number in range(cleans):
                text = write(random.Random(f"{seed} {family} {number}"))
                yield Labelled(family=family, text=text, held_out=held_out)
