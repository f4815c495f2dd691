"""Every error that s1m raises on purpose, named by the boundary it crossed.

::

    S1mError
    ├── UsageError        the user asked for something impossible: flags, TOML keys, paths, settings that differ
    ├── DataError         data is missing, unreadable or not what it should be
    └── EngineError       the engine could not do a step; the problem stays pending
        ├── EngineUnavailable   no problem can be evaluated: refused key, unknown model, broken checkpoint
        │   └── CannotContinue  the server answers, and cannot continue an assistant's turn
        ├── PromptTooLong       this problem can never fit this engine
        └── Withheld            a provider or its filter withheld the answer to this problem

``exit_code`` is what the command line ends with: 2 for a mistake in the request, 1 for everything else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Literal


class S1mError(Exception):
    """Base of all errors raised on purpose; the message is one line that names the fix."""

    exit_code = 1


class UsageError(S1mError):
    """The request itself is wrong."""

    exit_code = 2


class DataError(S1mError):
    """Data at the edge of the system is missing or malformed."""


class EngineError(S1mError):
    """A step failed. The message is for people and never becomes model text."""

    kind = "failed"
    """Its class in a word or two, as the failures of a run are counted."""


class EngineUnavailable(EngineError):
    """The engine can serve no request, so the run ends at once."""


class CannotContinue(EngineUnavailable):
    """The server cannot continue an assistant's turn, so thinking cannot be forced; whole replies may well work."""


class PromptTooLong(EngineError):
    """The problem does not fit the engine's context; trying again cannot help."""

    kind = "too long"


class Withheld(EngineError):
    """The model's refusal or a content filter stands in place of an answer. It costs this problem and no other."""

    def __init__(self, message: str, *, kind: Literal["refusal", "content filter"]) -> None:
        super().__init__(message)
        self.kind = kind


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean X?`` for the nearest known word, or nothing when none is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
