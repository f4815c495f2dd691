r"""What a response boxes last, as the scorers of MATH and those after it cut it out.

last_boxed(r"so \boxed{\frac{1}{2}}.")    r"\frac{1}{2}"
last_boxed(r"\boxed 7$ it is")            "7": without braces, up to the next dollar sign
last_boxed(r"\boxed{7")                   None: the box never closes
"""

from __future__ import annotations

import re

_BARE = re.compile(r"\\boxed ([^$]*)")
_BOX = re.compile(r"\\f?box(?:ed)?(?=\{)")


def last_boxed(text: str) -> str | None:
    r"""What the last ``\boxed{...}`` holds, its braces balanced; None without one that closes."""
    bare = _BARE.findall(text)
    if bare:
        return str(bare[-1])
    boxes = list(_BOX.finditer(text))
    return balanced(text, boxes[-1].end()) if boxes else None


def balanced(text: str, start: int) -> str | None:
    """What stands between the brace at ``start`` and the one that closes it; None where none does."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 1 : place]
    return None
