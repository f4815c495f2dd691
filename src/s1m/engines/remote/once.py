"""What is found out once for all requests: whoever comes meanwhile waits for the same answer, or the same failure."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class Once(Generic[T]):
    """A value found out by ``find``. A failure is shared by all who wait for it; the next to come tries anew."""

    def __init__(self, find: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._find = find
        self._task: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The value. Raises what ``find`` raises. Cancelling one who waits leaves the others their answer."""
        task = self._task
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._task = asyncio.create_task(self._find())
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Forget the value, and stop looking for it."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class OnceEach(Generic[K, T]):
    """A value found out once for each of several things, the latest used remembered. They are told apart by ``key``."""

    def __init__(
        self, find: Callable[[K], Coroutine[Any, Any, T]], *, key: Callable[[K], Hashable] = id, remembered: int = 1024
    ) -> None:
        self._find = find
        self._key = key
        self._remembered = remembered
        self._found: OrderedDict[Hashable, tuple[K, Once[T]]] = OrderedDict()

    async def get(self, thing: K) -> T:
        """The value for ``thing``. Raises what ``find`` raises."""
        key = self._key(thing)
        # The thing itself is kept with its value, so that its id cannot pass to another meanwhile.
        _, once = self._found.setdefault(key, (thing, Once(partial(self._find, thing))))
        self._found.move_to_end(key)
        if len(self._found) > self._remembered:
            self._found.popitem(last=False)
        return await once.get()

    async def close(self) -> None:
        """Forget every value, and stop looking for them."""
        found, self._found = self._found, OrderedDict()
        for _, once in found.values():
            await once.close()
