"""The same work on many things in several processes: results in order, only a few in progress at a time."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from s1m.errors import DataError

Item = TypeVar("Item")
Result = TypeVar("Result")

UNDER_WAY = 3
"""Items that each process has waiting, so that none is idle and memory stays flat."""


def in_chunks(numbers: range, size: int) -> Iterator[range]:
    """Numbers in ranges of ``size``, the last one shorter."""
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


def in_order(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """What ``work`` makes of each item, in ``workers`` processes; here where fewer than two are wanted.

    ``work`` is pickled once a process, items and results one by one. Items are drawn as they are needed, so that an
    endless stream of them takes no room. Raises ``DataError`` when a process is ended from outside.
    """
    if workers < 2:
        yield from map(work, items)
        return
    waiting: deque[Future[Result]] = deque()
    # A process that is forked from one with threads may hang; one that is spawned cannot.
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (work,)) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(_do, item))
                if len(waiting) >= UNDER_WAY * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise DataError("a process that read data was killed: out of memory? try workers = 0") from None
        finally:
            pool.shutdown(cancel_futures=True)


_work: list[Callable[[Any], Any]] = []
"""What this process does, which is sent to it once."""


def _begin(work: Callable[[Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _work.append(work)


def _end_with_parent() -> None:
    """End this process when the one that started it was killed: it would wait for work forever."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _do(item: Any) -> Any:
    return _work[-1](item)
