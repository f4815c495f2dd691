"""Chat templates, rendered as transformers renders them, without transformers.

A template is a program that comes with a checkpoint, untrusted, so it runs in Jinja's sandbox and whatever it raises
is one kind of error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from s1m.errors import DataError

Message = Mapping[str, Any]


class Renders(Protocol):
    """What writes a conversation as the text that a model reads: a template at hand, or the server that has it."""

    def render(self, messages: Sequence[Message], *, generation: bool = False, **options: Any) -> str:
        """The text of a conversation. Raises ``DataError`` when it is refused."""
        ...


@dataclass(frozen=True)
class ChatTemplate:
    """A chat template and the special tokens that it may name."""

    source: str
    bos_token: str = "<s>"
    eos_token: str = "</s>"
    options: Mapping[str, Any] = field(default_factory=dict)
    """What is given beside the messages, such as ``enable_thinking``."""

    def render(self, messages: Sequence[Message], *, generation: bool = False, **options: Any) -> str:
        """The text of a conversation. Raises ``DataError`` with the template's own reason when it refuses it."""
        try:
            text: str = self._compiled.render(
                messages=list(messages),
                add_generation_prompt=generation,
                bos_token=self.bos_token,
                eos_token=self.eos_token,
                **{**self.options, **options},
            )
        except Exception as error:  # a template raises whatever its author and Jinja please
            reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
            raise DataError(f"the chat template refuses the conversation: {reason[0]}") from error
        return text

    @cached_property
    def _compiled(self) -> Any:
        return environment().from_string(self.source)


def environment() -> Any:
    """Jinja as chat templates expect it: trimmed blocks, loop controls, ``raise_exception``, ``strftime_now``."""
    from datetime import datetime

    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """``{% generation %}``, by which transformers marks what the assistant wrote; its body is all that matters."""

        tags = {"generation"}  # noqa: RUF012  # as Jinja declares it

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def refuse(message: str) -> None:
        raise DataError(message)

    def as_json(value: Any, ensure_ascii: bool = False, indent: int | None = None, **_: Any) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)

    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, Generation])
    made.filters["tojson"] = as_json
    made.globals["raise_exception"] = refuse
    made.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return made
