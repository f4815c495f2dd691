"""Families written last: kitchen, money and maps instead of geometry.

When they were first measured, 346 of 360 loops were seen and 0 of 320 clean texts flagged; the 14 loops that were
missed (near scaled) then led to the limits for a number that counts in many words (``WORDY``).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping

from tests.forcing.corpus.labelled import Labelled, Words
from tests.forcing.corpus.looping import Family, counting, exactly, prose, sentences, swapped

KITCHEN = Words(
    links=("First", "Meanwhile", "Afterwards", "To be safe,", "As the recipe says,", "Later on", "Hmm,", "Okay,"),
    subjects=("the dough", "a cup of flour", "the oven", "my budget", "the receipt", "route B", "the ferry"),
    verbs=("needs", "rises above", "costs less than", "leads past", "is stirred into", "waits for", "replaces"),
    objects=("the second bowl", "forty minutes of rest", "what we paid", "a pinch of salt", "the bus stop"),
)  # fmt: skip


def shortened(rng: random.Random, pattern: str, number: int) -> str:
    """The first words of the pattern are left out of every other copy."""
    return pattern if number % 2 else " ".join(pattern.split(" ")[3:])


def scaled(rng: random.Random, pattern: str, number: int) -> str:
    """The one number in it is doubled from copy to copy."""
    return pattern.replace("#", str(3 * 2 ** min(number, 40)))


def doubted(rng: random.Random, pattern: str, number: int) -> str:
    """A doubt of changing words before each copy."""
    return rng.choice(("Hmm, no. ", "Is that so? ", "Let me see. ", "But wait. ", "Hold on. ")) + pattern


LOOPS: Mapping[str, Family] = {
    "exact doubt": Family(pattern=sentences(1, 4, "Hmm, let me look once more. ")),
    "exact steps": Family(pattern=lambda rng, words: "".join(f"{i}. {words.sentence(rng)}\n" for i in range(1, 5))),
    "exact rows": Family(pattern=lambda rng, words: f"| {words.sentence(rng)} | {rng.randint(1, 99)} | yes |\n"),
    "near shortened": Family(pattern=sentences(2, 6), drift=shortened),
    "near scaled": Family(pattern=sentences(2, 5, "With # grams: "), drift=scaled),
    "near doubted": Family(pattern=sentences(2, 6), drift=doubted),
    "near swapped kitchen": Family(pattern=sentences(2, 5), drift=swapped),
    "near tries": Family(pattern=sentences(2, 4, "Try number #, as before. "), drift=counting),
    "passage kitchen": Family(pattern=prose(10, 15), drift=exactly, between=(5, 15)),
}


def shopping(rng: random.Random) -> str:
    goods = rng.sample(
        [
            "flour",
            "eggs",
            "butter",
            "milk",
            "sugar",
            "salt",
            "rice",
            "tea",
            "coffee",
            "bread",
            "honey",
            "beans",
            "pears",
            "figs",
        ],
        12,
    )
    return "".join(f"- {rng.randint(1, 9)} x {good} at {rng.randint(50, 900) / 100:.2f} each\n" for good in goods)


def ledger(rng: random.Random) -> str:
    sum_so_far = 0
    lines = []
    for day in range(1, rng.randint(8, 31)):
        paid = rng.randint(1, 60)
        sum_so_far += paid
        lines.append(f"Day {day}: we pay {paid} and have paid {sum_so_far} so far.\n")
    return "".join(lines)


def timetable(rng: random.Random) -> str:
    return "".join(
        f"{hour:02d}:{rng.randint(0, 59):02d} bus {rng.randint(1, 40)} to {rng.choice(KITCHEN.objects)}\n"
        for hour in range(5, 24)
    )


def binary(rng: random.Random) -> str:
    return " ".join(f"{rng.randrange(256):08b}" for _ in range(rng.randint(8, 80)))


def markup(rng: random.Random) -> str:
    rows = [f"<tr><td>{rng.choice(KITCHEN.subjects)}</td><td>{rng.randint(1, 99)}</td></tr>\n" for _ in range(25)]
    return "<table>\n" + "".join(rows[: rng.randint(5, 25)]) + "</table>\n"


def induction(rng: random.Random) -> str:
    k = rng.randint(3, 9)
    said = "For k = {}, the sum is {}, and the formula gives that, too. It holds.\n"
    lines = [said.format(i, i * (i + 1) // 2) for i in range(1, k)]
    return "".join(lines) + KITCHEN.prose(rng, 6)


def second_thoughts(rng: random.Random) -> str:
    a, b = rng.randint(2, 50), rng.randint(2, 50)
    thought = f"Wait, did I add that right? {a} plus {b} makes {a + b}. Yes. "
    return "".join(thought + KITCHEN.prose(rng, rng.randint(0, 2)) for _ in range(rng.randint(2, 6)))


CLEAN: Mapping[str, Callable[[random.Random], str]] = {
    "kitchen prose": lambda rng: KITCHEN.prose(rng, rng.randint(5, 120)),
    "shopping": shopping,
    "ledger": ledger,
    "timetable": timetable,
    "binary": binary,
    "markup": markup,
    "induction": induction,
    "second thoughts": second_thoughts,
}


def unseen(loops: int, cleans: int, seed: int = 0) -> Iterator[Labelled]:
    """``loops`` looping and ``cleans`` clean texts of each of these families."""
    for family, maker in LOOPS.items():
        for number in range(loops):
            yield maker.make(family, random.Random(f"{seed} {family} {number}"), KITCHEN)
    for family, write in CLEAN.items():
        for number in range(cleans):
            yield Labelled(family=family, text=write(random.Random(f"{seed} {family} {number}")))
