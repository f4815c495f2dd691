"""Values that are looked up once for all requests; those that come meanwhile wait for the same value or failure."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class Once(Generic[T]):
    """A value that ``find`` looks up. A failure is shared by all who wait for it; the next call tries again."""

    def __init__(self, find: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._find = find
        self._task: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """The value. Raises what ``find`` raises. Cancelling one caller leaves the others waiting."""
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
    """A value looked up once for each key; the ``remembered`` ones that were used last are kept.

    ``key_of`` makes the key that distinguishes two arguments of ``find``.
    """

    def __init__(
        self,
        find: Callable[[K], Coroutine[Any, Any, T]],
        *,
        key_of: Callable[[K], Hashable] = id,
        remembered: int = 1024,
    ) -> None:
        self._find = find
        self._key_of = key_of
        self._remembered = remembered
        self._values: OrderedDict[Hashable, tuple[K, Once[T]]] = OrderedDict()

    async def get(self, argument: K) -> T:
        """The value for ``argument``. Raises what ``find`` raises."""
        key = self._key_of(argument)
        # The argument is kept with its value, so that its id cannot pass to another object meanwhile.
        _, once = self._values.setdefault(key, (argument, Once(partial(self._find, argument))))
        self._values.move_to_end(key)
        if len(self._values) > self._remembered:
            self._values.popitem(last=False)
        return await once.get()

    async def close(self) -> None:
        """Forget every value, and stop looking for them."""
        values, self._values = self._values, OrderedDict()
        for _, once in values.values():
            await once.close()
