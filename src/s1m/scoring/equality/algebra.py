"""The process in which formulas are compared: reads pairs as lines of JSON, writes True or False. See expression.py."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import resource
import sys

MEMORY_BYTES = 4 * 2**30
"""What it may allocate: a formula that needs more does not match."""

_ARITHMETIC = re.compile(r"[\d\s.+\-*/()%]*")

_WARM_UP = ("x^2-1", r"(x-1)\sqrt{x}")


def main() -> None:
    """Answer until the input ends."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    # Without it a power of powers takes the memory of the machine before the time is over.
    # macOS refuses this limit; there the time alone bounds a formula.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable(logging.CRITICAL)
    readers = {"latex": (LatexExtractionConfig(),), "plain": (ExprExtractionConfig(),)}
    # The first formula builds tables of the parser, which takes longer than a comparison may.
    verify(*(parse(f"${text}$", readers["latex"], parsing_timeout=None) for text in _WARM_UP), timeout_seconds=None)
    print("ready", flush=True)  # noqa: T201 - this is how it answers
    for line in sys.stdin:
        try:
            gold, prediction = (
                parse(f"${text.strip().strip('$')}$", readers[_notation(text)], parsing_timeout=None)
                for text in json.loads(line)
            )
            same = verify(gold, prediction, timeout_seconds=None)
        except Exception:  # what sympy cannot do does not match
            same = False
        print(bool(same), flush=True)  # noqa: T201


def _notation(text: str) -> str:
    """How a formula is written. The plain reader takes any number out of a text that is not one: 1 out of 1+x."""
    return "plain" if _ARITHMETIC.fullmatch(text.strip().strip("$")) else "latex"


if __name__ == "__main__":
    main()
