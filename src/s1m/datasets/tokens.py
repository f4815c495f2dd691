"""The number of tokens of a text, for millions of texts: exactly as a tokenizer cuts it, or estimated without one.

Qwen's tokenizers cut a text into words by a pattern, always before a single blank, and each word by itself. Few words
are new after a while, so counting is looking words up: several times as fast as the tokenizer, and equal to it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from s1m.engines.embedded.checkpoint import place_of
from s1m.errors import UsageError

CHARACTERS_PER_TOKEN = 4
"""English prose with the tokenizers of today's models; digits and LaTeX have fewer characters a token."""
ESTIMATED = "estimated: characters / 4"
"""How tokens were counted without a tokenizer."""
MOST_WORDS = 200_000
"""Words, and lines that cannot be cut, that are remembered at most."""
# Compared with what a tokenizer's file says, letter by letter, so it stays on one line. Its branches: 's of "it's";
# " word" with one sign before it; a single digit; " ..." of signs; line breaks; blanks but the last; other blanks.
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How the tokenizers of Qwen2 and later cut a text into words."""
LINE_END = re.compile(r"\n(?=[ \t]*\S)")
"""A break that no blank line follows: the tokenizers always cut there."""
BLANK_AFTER_SPACE = re.compile(r"\s ")


@dataclass(frozen=True)
class TokenCounter:
    """Counts tokens by the tokenizer of a folder, a Hub id, or the ``bundled`` model; without a name it estimates."""

    tokenizer: str = ""

    @property
    def by(self) -> str:
        """How tokens are counted, for messages."""
        name = Path(self.tokenizer).name if Path(self.tokenizer).exists() else self.tokenizer
        return f"counted by {name}" if name else ESTIMATED

    def check(self) -> TokenCounter:
        """Itself. Raises ``UsageError`` when the tokenizer cannot be loaded."""
        if self.tokenizer:
            _counter(self.tokenizer)
        return self

    def __call__(self, text: str) -> int:
        """Tokens of a text."""
        return self.count([text])[0]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        if not self.tokenizer:
            return [-(-len(text) // CHARACTERS_PER_TOKEN) for text in texts]
        return _counter(self.tokenizer)(texts)


@cache
def _counter(name: str) -> Callable[[Sequence[str]], list[int]]:
    """What counts by the tokenizer called ``name``, loaded once a process."""
    tokenizer = _load(name)
    spec = json.loads(tokenizer.to_str())
    if not _cuts_before_blanks(spec):
        return lambda texts: [len(each) for each in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    counter = _Texts(tokenizer, [token["content"] for token in spec["added_tokens"]])
    return lambda texts: [counter.count(text) for text in texts]


def _load(name: str) -> Any:
    try:
        from huggingface_hub.utils import logging as hub_logging
        from tokenizers import Tokenizer
    except ImportError:
        raise UsageError("counting tokens needs tokenizers: pip install 's1m[local]'") from None
    hub_logging.set_verbosity(logging.ERROR)  # our own error reports what goes wrong
    folder = Path(place_of(name)).expanduser()
    file = folder / "tokenizer.json" if folder.is_dir() else folder
    try:
        return Tokenizer.from_file(str(file)) if file.is_file() else Tokenizer.from_pretrained(name)
    except Exception as error:  # missing and broken files raise many errors, reported alike
        why = str(error).partition("\n")[0]
        raise UsageError(
            f"tokenizer {name} cannot be loaded ({why}); it is bundled, a folder with a tokenizer.json, or a Hub id"
        ) from None


def _cuts_before_blanks(spec: dict[str, Any]) -> bool:
    """Whether a tokenizer always cuts between a character and the blank after it: one with the pattern of Qwen2."""
    parts = (spec["pre_tokenizer"] or {}).get("pretokenizers", ())
    as_it_is = spec["normalizer"] is None or spec["normalizer"]["type"] == "NFC"
    plain = all(not (token["lstrip"] or token["rstrip"] or token["single_word"]) for token in spec["added_tokens"])
    if not (as_it_is and plain and [part["type"] for part in parts] == ["Split", "ByteLevel"]):
        return False
    split, to_bytes = parts
    isolated = split["behavior"] == "Isolated" and not split["invert"]
    untouched = not to_bytes["use_regex"] and not to_bytes["add_prefix_space"]
    return isolated and untouched and split["pattern"].get("Regex") == PATTERN


class _Words(dict[str, int]):
    """Tokens of every word that has been seen, each with what stood before it."""

    def __init__(self, tokenizer: Any, before: str = "") -> None:
        self._tokenizer = tokenizer
        self._before = before

    def __missing__(self, word: str) -> int:
        if len(self) >= MOST_WORDS:
            # Common words are back at once; to know which words are old would cost more at every look-up.
            self.clear()
        tokens = self[word] = len(self._tokenizer.encode(self._before + word, add_special_tokens=False).ids)
        return tokens


class _Texts:
    """Counts texts by their words."""

    def __init__(self, tokenizer: Any, added: Sequence[str]) -> None:
        # The longest first: a branch that is the beginning of another would hide it.
        special = "|".join(re.escape(token) for token in sorted(added, key=len, reverse=True))
        # (?!) matches nowhere; an empty pattern would match everywhere.
        self._added = re.compile(special or r"(?!)")
        self._first = _Words(tokenizer)
        self._later = _Words(tokenizer, before=" ")

    def count(self, text: str) -> int:
        """Tokens of a text."""
        parts = self._added.split(text)
        return len(parts) - 1 + sum(map(self._count, parts))

    def _count(self, text: str) -> int:
        """Tokens of a text without special ones: every line with the break that ends it."""
        *lines, last = LINE_END.split(text)
        return sum(self._line(f"{line}\n") for line in lines) + self._line(last)

    def _line(self, line: str) -> int:
        """Tokens of a line, indented or not. Where a blank follows another within it, no cut is certain."""
        words = line.lstrip(" \t")
        # Four searches for fixed texts, which are faster than the pattern; other white space occurs beyond ASCII alone.
        is_uncertain = "  " in words or "\n " in words or "\t " in words or "\r " in words
        if is_uncertain or (not words.isascii() and BLANK_AFTER_SPACE.search(words)):
            return self._first[line]
        first, *later = words.split(" ")
        return self._first[line[: len(line) - len(words)] + first] + sum(map(self._later.__getitem__, later))
