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
    thinking: str = ""
    """Thinking that the file keeps apart from the response."""
    right: bool | None = None
    """The verdict of the program that wrote the file, where it is one word or number."""


FAILED_REQUESTS = ("Failed to obtain answer via API", "[LMMS_EVAL_REQUEST_FAILED")
"""How VLMEvalKit and lmms-eval write down a request that failed, in place of a response."""


def answered(text: str | None) -> str | None:
    """A response, or None for the text that a harness writes in place of one when its request failed."""
    return None if text is not None and text.lstrip().startswith(FAILED_REQUESTS) else text


def verdict_of(value: object) -> bool | None:
    """What a recorded score says where it is right or wrong and nothing between; else None."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    word = str(value).strip().lower()
    if word in RIGHT or word in WRONG:
        return word in RIGHT
    return None


RIGHT = ("c", "correct", "true", "yes", "1", "1.0")
"""Words for a right answer; inspect_ai writes C and I."""
WRONG = ("i", "n", "incorrect", "wrong", "false", "no", "0", "0.0")
