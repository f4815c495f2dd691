"""What an algorithm asks of an engine: a step, and what an engine that can do more at once may make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from s1m.types.traces import Segment


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A stretch of the assistant's turn.

    ``token_ids`` are the engine's own ids when the engine generated the stretch, so that it can continue from exactly
    those tokens; ``None`` for text that the algorithm injected (an ignore string, the answer cue). With ``images`` the
    problem's images are shown again after the text, by engines that ``can_show_images_again``.
    """

    text: str
    token_ids: tuple[int, ...] | None = None
    images: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeReply:
    """A step that wants a whole reply, in which the model begins and ends its thinking by itself.

    ``effort`` and ``budget`` (in tokens; 0 turns thinking off) are what the server is asked for, by engines that can;
    empty and None leave both to the server. The delimiters are those by which thinking is recognised in the text.
    """

    thinking_open: str
    thinking_close: str
    effort: str = ""
    budget: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One request of an algorithm: continue this assistant turn, stop there, spend at most ``max_tokens``.

    ``min_tokens`` tokens are generated before any stop or end of turn is allowed. ``seed`` makes the step
    reproducible on its own, whatever else the engine does at the same time. ``instruction`` is appended to the
    question. Where the engine can, it writes one of ``choices`` and nothing else, and where it ``binds_json``, a
    document of the JSON schema ``json_schema``, unless that is empty. With ``whole`` there is no turn to continue:
    ``prefix`` and ``stop`` are empty, and ``max_tokens`` is for thinking and answer together.

    ``on_text`` is called with each new stretch of text as it is written, by engines that stream: in the thread of the
    event loop or in one of the engine's own, never with part of a stop string, and such that the stretches join to the
    beginning of the completion's text. A true return ends the step there (finish ``length``). ``at_once`` is what an
    engine that streams, or that forces inside its server, may do in one request; others pass over it. ``purpose`` says
    what the step is for to those who watch the flow; no engine needs it.
    """

    prefix: tuple[Piece, ...]
    stop: tuple[str, ...]
    max_tokens: int
    min_tokens: int = 0
    seed: int = 0
    instruction: str = ""
    choices: tuple[str, ...] = ()
    json_schema: str = ""
    whole: WholeReply | None = None
    at_once: AtOnce | None = field(default=None, compare=False, repr=False)
    on_text: Callable[[str], bool] | None = field(default=None, compare=False, repr=False)
    purpose: Purpose | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class AtOnce:
    """More than the chunk that a step of thinking asks for: what is left of the budget, and of the chain.

    An engine that streams may write up to ``max_tokens`` in one request if it calls ``reads`` with the text as
    ``Step.on_text``; a true return ends it there (finish ``length``): the text repeats itself. An engine that forces
    inside its server may go on after a stop with the next of ``ignore_strings``; every stretch after the first is then
    a completion in ``Completion.further``, and ``max_tokens`` is for all of them together. ``seeds`` are those of the
    stretches that follow the ignore strings, so that each is drawn as a step of its own would be.
    """

    max_tokens: int
    min_tokens: int
    reads: Callable[[str], bool]
    ignore_strings: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Purpose:
    """What a step of a flow is for: to think on in a chain, or to answer at a level.

    ``finished`` are the segments of chain ``chain`` that have ended. A step of thinking writes the segment after them,
    which began with the ignore string ``injected``; one of an answer has its ``level``, and is the first of its
    ``tries``, the second, and so on.
    """

    chain: int
    finished: tuple[Segment, ...]
    injected: str = ""
    level: int | None = None
    tries: int = 1
