"""The fields of a request, read one by one: a wrong one is refused by its name, and so is one that is unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from s1m.errors import did_you_mean
from s1m.gateway.errors import ApiError

MOST_SHOWN = 60
"""Characters of a wrong value that a message repeats."""
MOST_NUMBER = 2**63 - 1
NO_LOGPROBS = "the answer is not one generation but the last of several"
"""Why probabilities of tokens are refused."""


class Fields:
    """An object of a request; ``path`` is where it stands. null counts as left out, as clients send it."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path
        self._known: set[str] = set()

    def at(self, name: str) -> str:
        """The name of a field as messages write it."""
        return f"{self._path}.{name}" if self._path else name

    def any(self, name: str) -> Any:
        """A value of whatever kind; None where it is left out."""
        self._known.add(name)
        return self._values.get(name)

    def text(self, name: str, choices: Sequence[str] = ()) -> str | None:
        """A text, one of ``choices`` where there are any."""
        value = self.any(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(name, "must be a text", value)
        if choices and value not in choices:
            raise self.wrong(name, f"must be one of {', '.join(choices)}", value)
        return value

    def flag(self, name: str) -> bool | None:
        """True or false."""
        value = self.any(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "must be true or false", value)
        return value

    def whole(self, name: str, least: int = 0, most: int = MOST_NUMBER) -> int | None:
        """A whole number from ``least`` to ``most``."""
        value = self.any(name)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(name, "must be a whole number", value)
        self._check_range(name, value, least, most)
        return value

    def number(self, name: str, least: float, most: float) -> float | None:
        """A number from ``least`` to ``most``."""
        value = self.any(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(name, "must be a number", value)
        self._check_range(name, value, least, most)
        return float(value)

    def object(self, name: str) -> Fields | None:
        """An object within this one."""
        value = self.any(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(name, "must be an object", value)
        return Fields(value, self.at(name))

    def refuse(self, name: str, why: str, *, unless: Sequence[Any] = ()) -> None:
        """Refuses a field that the gateway cannot honour, unless its value asks for nothing."""
        value = self.any(name)
        if value is not None and value not in unless:
            raise ApiError(f"{self.at(name)} is not supported: {why}", self.at(name), code="unsupported_parameter")

    def passed_over(self, *names: str) -> None:
        """Fields that change nothing here."""
        self._known.update(names)

    def done(self) -> None:
        """Raises for the first field that was not read."""
        for name in self._values:
            if name not in self._known:
                shown = name[:MOST_SHOWN]
                raise ApiError(
                    f"there is no field {self.at(shown)}{did_you_mean(shown, self._known)}",
                    self.at(shown),
                    code="unknown_parameter",
                )

    def wrong(self, name: str, what: str, value: Any) -> ApiError:
        """The error of a value; ``what`` says what it must be."""
        return ApiError(f"{self.at(name)} {what}, not {shown(value)}", self.at(name), code="invalid_value")

    def _check_range(self, name: str, value: float, least: float, most: float) -> None:
        if value < least:
            raise self.wrong(name, f"must be at least {least:g}", value)
        if value > most:
            raise self.wrong(name, f"must be at most {most:,}", value)


def shown(value: Any) -> str:
    """A wrong value, short: a text may be a prompt or a picture."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."
