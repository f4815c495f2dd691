"""Ways in which a benchmark's question turns up elsewhere: written otherwise, with other words, among other text."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Alteration = Callable[[str, random.Random], str]

FILLERS = ("actually", "here", "now", "exactly", "then", "carefully", "indeed", "simply", "clearly", "thus")
BEFORE = (
    "Look at the picture and answer.",
    "<image>\nQuestion:",
    "Here is a problem from a workbook for grade seven.",
    "Solve the following exercise and show how you think.",
)
AFTER = (
    "Please think step by step.",
    "Answer with the option's letter from the given choices directly.",
    "Give your final answer in \\boxed{}.",
    "Hint: it helps to draw a larger sketch.",
)
SYNONYMS = (
    ("what is the", "determine the"),
    ("how many", "what number of"),
    ("the diagram", "the figure"),
    ("the picture", "the image"),
    ("which of the following", "which one of these"),
    ("as shown", "as can be seen"),
    ("is equal to", "equals"),
    ("each", "every"),
    ("big", "large"),
    ("small", "little"),
    ("wants to", "would like to"),
)


def other_case(text: str, rng: random.Random) -> str:
    """In small letters or capitals, without punctuation."""
    text = re.sub(r"[.,;:!?](?=\s|$)", "", text)
    return rng.choice((str.lower, str.upper))(text) if "\\" not in text else text.lower()


def other_latex(text: str, rng: random.Random) -> str:
    """Formulas with other spacing, other delimiters and other names for the same signs."""
    text = re.sub(r"\$([^$]+)\$", lambda match: f"\\( {match[1].strip()} \\)" if rng.random() < 0.7 else match[1], text)
    for old, new in (
        ("\\frac", "\\dfrac"),
        ("\\circ", "\\circ\\,"),
        ("\\mathrm", "\\text"),
        ("=", " = "),
        ("+", " + "),
    ):
        text = text.replace(old, new)
    return re.sub(r"(?<=\b[A-Z]) (?=[A-Z]\b)", "", text)


def words_changed(text: str, rng: random.Random) -> str:
    """Every twelfth word, on average, left out, doubled by another or replaced; no number."""
    kept: list[str] = []
    for word in text.split(" "):
        if not word.isalpha() or rng.random() > 1 / 12:
            kept.append(word)
        elif rng.random() < 0.67:
            kept.extend((rng.choice(FILLERS),) if rng.random() < 0.5 else (word, rng.choice(FILLERS)))
    return " ".join(kept)


def other_phrases(text: str, rng: random.Random) -> str:
    """Every known phrase by another one."""
    for old, new in SYNONYMS:
        text = re.sub(rf"\b{old}\b", new, text, flags=re.IGNORECASE)
    return text


def among_text(text: str, rng: random.Random) -> str:
    """A sentence before it and one behind."""
    return f"{rng.choice(BEFORE)} {text}\n{rng.choice(AFTER)}"


def without_choices(text: str, rng: random.Random) -> str:
    """Without its lettered choices."""
    return re.sub(r"(\n\([A-Z]\) .*)+$", "", text)


def renamed(text: str, rng: random.Random) -> str:
    """Points and unknowns, which are single letters and runs of capitals, have other letters."""
    letters = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    other = dict(zip(letters, letters[7:] + letters[:7], strict=True))
    other |= dict(zip("nxyrst", "mzvkpq", strict=True))
    body, mark, choices = text.partition("\n(A)")
    pattern = r"(?<![A-Za-z\\])(?:[B-HJ-Z]|[nxyrst]|[A-Z]{2,4})(?![A-Za-z])"
    return re.sub(pattern, lambda match: "".join(other[letter] for letter in match[0]), body) + mark + choices


def several(text: str, rng: random.Random) -> str:
    """Three of the others, one after the other."""
    for alter in rng.sample((other_case, other_latex, words_changed, other_phrases, among_text, without_choices), 3):
        text = alter(text, rng)
    return text


ALTERATIONS: dict[str, Alteration] = {
    "case and punctuation": other_case,
    "LaTeX spacing and signs": other_latex,
    "one word in twelve changed": words_changed,
    "other phrases": other_phrases,
    "sentences before and after": among_text,
    "choices dropped": without_choices,
    "variables renamed": renamed,
    "three of these": several,
}


def other_numbers(text: str, rng: random.Random) -> str:
    """The same template: every number another one, every variable renamed. This is another question."""

    def changed(match: re.Match[str]) -> str:
        while True:
            number = str(rng.randint(2, 9 * 10 ** (len(match[0]) - 1)))
            if number != match[0]:
                return number

    return re.sub(r"\d+", changed, renamed(text, rng))
