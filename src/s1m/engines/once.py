"""What is found out once for all requests: whoever comes meanwhile waits for the same answer, or the same failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

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
