"""A watch over a text that is read while it is written, or only when it is there."""

from __future__ import annotations

from s1m.forcing.loops.history import Loop
from s1m.forcing.loops.watch import LoopWatch


class LoopReader:
    """Called with stretches of a text by an engine that streams; asked about the whole text afterwards by the flow."""

    def __init__(self) -> None:
        self._watch = LoopWatch()
        self._read = 0

    def __call__(self, text: str) -> bool:
        """Whether the text read so far, this stretch included, repeats itself."""
        self._read += len(text)
        return self._watch.feed(text) is not None

    def loop_in(self, text: str) -> Loop | None:
        """The first loop in ``text``, which begins with what was read already; only the rest of it is read now."""
        unread, self._read = text[self._read :], max(self._read, len(text))
        return self._watch.feed(unread)
