"""What a dial is: how one kind of server is asked for a whole reply, for an effort or a budget, and how it is read.

``Dial`` speaks OpenAI's chat format with none of the fields beyond it; each file of ``s1m.engines.dials`` changes what
its server spells differently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from s1m.engines.chat.whole import read_whole
from s1m.engines.messages import conversation, said_before
from s1m.errors import UsageError
from s1m.types import Completion, Problem, RequestOptions, Sampling, Step, WholeReply


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What a request for a whole reply is made of; ``images`` are data: URLs."""

    model: str
    problem: Problem
    images: Sequence[str]
    """Those of the earlier turns included."""
    step: Step
    whole: WholeReply
    sampling: Sampling
    options: RequestOptions


class Dial:
    """How a server is asked for whole replies."""

    name: ClassVar[str]
    summary: ClassVar[str] = ""
    hosts: ClassVar[tuple[str, ...]] = ()
    """Hosts, with those below them, at whose addresses ``--dial auto`` means this one."""
    owners: ClassVar[tuple[str, ...]] = ()
    """What such a server calls itself in ``owned_by`` of its models, in lower case."""
    efforts: ClassVar[tuple[str, ...]] = ("none", "minimal", "low", "medium", "high", "xhigh")
    """Efforts that it takes; none of them where it has no effort to turn."""
    least_budget: ClassVar[int | None] = None
    """Smallest budget above 0 that it takes; None where it takes no budget."""
    keeps_budget: ClassVar[bool] = False
    """Whether its budget is a limit that the server enforces token by token, so that any excess means it is ignored."""
    takes_template: ClassVar[bool] = False
    """Whether it takes options of the chat template."""
    takes_sampling: ClassVar[tuple[str, ...]] = ("temperature", "top_p", "presence_penalty", "seed")
    """Sampling fields that it takes. Those that do nothing are left out: some models refuse every one of them."""
    most_tokens_field: ClassVar[str] = "max_tokens"
    wants_logprobs: ClassVar[bool] = False
    """Whether probabilities are asked for, whose tokens show where thinking ends."""
    path: ClassVar[str] = "chat/completions"

    @classmethod
    def headers(cls, key: str | None) -> Mapping[str, str]:
        """The headers that carry the key."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    @classmethod
    def effort_fields(cls, effort: str) -> dict[str, Any]:
        """The fields that ask for an effort."""
        return {"reasoning_effort": effort}

    @classmethod
    def budget_fields(cls, budget: int) -> dict[str, Any]:
        """The fields that ask for a budget of thinking tokens."""
        raise NotImplementedError

    @classmethod
    def request(cls, asking: Asking) -> dict[str, Any]:
        """The body of the request, without what turns its thinking up or down."""
        body: dict[str, Any] = {
            "model": asking.model,
            "messages": conversation(
                said_before(asking.problem), asking.problem.question, asking.images, asking.options
            ),
            cls.most_tokens_field: asking.step.max_tokens,
        }
        return body | cls.sampling_fields(asking.sampling, asking.step.seed)

    @classmethod
    def read(cls, body: bytes, asking: Asking) -> Completion:
        """The reply, its thinking separated. Raises ``Unreadable``, ``Withheld`` or ``EngineError``."""
        return read_whole(body, asking.step, asking.whole)

    @classmethod
    def sampling_fields(cls, sampling: Sampling, seed: int) -> dict[str, Any]:
        """The sampling settings that do something, and the seed where it is taken."""
        given = {name: value for name, value in _effective(sampling).items() if name in cls.takes_sampling}
        return given | ({"seed": seed} if "seed" in cls.takes_sampling else {})


def turned(dial: type[Dial], whole: WholeReply) -> dict[str, Any]:
    """The fields of a request that ask for an effort or a budget. Raises ``UsageError`` where the dial has none."""
    check_turned(dial, efforts=[whole.effort] if whole.effort else [], budgets=[whole.budget])
    fields = dial.effort_fields(whole.effort) if whole.effort else {}
    return fields if whole.budget is None else fields | dial.budget_fields(whole.budget)


def check_turned(dial: type[Dial], *, efforts: Sequence[str] = (), budgets: Sequence[int | None] = ()) -> None:
    """Raises ``UsageError`` for an effort or a budget that servers of this dial do not take."""
    name = dial.name
    for effort in efforts:
        if effort not in dial.efforts:
            known = ", ".join(dial.efforts)
            other = f"it takes {known}" if known else "use --strategy budget"
            raise UsageError(f"--dial {name} has no reasoning effort {effort!r}: {other}; change --levels")
    for budget in budgets:
        if budget is None:
            continue
        if dial.least_budget is None:
            raise UsageError(f"--dial {name} takes no thinking budget; use --strategy effort")
        if 0 < budget < dial.least_budget:
            raise UsageError(
                f"--dial {name} takes thinking budgets from {dial.least_budget} tokens, not {budget}; change --levels"
            )


def check_sampling(dial: type[Dial], sampling: Sampling) -> None:
    """Raises ``UsageError`` for sampling settings that servers of this dial do not take, which would be ignored."""
    refused = [name for name in _effective(sampling) if name not in dial.takes_sampling]
    if refused:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in refused)
        raise UsageError(f"--dial {dial.name} does not take {flags}; leave it out")


def _effective(sampling: Sampling) -> dict[str, float]:
    """The sampling settings that are not at the value at which they do nothing."""
    neutral = Sampling(temperature=1.0)
    names = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty")
    return {name: getattr(sampling, name) for name in names if getattr(sampling, name) != getattr(neutral, name)}
