"""A conversation as chat templates and chat servers take it: the system turn, what was said before, the question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from s1m.types import Problem, RequestOptions

NO_PIXELS = "data:image/png;base64,AAAA"
"""For servers that render messages without a look at their images, which only leave their placeholders."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A turn without the bytes of its images, small enough to be the key of a rendered prompt."""

    role: str
    text: str
    images: int


def said_before(problem: Problem) -> tuple[Said, ...]:
    """The turns before the question of ``problem``."""
    return tuple(Said(role=turn.role, text=turn.text, images=len(turn.images)) for turn in problem.turns)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What prompts of a server differ in beside their images: benchmarks ask the same question of many pictures."""

    text: str
    images: int
    """Those of the turns before it included."""
    turns: tuple[Said, ...] = ()

    @classmethod
    def of(cls, problem: Problem) -> Question:
        """That of ``problem``."""
        return cls(text=problem.question, images=len(problem.every_image), turns=said_before(problem))

    def messages(self, options: RequestOptions, stand_in: str = NO_PIXELS) -> list[dict[str, Any]]:
        """Every message up to the question, with the URL ``stand_in`` for each of its images."""
        return conversation(self.turns, self.text, [stand_in] * self.images, options)


def messages_before(
    turns: Sequence[Said], options: RequestOptions, parts: Iterator[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The messages before the question. ``parts`` are the images of the whole conversation; those of ``turns`` are
    taken from it.

    A conversation that has a system turn does without that of ``options``.
    """
    system = [] if any(turn.role == "system" for turn in turns) else options.system_turn
    return [*system, *({"role": turn.role, "content": content(turn.text, _next(parts, turn.images))} for turn in turns)]


def content(text: str, parts: Sequence[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """The images followed by the text; a plain string where there are no images, which any server takes."""
    return [*parts, {"type": "text", "text": text}] if parts else text


def conversation(
    turns: Sequence[Said], question: str, urls: Sequence[str], options: RequestOptions
) -> list[dict[str, Any]]:
    """Every message up to the question, its images included; ``urls`` are those of the whole conversation."""
    parts = iter(url_parts(urls))
    before = messages_before(turns, options, parts)
    return [*before, {"role": "user", "content": content(question, list(parts))}]


def url_parts(urls: Sequence[str]) -> list[dict[str, Any]]:
    """Images as the parts of a message."""
    return [{"type": "image_url", "image_url": {"url": url}} for url in urls]


def _next(parts: Iterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    return [next(parts) for _ in range(count)]
