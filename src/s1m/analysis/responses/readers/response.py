"""One recorded response as every reader gives it, whichever harness wrote the file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """A response and which problem it is to; ``response`` is None where the recording run failed.

    ``extraction`` is the official extractor's result, where it was recorded.
    """

    id: str
    response: str | None
    extraction: str | None = None
    position: int | None = None
    """Place of the problem in its split, from 0: what the id may be instead of the benchmark's own."""
    is_numbered: bool = False
    """Whether the id is a running number of the harness, which may count another copy or order of the benchmark."""
    gold: str | None = None
    """The gold answer that the file states, by which a running number is checked."""
    prompt: str | None = None
    """What was asked, for the same purpose."""
