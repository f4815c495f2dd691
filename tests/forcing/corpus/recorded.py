"""Recorded responses of published models beside the checkout, labelled by hand where they repeat themselves."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from tests.forcing.corpus.labelled import Labelled
from tests.forcing.corpus.looping import dropped, exactly, looping, other_numbers, synonyms

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"

LEAST = 200
"""Characters of a response that is worth reading."""

LOOPING = {
    "InternLM-XComposer2-VL-CoT": (
        "82 196 229 336 337 606 673 869 976 1066 1157 1177 1185 1279 1423 1567 1640 1699 1834 1846 1970 1992 "
        "1995 2008 2013 2042 2080 2082 2088 2095 2096 2099 2194 2196 2209 2229 2254 2262 2264 2274 2278 2292 "
        "2305 2324 2334 2378 2398 2439 2480 2493 2494 2518 2530 2549 2583 2607 2640 2659 2668 2690 2760 "
        "2763 2910 2941 2943 2963 2968 2975 2980 2990 2991"
    ),
    "Qwen-VL-Max-CoT": (
        "227 236 315 479 723 1098 1236 1257 1473 1641 2044 2057 2098 2236 2286 2410 2425 2474 2475 2481 2743 2765 2803"
    ),
    "SPHINX-MoE": "672",
    "chatgpt_2shot_solution": "776 832 915",
    "idefics_9b_instruct": (
        "377 485 4 9 16 22 37 38 72 84 96 104 108 112 116 130 132 142 159 169 183 187 210 235 237 240 250 252 297 "
        "322 379 385 391 402 409 441 453 461 466 495 526 528 534 548 551 592 599 620 643 648 673 697 713 720 "
        "739 753 769 780 793 797 802 833 838 866 872 912 934 949"
    ),
    "llama_adapter_v2": "282",
    "llava_llama_2_13b": "359 832 865",
}
"""Responses that loop until they are cut, by model and row."""

CUT_SOON = {
    "InternLM-XComposer2-VL-CoT": "1996 2329 2958 2038 2098 2116 2123 2356 2386 2460 2899",
    "idefics_9b_instruct": (
        "44 154 123 188 197 201 218 241 245 251 259 330 352 516 524 541 581 627 631 689 728 752 790 865 904 962 973 984"
    ),
    "llama_adapter_v2": "469 717 832 925",
}
"""Responses that loop and are cut within 256 tokens of the third copy: too soon to ask that they be seen."""

UNCERTAIN = {
    "Gemini-Pro-CoT": "494 740 993 1530 1578 2072 2847",
    "InternLM-XComposer2-VL-CoT": "1866 2061 2074 2501 2786 2047 1448 1648 1936 1276",
    "Qwen-VL-Max-CoT": "958 1490 2100",
}
"""Responses that count on for long in the same words, some of them up to an answer: a matter of taste."""


def responses() -> Iterator[tuple[str, int, str]]:
    """Model, row and text of every recorded response of some length."""
    for path in sorted([*SHARED.glob("mathvision_outputs/*.jsonl"), *SHARED.glob("mathvista/*.jsonl")]):
        with path.open(encoding="utf-8") as lines:
            for row, line in enumerate(lines):
                text = json.loads(line)["response"] or ""
                if len(text) >= LEAST:
                    yield path.stem, row, text


def recorded() -> Iterator[Labelled]:
    """All responses that are certainly looping, long enough, or certainly clean. Starts of loops are not labelled."""
    left_out = rows(CUT_SOON) | rows(UNCERTAIN)
    loops = rows(LOOPING)
    for model, row, text in responses():
        if (model, row) in loops:
            yield Labelled(family="recorded", text=text, third=len(text))
        elif (model, row) not in left_out:
            yield Labelled(family="recorded", text=text)


def rows(by_model: dict[str, str]) -> set[tuple[str, int]]:
    """Model and row of each response that is listed."""
    return {(model, int(row)) for model, listed in by_model.items() for row in listed.split()}


def derailed(count: int, seed: int = 0) -> Iterator[Labelled]:
    """Clean responses, cut somewhere, that say their last sentence, line or paragraph again and again."""
    rng = random.Random(seed)
    honest = [text for text in recorded() if not text.loops and len(text.text) > 400]
    for number in range(count):
        said = rng.choice(honest).text
        before = said[: rng.randrange(len(said) // 2, len(said))]
        ends = [end.end() for end in re.finditer(r"[.!?]\s|\n+", before)]
        pattern = before[ends[-rng.randint(2, min(5, len(ends)))] : ends[-1]] if len(ends) > 2 else ""
        if len(pattern.split()) < 6:
            continue
        drift = (exactly, other_numbers, synonyms, dropped)[number % 4]
        yield looping(f"derailed, {drift.__name__}", rng, pattern, drift, before[: ends[-1] - len(pattern)])
