"""Server-sent events, as far as OpenAI-compatible servers use them: one line of data an event.

data: {"choices": [{"text": " I read", "token_ids": [40, 1349]}]}

data: [DONE]
"""

from __future__ import annotations

from s1m.engines.remote.retry import Transient

MOST_STREAM_BYTES = 256 * 2**20
"""Of a stream as a whole; 100,000 tokens, each an event of its own, take about 40 MiB."""


class Events:
    """The events of an answer that comes in pieces. ``ended``: the stream has said that it is at its end.

    ``most_bytes`` may one event have, or an answer that is not a stream.
    """

    def __init__(self, most_bytes: int) -> None:
        self.ended = False
        self._most_bytes = most_bytes
        self._streams = False
        self._left = bytearray()
        self._bytes = 0

    @property
    def plain(self) -> bytes | None:
        """The whole answer where it is not a stream; None for one that is."""
        return None if self._streams else bytes(self._left)

    def read(self, received: bytes) -> list[bytes]:
        """The data of the events that are complete now. Raises ``Transient`` for an answer that is too large."""
        self._left += received
        self._bytes += len(received)
        if len(self._left) > self._most_bytes or self._bytes > MOST_STREAM_BYTES:
            most = self._most_bytes if len(self._left) > self._most_bytes else MOST_STREAM_BYTES
            raise Transient(f"the reply is larger than {most // 2**20} MiB")
        if not self._streams:
            if not self._left[:64].lstrip().startswith((b"data:", b":", b"event:")):
                return []
            self._streams = True
        *lines, rest = self._left.split(b"\n")
        self._left = rest
        events = []
        for line in lines:
            if self.ended or not line.startswith(b"data:"):
                continue  # a comment that keeps the connection alive, or what an event is called
            data = bytes(line[5:].strip())
            if data == b"[DONE]":
                self.ended = True
            else:
                events.append(data)
        return events
