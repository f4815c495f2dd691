"""What an upstream says of a request may quote it; the log has the rest of what it says.

    HTTP 500: cannot encode 'how old is Ada Lovelace' here     ->     HTTP 500: cannot encode [...] here

Quotes are found by runs of words, since servers cut them, escape them and put them into marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

RUN_WORDS = 3
"""Words in a row that are a quote; fewer stand in any sentence."""
LONGEST_WORD = 200
"""Characters of a word; a longer one is a picture."""
LEFT_OUT = "[...]"


def without_quotes(message: str, texts: Iterable[str]) -> str:
    """``message`` on one line, without what it quotes of ``texts``."""
    words = message.split()
    plain = [(_plain(word), at) for at, word in enumerate(words)]
    plain = [(word, at) for word, at in plain if word]
    quoted = [len(word) > LONGEST_WORD for word in words]
    for text in texts:
        said = [word for word in map(_plain, text.split()) if word]
        size = min(RUN_WORDS, len(said))
        known = {tuple(said[start : start + size]) for start in range(len(said) - size + 1)} if size else set()
        for start in range(len(plain) - size + 1 if size else 0):
            run = plain[start : start + size]
            if tuple(word for word, _ in run) in known:
                first, last = run[0][1], run[-1][1]
                quoted[first : last + 1] = [True] * (last + 1 - first)
    return _shown(words, quoted)


def _plain(word: str) -> str:
    """A word without its case, and without the marks around and the escapes within it."""
    return re.sub(r"\\[nrt]|\W", "", word).casefold()


def _shown(words: Sequence[str], quoted: Sequence[bool]) -> str:
    shown: list[str] = []
    for word, is_quoted in zip(words, quoted, strict=True):
        if not is_quoted:
            shown.append(word)
        elif not shown or shown[-1] != LEFT_OUT:
            shown.append(LEFT_OUT)
    return " ".join(shown)
