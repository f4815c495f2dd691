"""Texts that repeat much without a loop: tables, digits, code, enumerations, proofs, legitimate second looks."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

from tests.forcing.corpus.labelled import EVERYDAY, GEOMETRY, Words

Make = Callable[[random.Random], str]


def number_table(rng: random.Random) -> str:
    columns, rows = rng.randint(2, 6), rng.randint(8, 60)
    head = "| " + " | ".join(rng.sample(["n", "n^2", "sum", "left", "right", "mod 7", "value"], columns)) + " |\n"
    lines = ["| " + " | ".join(str(rng.randint(0, 999)) for _ in range(columns)) + " |\n" for _ in range(rows)]
    return head + "|---" * columns + "|\n" + "".join(lines)


def word_table(rng: random.Random) -> str:
    names = ["Alice", "Bob", "Chen", "Dana", "Emil", "Fatima"]
    states = ["sold", "kept", "broken", "on loan"]
    rows = rng.randint(8, 50)
    lines = [f"| {i} | {rng.choice(names)} | {rng.choice(states)} | {rng.randint(1, 90)} |\n" for i in range(1, rows)]
    return "| row | name | state | pieces |\n|---|---|---|---|\n" + "".join(lines)


def digits(rng: random.Random) -> str:
    return "The digits are " + "".join(rng.choice("0123456789") for _ in range(rng.randint(50, 1500))) + "."


def decimals(rng: random.Random) -> str:
    value = Fraction(rng.randint(1, 60), rng.choice((3, 7, 9, 11, 13, 37, 41, 97, 101)))
    precision = rng.randint(20, 200)
    whole, rest = divmod(value.numerator, value.denominator)
    return f"Dividing gives {whole}.{rest * 10**precision // value.denominator:0{precision}d} and so on."


def cases(rng: random.Random, words: Words = GEOMETRY) -> str:
    return "".join(f"Case {i}: {words.sentence(rng)} {words.sentence(rng)}\n" for i in range(1, rng.randint(5, 25)))


def counting_lines(rng: random.Random) -> str:
    a, b, m = rng.randint(1, 9), rng.randint(1, 9), rng.randint(3, 13)
    shape = rng.randrange(4)
    lines = []
    for n in range(1, rng.randint(10, 41)):
        value = a * n * n + b
        lines.append(
            (
                f"For n = {n}: {a}*{n}^2 + {b} = {value}, and {value} mod {m} = {value % m}.\n",
                f"n = {n} gives {value}, which {'is' if value % m == 0 else 'is not'} divisible by {m}.\n",
                f"{n}. f({n}) = {value}\n",
                f"When n is {n}, we have {value} tiles, so {value - a} of them are white and {a} are black.\n",
            )[shape]
        )
    return "".join(lines)


def checklist(rng: random.Random) -> str:
    thing = rng.choice(("item", "row", "square", "candidate"))
    return "".join(f"{i}. Check {thing} {i} of the list.\n" for i in range(1, rng.randint(8, 60)))


def numbers(rng: random.Random) -> str:
    step = rng.randint(1, 9)
    return rng.choice((" ", ", ", "\n")).join(str(i * step) for i in range(rng.randint(30, 400)))


def similar_code(rng: random.Random) -> str:
    shape = rng.randrange(3)
    lines = []
    for i in range(rng.randint(6, 16)):
        size = rng.choice((16, 32, 64, 128))
        lines.append(
            (
                f"        self.layer{i} = nn.Linear({size}, {rng.choice((16, 32, 64, 128))})\n",
                f"    values[{i}] = compute(values[{i - 1}], {rng.randint(1, 99)})\n",
                f"draw(({i},0)--({i},{rng.randint(1, 9)}),linewidth(0.{rng.randint(1, 9)}));\n",
            )[shape]
        )
    return "```\n" + "".join(lines) + "```\n" + GEOMETRY.prose(rng, 4)


def proof(rng: random.Random) -> str:
    """The same few equations, again and again between other words."""
    known = [f"$x^2 + {rng.randint(2, 9)}x = {rng.randint(10, 99)}$" for _ in range(3)]
    return " ".join(
        f"{GEOMETRY.sentence(rng)} Using {rng.choice(known)} we get on." for _ in range(rng.randint(10, 60))
    )


def looks(rng: random.Random) -> str:
    """The same check up to four times in the same words, then on."""
    a, b = rng.randint(2, 99), rng.randint(2, 99)
    check = rng.choice(
        (
            f"Wait, let me recompute. {a} + {b} = {a + b}. ",
            f"Wait, let me check that again: {a} * {b} = {a * b}, so the area is {a * b}.\n",
            f"Let me verify. The base is {a} and the height is {b}, so half of the product is {a * b / 2}. ",
        )
    )
    looked = "".join(check for _ in range(rng.randint(2, 4)))
    return GEOMETRY.prose(rng, rng.randint(0, 10)) + looked + GEOMETRY.prose(rng, rng.randint(2, 20))


def readings(rng: random.Random) -> str:
    """Eight looks at the same digits in nearly the same words."""
    truth = [rng.randint(0, 9) for _ in range(rng.randint(3, 6))]
    lines = []
    for _ in range(8):
        seen = [digit if rng.random() < 0.9 else rng.randint(0, 9) for digit in truth]
        lines.append(f"I read {''.join(map(str, seen))}, so far {''.join(map(str, truth))}, sum {sum(truth)}.\n")
    return "Wait, ".join(lines)


def rules(rng: random.Random) -> str:
    sign = rng.choice("-=*._#")
    return "".join(GEOMETRY.prose(rng, 3) + "\n" + sign * rng.randint(10, 200) + "\n" for _ in range(rng.randint(1, 5)))


def matrix(rng: random.Random) -> str:
    size = rng.randint(4, 10)
    rows = [" & ".join(str(int(i == j) * rng.choice((1, 1, 2))) for j in range(size)) for i in range(size)]
    return "\\begin{pmatrix}\n" + " \\\\\n".join(rows) + "\n\\end{pmatrix}"


def truth_table(rng: random.Random) -> str:
    names = "ABCDE"[: rng.randint(3, 5)]
    rows = [[number >> k & 1 for k in range(len(names))] for number in range(2 ** len(names))]
    said = {0: rng.choice(("F", "0", "false")), 1: rng.choice(("T", "1", "true"))}
    lines = [" | ".join(said[bit] for bit in (*row, int(any(row)))) for row in rows]
    return " | ".join((*names, "any")) + "\n" + "\n".join(lines) + "\n"


def objects(rng: random.Random) -> str:
    lines = [
        f'  {{"id": {i}, "name": "{rng.choice(EVERYDAY.subjects)}", '
        f'"price": {rng.randint(1, 999) / 10}, '
        f'"sold": {rng.choice(("true", "false"))}}},\n'
        for i in range(rng.randint(5, 40))
    ]
    return "[\n" + "".join(lines) + "]\n"


def derivation(rng: random.Random) -> str:
    """An equation worked on step by step."""
    terms = [f"{rng.randint(2, 19)}{rng.choice(('x', 'y', 'x^2', 'xy', ''))}" for _ in range(rng.randint(5, 9))]
    lines = []
    for _ in range(rng.randint(4, 9)):
        lines.append("&= " + " + ".join(terms) + " \\\\\n")
        if len(terms) > 2:
            terms.pop(rng.randrange(len(terms)))
            terms[rng.randrange(len(terms))] = f"{rng.randint(20, 99)}{rng.choice(('x', 'y', ''))}"
    return "\\begin{align*}\n" + "".join(lines) + "\\end{align*}\n" + EVERYDAY.prose(rng, 3)


def chinese(rng: random.Random) -> str:
    signs = "我们可以看到图中有三个不同的圆形和一个正方因此它面积等于底乘高除以二再把两边加起来就得出答案"
    return "".join(
        "".join(rng.choices(signs, k=rng.randint(6, 20))) + "，。"[rng.random() < 0.4]
        for _ in range(rng.randint(10, 90))
    )


def grid(rng: random.Random) -> str:
    size = rng.randint(4, 9)
    lines = [
        "+---" * size + "+\n" + "".join(f"| {rng.choice(' XO.')} " for _ in range(size)) + "|\n" for _ in range(size)
    ]
    return "".join(lines) + "+---" * size + "+\n"


def quoting(rng: random.Random) -> str:
    """The question, quoted two or three times in a long text."""
    question = f'The question asks: "{EVERYDAY.prose(rng, 2).strip()}" '
    return "".join(question + EVERYDAY.prose(rng, rng.randint(5, 40)) for _ in range(rng.randint(2, 3)))


def options(rng: random.Random) -> str:
    lines = [
        f"({letter}) {rng.choice(EVERYDAY.subjects)} {rng.choice(EVERYDAY.verbs)} {rng.choice(EVERYDAY.objects)} - "
        "This is not necessarily true, so this answer choice can be ruled out.\n"
        for letter in "ABCDE"
    ]
    return EVERYDAY.prose(rng, 5) + "".join(lines) + EVERYDAY.prose(rng, 5)


def months(rng: random.Random) -> str:
    names = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
    return "".join(
        f"In {name}, the shop sold {rng.randint(100, 999)} umbrellas and {rng.randint(100, 999)} hats.\n"
        for name in names
    )


def refrain(rng: random.Random) -> str:
    chorus = EVERYDAY.prose(rng, 2)
    return "\n".join(EVERYDAY.prose(rng, 4) + chorus for _ in range(rng.randint(2, 4)))


def trial_division(rng: random.Random) -> str:
    number = rng.randint(2000, 9999)
    primes = [p for p in range(2, 98) if all(p % q for q in range(2, p))]
    said = ("is not in", "divides")
    return "".join(
        f"{number} / {p} = {number // p} remainder {number % p}, so {p} {said[number % p == 0]} it.\n" for p in primes
    )


def assignments(rng: random.Random) -> str:
    return "".join(f"{chr(97 + i)} = {rng.randint(1, 99)};\n{chr(97 + i)} += {rng.randint(1, 9)};\n" for i in range(26))


def moves(rng: random.Random) -> str:
    names = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"][
        : rng.randint(4, 10)
    ]
    blocks = list("ABCDEFG")
    lines = []
    for name in names:
        i, j = rng.sample(range(7), 2)
        blocks[i], blocks[j] = blocks[j], blocks[i]
        lines.append(f"After the {name} move, the blocks are arranged as follows: {' '.join(blocks)}.\n")
    return EVERYDAY.prose(rng, 3) + "".join(lines) + EVERYDAY.prose(rng, 3)


CHOSEN: dict[str, Make] = {
    "prose": lambda rng: GEOMETRY.prose(rng, rng.randint(5, 150)),
    "number table": number_table,
    "word table": word_table,
    "digits": digits,
    "decimals": decimals,
    "cases": cases,
    "counting lines": counting_lines,
    "checklist": checklist,
    "numbers": numbers,
    "similar code": similar_code,
    "proof": proof,
    "looks": looks,
    "readings": readings,
    "rules": rules,
    "matrix": matrix,
    "objects": objects,
}

HELD_OUT: dict[str, Make] = {
    "everyday prose": lambda rng: EVERYDAY.prose(rng, rng.randint(5, 150)),
    "everyday cases": lambda rng: cases(rng, EVERYDAY),
    "truth table": truth_table,
    "derivation": derivation,
    "chinese": chinese,
    "grid": grid,
    "quoting": quoting,
    "options": options,
    "months": months,
    "refrain": refrain,
    "trial division": trial_division,
    "assignments": assignments,
    "moves": moves,
}
