"""Answers in many dresses: a chain of thought, or none, and then an answer that is known to be right or wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from s1m.scoring.answer import AnswerKind

CHOICE_SETS = (
    ("12", "24", "36", "48"),
    ("60°", "70°", "80°", "85°"),
    ("increase", "decrease", "stay the same", "none of the above"),
    ("Yes", "No"),
    ("30m", "30√{3}m", "(30√{3}+30)m", "(30√{3}-30)m"),
    ("garter snakes", "hognose snakes", "hawks", "grasshoppers"),
    ("2.5", "3.5", "4.0", "5.25", "7"),
    ("$\\frac{1}{2}$", "$\\frac{1}{3}$", "$\\frac{2}{3}$", "$\\frac{7}{9}$"),
    ("Jul '21", "Jun '21", "Mar '21", "May '21", "Apr '21"),
    ("slide", "flip", "turn"),
)

STATED = (
    "The answer is {}.",
    "the answer is {}",
    "Answer: {}",
    "Answer:{}",
    "**Answer:** {}",
    "Final answer: {}",
    "Final Answer: **{}**",
    "### Final Answer\n\n{}",
    "The final answer is {}.",
    "Therefore, the correct answer is {}.",
    "So the answer should be {}.",
    "<answer>{}</answer>",
    "<answer> {} </answer>",
    '{{"answer": "{}"}}',
    "The answer is: {}",
    "The answer is **{}**.",
    "Thus the final answer is {}.",
    "答案是{}",
    "答案：{}",
    "故答案为：{}。",
    "My final answer: {}",
    "ANSWER: {}",
    "The correct answer is therefore {}.",
)
ALONE = ("{}", "{}.", "**{}**", " {}\n", "`{}`", '"{}"')
LETTER_ALONE = (
    "({})",
    "{}",
    "{}.",
    "{})",
    "**{}**",
    "[{}]",
    "Option {}",
    "option {}",
    "{}:",
    "**({})**",
    "\\text{{{}}}",
)
LETTER_BOXED = ("\\boxed{{{}}}", "$\\boxed{{\\text{{{}}}}}$", "\\boxed{{({})}}", "\\[ \\boxed{{\\mathrm{{{}}}}} \\]")
VALUE_BOXED = (
    "\\boxed{{{}}}",
    "$\\boxed{{{}}}$",
    "Thus \\[\\boxed{{{}}}\\]",
    "\\(\\boxed{{{}}}\\)",
    "The result is $\\boxed{{{}}}$.",
)
LETTER_SAID = (
    "故选：{}",
    "因此选{}。",
    "Option {} is correct.",
    "{} is the correct answer.",
    "So, the correct option is {}.",
)
THOUGHTS = (
    "",
    "Let me look at the picture first.\n\n",
    "Let me think. The picture shows 3 lines and 17 dots, and 17 - 3 = 14.\n\n",
    "<think>\nMaybe it is {}? The answer is {}.\nWait, let me check again.\n</think>\n\n",
    "At first glance the answer is {}. Wait, that is not right: I misread the scale.\n\n",
    "Step 1: read the values: 5, 8 and 13.\nStep 2: 5 + 8 = 13, as 1/2 of 26.\nStep 3: compare.\n\n",
    "Since the triangles are similar, $\\frac{{3}}{{4}} = \\frac{{x}}{{8}}$ and so $x = 6$.\n\n",
    "We can rule out {}: it would need 2 more sides.\n",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dressed:
    """A text, what it is asked for, and whether it should score; ``gold`` is a letter for a choice."""

    text: str
    kind: AnswerKind
    gold: str
    choices: tuple[str, ...]
    right: bool


def corpus(count: int, seed: int = 0) -> Iterator[Dressed]:
    """``count`` dressed answers, half of them right, the same ones every time."""
    draw = random.Random(seed)
    makers = (_letter, _letter, _choice_text, _integer, _integer, _number, _list, _yes_no, _text)
    for index in range(count):
        yield draw.choice(makers)(draw, index % 2 == 0)


def _letter(draw: random.Random, right: bool) -> Dressed:
    choices = draw.choice(CHOICE_SETS)
    letters = "ABCDE"[: len(choices)]
    gold = draw.choice(letters)
    said = gold if right else draw.choice([letter for letter in letters if letter != gold])
    other = draw.choice([letter for letter in letters if letter != said])
    dress = draw.randrange(5)
    if dress == 0:
        text = draw.choice(LETTER_BOXED).format(said)
    elif dress == 1:
        text = draw.choice(LETTER_SAID).format(said)
    elif dress == 2:
        text = f"({said}) {choices[letters.index(said)]}"
        text = draw.choice(("{}", "The correct answer is {}.", "Answer: {}", "**{}**")).format(text)
    elif dress == 3:
        text = draw.choice(STATED).format(draw.choice((said, f"({said})", f"{said}.", f"option {said}", f"({said})")))
    else:
        text = draw.choice(LETTER_ALONE).format(said)
    return _dressed(draw, text, f"({other})", kind="choice", gold=gold, choices=choices, right=right)


def _choice_text(draw: random.Random, right: bool) -> Dressed:
    choices = draw.choice(CHOICE_SETS)
    index = draw.randrange(len(choices))
    said = index if right else draw.choice([other for other in range(len(choices)) if other != index])
    text = draw.choice((*STATED[:10], *ALONE[:4])).format(choices[said])
    other = choices[(said + 1) % len(choices)]
    return _dressed(draw, text, other, kind="choice", gold="ABCDE"[index], choices=choices, right=right)


def _integer(draw: random.Random, right: bool) -> Dressed:
    gold = draw.choice((draw.randrange(0, 20), draw.randrange(0, 3000), -draw.randrange(1, 50), draw.randrange(10**6)))
    said = gold if right else gold + draw.choice((-10, -2, -1, 1, 2, 7, 100))
    shapes = [str(said), f"{said:,}", f"{said}.0", f"${said}$", f"{said} cm", f"{2 * said}/2"]
    if 0 <= said < 20:
        shapes.append(WORDS[said])
    return _value(draw, draw.choice(shapes), str(gold + 3), "integer", str(gold), right)


def _number(draw: random.Random, right: bool) -> Dressed:
    gold = round(draw.uniform(-50, 500), 2)
    said = gold if right else round(gold + draw.choice((-7.5, -0.1, 0.05, 1, 3.25)), 2)
    shapes = [f"{said}", f"{said:.2f}", f"{said:.3f}", f"{said:.2f} m/s", f"${said}$", f"{said:e}"]
    return _value(draw, draw.choice(shapes), f"{gold + 2:.2f}", "number", str(gold), right)


def _list(draw: random.Random, right: bool) -> Dressed:
    gold = [draw.randrange(30) for _ in range(draw.randrange(2, 7))]
    said = gold if right else [*gold[:-1], gold[-1] + 1]
    return _value(draw, str(said), "[1, 2]", "list", str(gold), right)


def _yes_no(draw: random.Random, right: bool) -> Dressed:
    gold = draw.choice(("Yes", "No"))
    said = gold if right else "No" if gold == "Yes" else "Yes"
    return _value(draw, draw.choice((said, said.lower(), said.upper())), said, "yes_no", gold, right)


def _text(draw: random.Random, right: bool) -> Dressed:
    gold, wrong = draw.sample(("Paris", "the red line", "Brazil", "3 PM", "left lung", "CO2", "Mr. Brown"), 2)
    return _value(draw, gold if right else wrong, wrong, "text", gold, right)


def _value(draw: random.Random, said: str, other: str, kind: AnswerKind, gold: str, right: bool) -> Dressed:
    boxed = kind in ("integer", "number") and draw.random() < 0.3
    text = draw.choice(VALUE_BOXED if boxed else (*STATED, *ALONE[:4])).format(said)
    return _dressed(draw, text, other, kind=kind, gold=gold, choices=(), right=right)


def _dressed(
    draw: random.Random, text: str, other: str, *, kind: AnswerKind, gold: str, choices: tuple[str, ...], right: bool
) -> Dressed:
    thought = draw.choice(THOUGHTS).replace("{}", other).replace("{{", "{").replace("}}", "}")
    return Dressed(text=thought + text, kind=kind, gold=gold, choices=choices, right=right)


WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
