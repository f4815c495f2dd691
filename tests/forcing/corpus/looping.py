"""Texts that loop: a beginning, then copies of a pattern that run on, exact or drifting, or a passage that returns."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.forcing.corpus.labelled import EVERYDAY, GEOMETRY, Labelled, Words

Pattern = Callable[[random.Random, Words], str]
Drift = Callable[[random.Random, str, int], str]
"""The pattern as its copy number so and so says it."""

RUNS_ON = 2600
"""Characters that copies cover at least, as a runaway goes on to the end of its budget."""

COPIES = 5

SYNONYMS = {
    "the": "this", "is": "was", "and": "plus", "has": "shows", "we": "I", "then": "afterwards", "So": "Thus",
    "a": "one", "of": "in", "must": "should", "value": "number",
    "line": "segment", "area": "surface", "that": "how", "by": "with",
}  # fmt: skip


def exactly(rng: random.Random, pattern: str, number: int) -> str:
    return pattern


def other_numbers(rng: random.Random, pattern: str, number: int) -> str:
    """Every number is another one with probability a half."""
    return re.sub(r"\d+", lambda old: str(rng.randint(2, 99)) if rng.random() < 0.5 else old[0], pattern)


def counting(rng: random.Random, pattern: str, number: int) -> str:
    return pattern.replace("#", str(number))


def synonyms(rng: random.Random, pattern: str, number: int) -> str:
    """Every known word is another one with probability 0.15."""
    return re.sub(r"[A-Za-z]+", lambda old: SYNONYMS.get(old[0], old[0]) if rng.random() < 0.15 else old[0], pattern)


def dropped(rng: random.Random, pattern: str, number: int) -> str:
    """Every word is left out with probability 0.03."""
    return "".join(word for word in re.split(r"(?<= )", pattern) if rng.random() >= 0.03)


def swapped(rng: random.Random, pattern: str, number: int) -> str:
    """Two neighbouring words change places."""
    words = pattern.split(" ")
    at = rng.randrange(max(1, len(words) - 2))
    words[at : at + 2] = reversed(words[at : at + 2])
    return " ".join(words)


def opening(rng: random.Random, pattern: str, number: int) -> str:
    """Each copy begins with another word."""
    return rng.choice(("So, ", "Thus, ", "Again, ", "Then ", "Hence ", "This means that ", "Wait, ", "")) + pattern


def inserted(rng: random.Random, pattern: str, number: int) -> str:
    """A word is put in somewhere in two copies of three."""
    words = pattern.split(" ")
    if number % 3:
        words.insert(rng.randrange(1, len(words)), rng.choice(("really", "also", "indeed", "simply", "again", "here")))
    return " ".join(words)


def other_words_and_numbers(rng: random.Random, pattern: str, number: int) -> str:
    return synonyms(rng, other_numbers(rng, pattern, number), number)


def sentences(least: int, most: int, opening: str = "") -> Pattern:
    """A paragraph with a length in it."""

    def paragraph(rng: random.Random, words: Words) -> str:
        said = [words.sentence(rng) for _ in range(rng.randint(least, most))]
        said[rng.randrange(len(said))] = words.length(rng)
        return opening + " ".join(said) + rng.choice((" ", "\n", "\n\n"))

    return paragraph


def listed(rng: random.Random, words: Words) -> str:
    return "".join(f"- {words.sentence(rng)}\n" for _ in range(rng.randint(2, 6)))


def one_of(*patterns: str) -> Pattern:
    return lambda rng, words: rng.choice(patterns)


def prose(least: int, most: int) -> Pattern:
    return lambda rng, words: words.prose(rng, rng.randint(least, most))


def function(rng: random.Random, words: Words) -> str:
    """A few lines of code."""
    name, other = rng.sample(["total", "width", "left", "count", "index", "value"], 2)
    return (
        f"def find_{name}({other}):\n    {name} = 0\n    for item in {other}:\n"
        f"        if item > {rng.randint(2, 50)}:\n"
        f"            {name} += item\n    return {name}\n\n"
    )


def equation(rng: random.Random, words: Words) -> str:
    """A line of a proof."""
    a, b = rng.randint(2, 30), rng.randint(2, 30)
    return rng.choice(
        (
            f"\\frac{{{a}}}{{{b}}} \\cdot x + \\sqrt{{{a}^2 - y}} = \\frac{{{b}}}{{{a}}} \\cdot y + {a * b}\n",
            f"Since $AB = {a}$ and $BC = {b}$, we have $AC^2 = {a}^2 + {b}^2 = {a * a + b * b}$.\n",
            f"$\\angle ABC = \\angle ACB = {a}^\\circ$, so $\\angle BAC = {180 - 2 * a}^\\circ$. ",
        )
    )


@dataclass(frozen=True, kw_only=True)
class Family:
    """What is copied, how copies drift, how many sentences at most stand before them, and between them."""

    pattern: Pattern
    drift: Drift = exactly
    before: int = 40
    between: tuple[int, int] = (0, 0)

    def make(self, name: str, rng: random.Random, words: Words) -> Labelled:
        """One text; a budget ends it in mid copy."""
        pattern = self.pattern(rng, words)
        before = words.prose(rng, rng.randint(0, self.before))
        return looping(name, rng, pattern, self.drift, before, lambda: words.prose(rng, rng.randint(*self.between)))


def looping(
    family: str, rng: random.Random, pattern: str, drift: Drift, before: str, between: Callable[[], str] = str
) -> Labelled:
    """Copies of a pattern after a beginning; what ``between`` gives stands between two of them."""
    text, third, number = before, 0, 0
    while number < COPIES or len(text) - len(before) < RUNS_ON:
        number += 1
        text += drift(rng, pattern, number)
        third = len(text) if number == 3 else third
        text += between()
    text = text[: max(third + 400, len(text) - rng.randrange(len(pattern)))]
    return Labelled(family=family, text=text, first=len(before), third=third)


CHOSEN: Mapping[str, Family] = {
    "exact sentence": Family(pattern=lambda rng, words: words.sentence(rng) + " "),
    "exact paragraph": Family(pattern=sentences(2, 12), before=60),
    "exact short": Family(
        pattern=one_of("The answer is 5. ", "Let me check again. ", "I am not sure. ", "So it is B.\n", "no, wait, ")
    ),
    "exact list": Family(pattern=listed),
    "near numbers": Family(pattern=sentences(3, 8), drift=other_numbers),
    "near synonyms": Family(pattern=sentences(2, 8), drift=synonyms),
    "near dropped": Family(pattern=sentences(2, 8), drift=dropped),
    "near counter": Family(pattern=sentences(2, 5, "Attempt #: "), drift=counting),
    "passage": Family(pattern=prose(8, 16), between=(6, 16)),
    "run": Family(pattern=one_of("a-", "!", "0", "x + ", "$\\end{pmatrix}", "7 x ")),
}

HELD_OUT: Mapping[str, Family] = {
    "exact code": Family(pattern=function),
    "exact equation": Family(pattern=equation),
    "exact chinese": Family(
        pattern=one_of(
            "我们再看一下这个三角形的面积，底边是六，高是八，所以面积等于二十四。",
            "根据题目中的条件，我们可以得到以下等式，然后把两个等式联立起来求解。",
            "等一下，让我重新检查一遍图中的数字，看看前面的计算是不是有错误。",
        )
    ),
    "exact long": Family(pattern=prose(15, 40), before=80),
    "near opening": Family(pattern=sentences(1, 4), drift=opening),
    "near swapped": Family(pattern=sentences(3, 8), drift=swapped),
    "near inserted": Family(pattern=sentences(2, 8), drift=inserted),
    "near words and numbers": Family(pattern=sentences(3, 6), drift=other_words_and_numbers),
    "near step": Family(pattern=sentences(1, 3, "Step #. Let me look at the picture again. "), drift=counting),
    "passage everyday": Family(pattern=prose(8, 14), between=(4, 14)),
}


def made(held_out: bool) -> tuple[Mapping[str, Family], Words]:
    """The families of one lot and the words they use."""
    return (HELD_OUT, EVERYDAY) if held_out else (CHOSEN, GEOMETRY)
