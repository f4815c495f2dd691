"""A child process with everything it starts: its output passes through, and no process of it remains at the end.

The child leads a process group of its own. All its descendants write to one pipe, so the end of that pipe shows that
none of them is left, also where no process collects dead grandchildren.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import BinaryIO

KEPT_LINES = 400
"""Last lines of output that are kept for a diagnosis: a traceback of vLLM and what it repeats of it take about 200."""
LINE_BYTES = 8192
"""Of a line that is kept; a longer one, or output without line breaks, counts as several."""


class ProcessFamily:
    """A running child and its descendants."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], output: BinaryIO) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._child = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        self._reader = threading.Thread(target=self._read, args=(output,), daemon=True)
        self._reader.start()

    def exit_code(self, wait_seconds: float = 0) -> int | None:
        """The child's exit code (negative: the signal that killed it), or None while it runs."""
        try:
            return self._child.wait(wait_seconds)
        except subprocess.TimeoutExpired:
            return None

    def last_lines(self) -> list[str]:
        """The last lines that the family wrote, all of them once it is gone."""
        self._reader.join(1.0 if self.exit_code() is not None else 0.0)
        return list(self._lines)

    def signal(self, number: int) -> None:
        """Pass a signal on to the whole family."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)

    def outlast(self, grace_seconds: float) -> None:
        """Wait until the child has ended and no descendant writes any more; kill those that stay too long."""
        deadline = time.monotonic() + grace_seconds
        self.exit_code(grace_seconds)
        self._reader.join(max(0.0, deadline - time.monotonic()))
        self.signal(signal.SIGKILL)  # the group may have members left after its leader, the child, has ended
        self._child.wait()
        self._reader.join(1.0)

    def _read(self, output: BinaryIO) -> None:
        """Pass on what the family writes, as it comes, and keep the last lines."""
        assert self._child.stdout is not None
        unfinished = b""
        with self._child.stdout as pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                with contextlib.suppress(OSError, ValueError):  # our own output is closed; the child must not block
                    output.write(chunk)
                    output.flush()
                # A progress bar writes one line over and over, with carriage returns.
                *finished, unfinished = (unfinished + chunk).replace(b"\r", b"\n").split(b"\n")
                for line in finished:
                    self._keep(line)
                while len(unfinished) > LINE_BYTES:
                    self._keep(unfinished[:LINE_BYTES])
                    unfinished = unfinished[LINE_BYTES:]
        self._keep(unfinished)

    def _keep(self, line: bytes) -> None:
        for start in range(0, len(line), LINE_BYTES):
            part = line[start : start + LINE_BYTES]
            if part.strip():
                self._lines.append(part.decode(errors="replace"))
