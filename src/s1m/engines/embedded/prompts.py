"""Prompts that are made, in a thread of their own, and remembered: every step of a problem needs its own again.

To decode and scale a photograph takes a tenth of a second, in which an event loop would serve no other request. There
is a single thread, so that chains of a problem that begin together wait for one prompt instead of making several.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from s1m.engines.embedded.prefixes import Owner, owner_of
from s1m.engines.embedded.prompt import Prompt
from s1m.types import Problem

MOST_BYTES = 256 << 20
"""Of prompts that are remembered beyond the least number: two thousand small pictures, or a dozen photographs."""
ID_BYTES = 36
"""Of a token id in a tuple: a pointer and an integer."""
OTHER_BYTES = 4096
"""Of a prompt's objects beside its tensors, ids and texts."""


class Prompts:
    """The prompts used last: ``least`` of them, which may all be under way, and more while they fit into the memory.

    The least alone would not do: the one used longest ago may be that of a long thought, and not of a problem that has
    ended, so with as many problems under way, and new ones coming, each would be made two or three times.
    """

    def __init__(self, make: Callable[[Problem], Prompt], least: int, most_bytes: int = MOST_BYTES) -> None:
        self._make = make
        self._least = least
        self._most_bytes = most_bytes
        self._known: OrderedDict[Owner, Prompt] = OrderedDict()  # the latest used last
        self._bytes = 0
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="s1m-prompts")

    async def of(self, problem: Problem) -> Prompt:
        """The prompt of a problem. Raises what making it raises; one that was cancelled before its turn is not made."""
        prompt = self._remembered(owner_of(problem))
        if prompt is None:
            prompt = await asyncio.get_running_loop().run_in_executor(self._thread, self.now, problem)
        return prompt

    def now(self, problem: Problem) -> Prompt:
        """The prompt of a problem, made in the thread of the caller."""
        owner = owner_of(problem)
        prompt = self._remembered(owner)
        if prompt is None:
            prompt = self._make(problem)
            self._remember(owner, prompt)
        return prompt

    def close(self) -> None:
        """End the thread after what was asked of it."""
        self._thread.shutdown(wait=False)

    def _remembered(self, owner: Owner) -> Prompt | None:
        with self._lock:
            prompt = self._known.get(owner)
            if prompt is not None:
                self._known.move_to_end(owner)
            return prompt

    def _remember(self, owner: Owner, prompt: Prompt) -> None:
        with self._lock:
            self._known[owner] = prompt
            self._bytes += bytes_of(owner, prompt)
            while len(self._known) > self._least and self._bytes > self._most_bytes:
                self._bytes -= bytes_of(*self._known.popitem(last=False))


def bytes_of(owner: Owner, prompt: Prompt) -> int:
    """About how much memory a prompt takes, and what it is found by."""
    question, images, turns = owner
    pictures = [*images, *(image for turn in turns for image in turn.images)]
    texts = len(question) + sum(len(turn.text) for turn in turns)
    return prompt.tensor_bytes + ID_BYTES * len(prompt.ids) + sum(map(len, pictures)) + texts + OTHER_BYTES
