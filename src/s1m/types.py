"""The nouns of s1m, and the protocols of engine and benchmark.

A *problem* goes to an *engine* in *steps*; the engine returns *completions*; a finished conversation is a
*trace*; the benchmark gives a *verdict* on each of its answers; all of it is one *record* of a run.
Nothing here does any work: these are frozen values that every other module shares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Literal, Protocol

StopClass = Literal["closed", "eos", "capped", "looped"]
"""Why a segment of thinking ended: the model wrote the delimiter, ended its turn without it, ran out of budget, or
repeated itself and was cut."""

Finish = Literal["stop", "eos", "length"]
"""Why an engine stopped: a stop string of the step, the model's own end of turn, or ``max_tokens``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What was said before a question, by whom; its images stand before its text."""

    role: Literal["system", "user", "assistant"]
    text: str
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One question of a benchmark, or of a conversation whose earlier ``turns`` it follows.

    ``images`` are encoded image files (PNG, JPEG, ...) exactly as the benchmark has them: s1m does not decode or
    re-encode them on the way to an engine unless the user asks for it. They stand before the question.
    """

    id: str
    question: str
    images: tuple[bytes, ...]
    gold: str
    choices: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    turns: tuple[Turn, ...] = ()

    @property
    def every_image(self) -> tuple[bytes, ...]:
        """The images of the earlier turns and of the question, in their order."""
        return (*(image for turn in self.turns for image in turn.images), *self.images)


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
    a completion in ``Completion.further``, and ``max_tokens`` is for all of them together.
    """

    max_tokens: int
    min_tokens: int
    reads: Callable[[str], bool]
    ignore_strings: tuple[str, ...] = ()


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One uninterrupted stretch of thinking: what was injected before it, what the model wrote, why it stopped.

    ``tokens`` counts every generated token, also those of the ``cut_characters`` that repeated and were cut away.
    ``flaws`` names what else was wrong with it. See ``s1m.forcing.endings``.
    """

    injected: str
    text: str
    tokens: int
    stop: StopClass
    cut_characters: int = 0
    flaws: tuple[str, ...] = ()
    said: str = ""
    """The answer that the model gave within its thinking before it ended its turn, cut away from ``text``."""
    token_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The answer committed at a level of the strategy's axis: ignored stops, votes, token caps.

    It follows the first ``segments`` segments of chain ``chain``; ``stop`` is how that thinking ended.
    ``same_as`` names the lower level whose answer this is, when the chain ended too early to reach this one.
    ``tries`` is how often it was asked for until it committed to something; ``tokens`` counts all of them. Where no try
    did, it is what the model said within its thinking, if that commits, or else what it answered at the level before.
    ``chosen_from`` are the indices of the samples among which it was chosen, itself one of them.
    """

    level: int
    chain: int
    segments: int
    stop: StopClass
    text: str
    tokens: int
    finish: Finish
    same_as: int | None = None
    logprob: float | None = None
    tries: int = 1
    chosen_from: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """Everything one problem produced: its chains of thought and an answer at every level, in rising order.

    ``samples`` are all answers that were asked for, where a strategy chooses among several; the ``level`` of a sample
    is the number of stops that were ignored before it.
    """

    chains: tuple[tuple[Segment, ...], ...]
    answers: tuple[Answer, ...]
    samples: tuple[Answer, ...] = ()

    def paid_for(self, answer: Answer) -> tuple[Answer, ...]:
        """The answers that had to be generated for this one, itself included."""
        return tuple(self.samples[index] for index in answer.chosen_from) or (answer,)

    def reached(self, answer: Answer) -> dict[int, int]:
        """By chain, how many of its segments had to be generated for ``answer``."""
        reached: dict[int, int] = {}
        for paid in self.paid_for(answer):
            reached[paid.chain] = max(paid.segments, reached.get(paid.chain, 0))
        return reached

    def place_of(self, answer: Answer) -> int | None:
        """The index of the sample that ``answer`` is; None for one that was not chosen among samples."""
        position = (answer.chain, answer.segments)
        same = (
            index
            for index in answer.chosen_from
            if position == (self.samples[index].chain, self.samples[index].segments)
        )
        return next(same, None)

    def thinking_tokens(self, answer: Answer) -> int:
        """Tokens of thinking that had to be generated for ``answer``, each counted once."""
        reached = self.reached(answer).items()
        return sum(segment.tokens for chain, end in reached for segment in self.chains[chain][:end])

    def answer_tokens(self, answer: Answer) -> int:
        """Tokens of all answers that ``answer`` was chosen from."""
        return sum(paid.tokens for paid in self.paid_for(answer))

    @property
    def generated_tokens(self) -> int:
        """Tokens generated in all, each counted once however many levels share it."""
        thinking = sum(segment.tokens for chain in self.chains for segment in chain)
        asked = self.samples or tuple(answer for answer in self.answers if not answer.chosen_from)
        return thinking + sum(answer.tokens for answer in asked if answer.same_as is None)

    def without_token_ids(self) -> Trace:
        """The same trace as it is recorded: texts and counts, without the engine's ids."""
        chains = tuple(tuple(replace(segment, token_ids=None) for segment in chain) for chain in self.chains)
        return replace(self, chains=chains)

    def _repr_html_(self) -> str:
        """The trace as a notebook shows it."""
        # By name: pages are drawn in a room above this one, and only notebooks ask.
        html: str = import_module("s1m.analysis.display.trace").notebook_html(self)
        return html


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether one answer is right, by the benchmark's own scorer and by strict rules.

    ``correct`` is the strict verdict: ``prediction`` is what the answer commits to, None when that is nothing, and
    ``rule`` names how it was found. ``official`` is the verdict of the benchmark's own scorer, guesses included; None
    where the benchmark has no scorer of its own or it was not run. ``judged``: the rules found nothing and a language
    model extracted what the answer commits to, so the verdict depends on it.
    """

    prediction: str | None
    correct: bool
    rule: str
    official: bool | None = None
    judged: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What one problem was charged for, over all its requests whose reply was used."""

    requests: int = 0
    prompt_tokens: int | None = 0
    """None when the server left them out of any reply."""
    cached_tokens: int = 0
    """Of the prompt tokens, those that were read from the server's cache."""
    output_tokens: int = 0
    images: int = 0
    """Images sent, once for every request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Money, in the currency of the price table."""

    amount: float | None
    """None where the prompt tokens are unknown."""
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One line of a run: a problem, its trace and a verdict for every answer.

    ``key`` is a content hash of the problem and the settings; ``started`` is in seconds since 1970.
    """

    key: str
    id: str
    question: str
    gold: str
    metadata: Mapping[str, str]
    trace: Trace
    verdicts: tuple[Verdict, ...]
    """One for every answer of the trace."""
    sample_verdicts: tuple[Verdict, ...] = ()
    """One for every sample of the trace."""
    started: float
    seconds: float
    usage: Usage | None = None
    cost: Cost | None = None
    """At the prices that the run was given; None without any."""
    first_token: float | None = None
    """Seconds from the first request to the first text of its reply; None where the engine streams none."""
    sample: int = 0
    """Which of the problem's samples this is: with several, each is a trace of its own."""


class Benchmark(Protocol):
    """A set of problems and the way their answers are judged."""

    name: str
    title: str
    splits: tuple[str, ...]
    """The first is the default."""
    licence: str
    source: str
    breakdowns: tuple[str, ...]
    """Keys of a problem's metadata by which results are broken down; several values are joined with "; "."""

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems of a split, in a fixed order. Raises ``DataError`` when they cannot be read."""
        ...

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """The verdict on one answer text.

        ``extraction`` is what the official extractor (often a language model) made of the answer, where that is
        recorded; the official verdict then depends on it, the strict one never does.
        """
        ...
