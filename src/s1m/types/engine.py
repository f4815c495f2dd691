"""What continues text: the protocol of an engine, its sampling, and the completion it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from s1m.types.problems import Problem
from s1m.types.steps import Step
from s1m.types.traces import Finish


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How tokens are drawn. ``temperature`` 0 is greedy; ``top_p`` 1 keeps the whole distribution.

    The repetition penalty is part of the record because it changes results, and 1.0 (off) because it breaks digits,
    tables and quoted options.
    """

    temperature: float
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    top_k: int = 0
    """0 is off."""
    min_p: float = 0.0
    """0 is off."""
    presence_penalty: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RequestOptions:
    """What is the same in every request of a run beside the question: options of the chat template, a system prompt."""

    template: Mapping[str, Any] = field(default_factory=dict)
    """What the chat template is given beside the messages, such as ``enable_thinking``."""
    system_prompt: str = ""
    """Put before the question as a turn of its own; empty for none."""

    @property
    def system_turn(self) -> list[dict[str, Any]]:
        """The messages before the question."""
        return [{"role": "system", "content": self.system_prompt}] if self.system_prompt else []


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """What an engine produced for a step, without the stop string or end-of-turn token that ended it.

    ``tokens`` is what was generated, within the step's budget; engines that read text count the tokens that spelled the
    stop string too. ``token_ids`` are the tokens of ``text`` where the engine knows them.

    ``logprob`` is the mean over the tokens generated, the one that ended them left out, of the natural logarithm of
    their probability: the model's own, at temperature 1 and with nothing cut off, or among the step's ``choices`` where
    they bind it. None where the engine does not give it; servers are asked for it only in steps without stop strings,
    since that of thinking is not used and every token makes the reply longer.

    Of a whole reply ``thinking`` is what was separated from ``text``, None where the engine separates nothing, and
    ``thinking_tokens`` how many of ``tokens`` it took, without its delimiters; None where that is not known. A server
    may count thinking that it does not show.

    ``further`` is what was written after each stop that the engine ignored itself, see ``AtOnce``.
    """

    text: str
    tokens: int
    finish: Finish
    token_ids: tuple[int, ...] | None = None
    logprob: float | None = None
    thinking: str | None = None
    thinking_tokens: int | None = None
    prompt_tokens: int | None = field(default=None, compare=False)
    """What the server read, as it reports it; None where it does not."""
    cached_tokens: int = field(default=0, compare=False)
    """Of these, those that the server reports as read from its cache."""
    further: tuple[Completion, ...] = ()


class Engine(Protocol):
    """What continues text: a server, a model in this process, a script."""

    name: str
    can_show_images_again: bool
    """Whether a piece may show the problem's images within the assistant's turn."""
    context_tokens: int | None
    """Most tokens of prompt, thinking and answer together, set by ``ready``; None where the engine does not know."""

    async def ready(self) -> None:
        """Prepare for the first step: load, or check the server. Raises ``EngineUnavailable`` when that fails."""
        ...

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """Continue the assistant's turn of ``problem``. Raises ``EngineError``, never returns an error as text."""
        ...

    async def close(self) -> None:
        """Free what the engine holds. Safe to call twice."""
        ...
