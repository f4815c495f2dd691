"""The text of a request while it is written, decoded a few tokens at a time.

To decode all of it anew whenever somebody listens would cost time that grows with its length. A tokenizer may write a
token differently after another one (a blank, a character of several tokens), so new tokens are decoded together with
the stretch before them, and what that stretch gives alone is taken away:

    heard            I see 4   4 and
    new stretch              [ 4 and| 5]      " 4 and 5" without " 4 and" is " 5"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from s1m.engines.stops import without_partial_stop

UNFINISHED = "\ufffd"
"""What the bytes of a character are decoded to while some of them are missing."""


class Hearing:
    """What a listener has heard of the tokens of one request."""

    def __init__(self, decode: Callable[[Sequence[int]], str], stops: Sequence[str]) -> None:
        """``stops`` are strings of which a listener never hears the beginning, since it may be cut off."""
        self._decode = decode
        self._stops = stops
        self._before = 0
        """Tokens before the stretch that was decoded last."""
        self._read = 0
        """Tokens that were decoded."""
        self._length = 0
        """Characters that they gave."""
        self._held = ""
        """Text that may be the beginning of a stop string."""

    def new(self, tokens: Sequence[int]) -> str:
        """The text that is new now that there are ``tokens``; nothing in the middle of a character.

        Joined, these texts are the beginning of what all tokens are decoded to.
        """
        more = self._more(tokens)
        if more is None:
            return ""
        self._length += len(more)
        self._before, self._read = self._read, len(tokens)
        text = self._held + more
        kept = without_partial_stop(text, self._stops) if self._stops else text
        self._held = text[len(kept) :]
        return kept

    def _more(self, tokens: Sequence[int]) -> str | None:
        """What follows the text so far; None in the middle of a character."""
        both = self._decode(tokens[self._before :])
        if both.endswith(UNFINISHED):
            return None
        if not self._read:
            return both
        known = self._decode(tokens[self._before : self._read])
        if known and both.startswith(known):
            return both[len(known) :]
        # Where the stretch shows nothing by which to tell old from new.
        return self._decode(tokens)[self._length :]
