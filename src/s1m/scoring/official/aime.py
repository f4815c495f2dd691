"""The verdict on an AIME answer that s1's evaluation gives (simplescaling/s1, lm-evaluation-harness, aime/utils.py).

What is boxed last, else all that follows the first "Answer:", else the response; right when it is the gold integer,
zeros in front aside. Anything else is shown to a language model there, so it has no verdict here.
"""

from __future__ import annotations

import re

from s1m.scoring.official.boxed import last_boxed
from s1m.scoring.text.bounds import official_part

_ANSWER = re.compile(r"answer\s*:\s*", re.IGNORECASE)


def extraction_of(response: str) -> str:
    """What the rule cuts out of a response."""
    response = official_part(response)
    boxed = last_boxed(response)
    if boxed is not None:
        return boxed
    match = _ANSWER.search(response)
    return response[match.end() :] if match else response


def official(extraction: str, gold: str) -> bool | None:
    """The verdict on an extraction; None where a language model would give it."""
    if extraction.isdecimal():
        return len(extraction) < 1000 and int(extraction) == int(gold)  # int() refuses very long ones
    return None if extraction.strip() else False
