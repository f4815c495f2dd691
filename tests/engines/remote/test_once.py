"""What is found out once each, and how much of it is kept."""

from __future__ import annotations

import asyncio

import pytest

from s1m.engines.remote.once import OnceEach


def test_each_thing_is_looked_up_once_and_the_latest_used_are_kept() -> None:
    asked: list[str] = []

    async def find(word: str) -> str:
        asked.append(word)
        await asyncio.sleep(0)
        return word.upper()

    async def main() -> None:
        each = OnceEach(find, key_of=str, remembered=2)
        assert await asyncio.gather(*map(each.get, "aab")) == ["A", "A", "B"]
        await each.get("a")
        await each.get("c")  # the one that is no longer kept is b
        await each.get("a")
        assert asked == ["a", "b", "c"]
        await each.get("b")
        assert asked == ["a", "b", "c", "b"]
        await each.close()
        await each.get("a")
        assert asked[-1] == "a"

    asyncio.run(main())


def test_things_differ_by_identity_unless_there_is_a_key() -> None:
    first, second = ["same"], ["same"]

    async def find(thing: list[str]) -> int:
        return id(thing)

    async def main() -> None:
        each = OnceEach(find)
        assert await each.get(first) == id(first)
        assert await each.get(second) == id(second)

    asyncio.run(main())


def test_a_failure_is_tried_anew() -> None:
    tries = 0

    async def find(_word: str) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ValueError("not yet")
        return tries

    async def main() -> None:
        each = OnceEach(find, key_of=str)
        with pytest.raises(ValueError, match="not yet"):
            await each.get("a")
        assert await each.get("a") == 2

    asyncio.run(main())
