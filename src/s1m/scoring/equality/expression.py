"""Decide whether two formulas are equal, with ``math-verify`` (the ``evaluate`` extra) and a hard limit on time.

Computer algebra can run for hours on a short text such as ``9^{9^{9^9}}``, and neither a signal nor a thread can stop
it from within. So it works in a process of its own, which is killed when it does not answer in time, and what is too
large is refused at once.
"""

from __future__ import annotations

import atexit
import json
import queue
import re
import subprocess
import sys
import threading
from functools import cache

from s1m.errors import UsageError
from s1m.scoring.equality.match import same_number
from s1m.scoring.equality.value import ROMAN
from s1m.scoring.text.plain import plain

LIMIT_SECONDS = 1.0
"""How long a comparison may take; one that takes longer does not match."""

START_SECONDS = 60.0
"""How long the process may take to begin: it imports sympy."""

MAX_CHARACTERS = 400
"""A longer formula is not compared."""

_FORMULA = re.compile(
    r"""
      [\\^_=<>√π]    # 2^x
    | [+*/]          # a+b
    | \d[a-zA-Z(]    # 2x, 3(
    | (?<!^)-        # x-1
    | \([^()]+,      # (1,2)
    """,
    re.VERBOSE,
)
_TOWER = re.compile(
    r"""
      \^[^^+=,]{0,12}\^        # 9^{9^9}
    | \*\*[^*+=,]{0,12}\*\*    # 9**9**9
    """,
    re.VERBOSE,
)
_LARGE = re.compile(
    r"""
      \d{40}                # forty digits
    | \^\s?\{?\s?-?\d{5}    # 2^{99999}
    | \d{4,}\s?!            # 9999!
    | !\s?!                 # 5!!
    | \*\*\s?-?\d{5}        # 2**99999
    """,
    re.VERBOSE,
)


def is_too_large(text: str) -> bool:
    """Whether a formula is refused at once: long, a tower of powers, a factorial of thousands."""
    return len(text) > MAX_CHARACTERS or _TOWER.search(text) is not None or _LARGE.search(text) is not None


class Algebra:
    """The process that compares formulas, started when it is first needed; safe to share between threads."""

    def __init__(self, *, limit_seconds: float = LIMIT_SECONDS) -> None:
        self.limit_seconds = limit_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()

    def same(self, prediction: str, gold: str) -> bool:
        """Whether the two are equal; False when there is no verdict in time.

        Raises ``UsageError`` without the ``evaluate`` extra.
        """
        if is_too_large(prediction) or is_too_large(gold):
            return False
        with self._lock:
            process = self._process or self._start()
            try:
                assert process.stdin is not None
                process.stdin.write(json.dumps([gold, prediction]) + "\n")
                process.stdin.flush()
                return self._answers.get(timeout=self.limit_seconds).strip() == "True"
            # Killed also when it is merely slow: its late answer would be taken for that of the next pair.
            except (queue.Empty, BrokenPipeError):
                self._stop()
                return False

    def close(self) -> None:
        """End the process. Safe to call twice."""
        with self._lock:
            self._stop()

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            # -P keeps the current folder off the path: a sympy.py in it would be imported in place of sympy.
            [sys.executable, "-P", "-m", "s1m.scoring.equality.algebra"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Not a pipe: it would fill with warnings, and the process would wait for a reader.
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._process, self._answers = process, queue.Queue()
        # A thread, because a read from a pipe takes no time limit and a queue does.
        threading.Thread(target=_forward, args=(process, self._answers), daemon=True).start()
        try:
            hello = self._answers.get(timeout=START_SECONDS).strip()
        except queue.Empty:
            hello = ""
        if hello != "ready":
            self._stop()
            raise UsageError("formulas are compared with math-verify; install it with: pip install 's1m[evaluate]'")
        return process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


@cache
def shared() -> Algebra:
    """The one process that all comparisons of this program share; it ends with the program."""
    algebra = Algebra()
    atexit.register(algebra.close)
    return algebra


def same_expression(prediction: str, gold: str, algebra: Algebra | None = None) -> bool:
    """Whether two formulas are equal. Algebra is used only where neither text nor value decides.

    Raises ``UsageError`` when that needs the ``evaluate`` extra and it is not installed.
    """
    if not prediction.strip() or not gold.strip():
        return False
    if _tight(prediction) == _tight(gold) or same_number(plain(prediction), plain(gold)):
        return True
    if not _FORMULA.search(prediction) and not _FORMULA.search(gold):
        return False
    return (algebra or shared()).same(ROMAN.sub(" ", prediction), ROMAN.sub(" ", gold))


def _tight(formula: str) -> str:
    return "".join(plain(formula).split()).strip(".")


def _forward(process: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
    assert process.stdout is not None
    try:
        for line in process.stdout:
            answers.put(line)
    except ValueError:  # closed while it was read
        pass
    # Wakes whoever waits for an answer of a process that has ended.
    answers.put("")
