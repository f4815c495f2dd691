"""The parts of a run's settings: problems, strategy, sampling, budget and judge, each with its own checks.

``s1m eval``, ``s1m data distill`` and ``s1m replay`` contain them, and so does whatever else asks a model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from s1m.errors import did_you_mean
from s1m.evaluate.settings.spelling import MOST_LEVELS
from s1m.families import BY_FAMILY
from s1m.files.settings import LATER, MOST_COUNT, NOT_A_FLAG, Count, FilePath, Fraction
from s1m.forcing.choose import Weight
from s1m.forcing.flow import Forcing
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.forcing.strategies import STRATEGIES
from s1m.types import Sampling

Levels = tuple[Annotated[int, Meta(ge=0, le=MOST_COUNT)], ...]
FAMILIES = ("auto", "given", *BY_FAMILY)
"""What ``--family`` may say."""

NumIgnore = tuple[Annotated[int, Meta(ge=0, le=MOST_LEVELS)], ...]


def check_family(name: str) -> None:
    """Raises ``ValueError`` for what ``--family`` may not say."""
    if name not in FAMILIES:
        raise ValueError(f"there is no family {name!r}{did_you_mean(name, FAMILIES)}; s1m families lists them")


@dataclass(frozen=True, kw_only=True)
class ProblemSettings:
    """Problems: what is asked."""

    benchmark: str
    """Name of the benchmark (see: s1m benchmarks), or module:Class."""
    data: FilePath = ""
    """Local folder with the benchmark's data, instead of the Hub."""
    allow_outside: FilePath = ""
    """custom: another folder whose images its rows may name (empty: only the folder of the data file)."""
    split: str = ""
    """Part of the benchmark (empty: its default one)."""
    limit: Count | None = None
    """Only the first N problems."""
    reasoning_prompt: str = ""
    """Added after every question, such as 'Think step by step.' (empty: the benchmark's own prompt alone)."""
    max_image_pixels: Count | None = None
    """Larger images are scaled down to N pixels, width times height (empty: images are sent as they are)."""


@dataclass(frozen=True, kw_only=True)
class StrategySettings:
    """Strategy: how test-time compute is spent."""

    strategy: str = field(default="sequential", metadata={"names": STRATEGIES})
    """How it is spent; see docs/strategies.md."""
    num_ignore: NumIgnore = (0, 1, 2, 3, 4, 5, 6, 7)
    """How many stops are ignored; an answer is asked for at each level: 0-7, 4, or 0,2,4."""
    ignore_strings: tuple[str, ...] = IGNORE_STRINGS["s1"]
    """What is put in place of an ignored stop, in turn: a preset (s1, s1m) or your own strings."""
    levels: Levels = ()
    """Levels of other strategies: chains, tokens, steps, answers in a row (empty: the strategy's default ones)."""
    vote_weight: Weight = "equal"
    """What a vote counts: equal, the length of its thinking, or the model's confidence in the answer."""
    min_confidence: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """adaptive: an answer less probable than this, by the mean of its tokens, agrees with nothing."""
    policy: FilePath = field(default="", metadata=LATER)
    """policy: the file that s1m tune wrote; it says when to stop."""
    policy_rule: str = field(default="", metadata={**LATER, **NOT_A_FLAG})
    """Its rule, which the records depend on, in one line."""
    allow_policy_mismatch: bool = field(default=False, metadata=LATER)
    """policy: use a policy that was tuned for another model, family or sampling; its guarantee does not hold then."""
    sweep: Literal["nested", "independent"] = "nested"
    """nested: one chain with an answer branched off at every level; independent: every level from scratch."""
    chains: Literal["auto", "continued", "whole"] = field(default="auto", metadata=LATER)
    """vote, and --num-ignore 0: whether a chain is continued step by step, or is one whole reply of the model (auto:
    whole only at servers that cannot continue a turn)."""
    family: str = field(default="auto", metadata=LATER, compare=False)  # not what they are, but how they are found
    """Whose delimiters: auto (of the model's own chat template), given (of the two flags below, which win anyway), or a
    name that s1m families lists."""
    thinking_open: str = Forcing.thinking_open
    """How thinking begins; put before the model's first token."""
    thinking_close: str = Forcing.thinking_close
    """How the model ends its thinking."""
    answer_cue: str = Forcing.answer_cue
    """What follows the end of thinking when the answer is asked for."""

    def __post_init__(self) -> None:
        check_family(self.family)

    @property
    def names_delimiters(self) -> bool:
        """Whether the delimiters are those of the settings, whatever the model's chat template has."""
        default = (Forcing.thinking_open, Forcing.thinking_close)
        return self.family != "auto" or (self.thinking_open, self.thinking_close) != default

    @property
    def delimiters_given(self) -> str:
        """Where delimiters that the settings name are from, in a few words."""
        named = BY_FAMILY.get(self.family)
        same = named and (named.opening, named.closing) == (self.thinking_open.strip(), self.thinking_close)
        return f"of the family {self.family}" if same else "as given"


NEEDS_OPTIONS = ("top_k", "min_p", "presence_penalty")
"""Sampling settings that an engine must say it passes on."""


@dataclass(frozen=True, kw_only=True)
class SamplingSettings:
    """Sampling: how tokens are drawn."""

    temperature: Annotated[float, Meta(ge=0, le=100)] = 0.6
    """Sampling temperature; 0 is greedy."""
    top_p: Fraction = 0.95
    """Smallest set of tokens whose probability reaches this is kept; 1 keeps all."""
    repetition_penalty: Annotated[float, Meta(gt=0, le=10)] = 1.0
    """1 is off, and best left so: penalties break digits, tables and quoted options."""
    top_k: Annotated[int, Meta(ge=0, le=MOST_COUNT)] = field(default=0, metadata=LATER)
    """Only the N likeliest tokens are drawn; 0 is off."""
    min_p: Annotated[float, Meta(ge=0, le=1)] = field(default=0.0, metadata=LATER)
    """Only tokens at least this fraction as probable as the likeliest one are drawn; 0 is off."""
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] = field(default=0.0, metadata=LATER)
    """Subtracted from the logits of tokens that were written already; 0 is off, and best left so."""
    sampling: Literal["given", "recommended"] = field(default="given", metadata=LATER)
    """recommended: what the model's makers recommend for the settings above that are not given."""
    sampling_given: tuple[str, ...] = field(default=(), metadata={**LATER, **NOT_A_FLAG})
    """Settings of sampling that are given beside a recommendation, and win over it."""
    seed: int = 0
    """Same seed, same settings, same engine: same run."""

    def for_engine(self) -> Sampling:
        """What the engine is given."""
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            repetition_penalty=self.repetition_penalty,
            top_k=self.top_k,
            min_p=self.min_p,
            presence_penalty=self.presence_penalty,
        )


@dataclass(frozen=True, kw_only=True)
class BudgetSettings:
    """Budget: how much may be generated."""

    max_thinking_tokens: Count = 8192
    """Thinking budget of a problem's whole chain, in generated tokens; not given, it is lowered to what the context of
    the server holds."""
    min_thinking_tokens: Annotated[int, Meta(ge=0, le=MOST_COUNT)] = 0
    """The model may not end its thinking before N tokens."""
    max_answer_tokens: Count = 256
    """Budget of each answer, on top of the thinking budget."""
    prices: FilePath = field(default="", metadata=LATER)
    """TOML file with the price of every model per million tokens; what a run costs is then on record and in reports."""
    fitted_context: Count | None = field(default=None, metadata={**LATER, **NOT_A_FLAG})
    """Context of the server that the default thinking budget was lowered for."""


@dataclass(frozen=True, kw_only=True)
class JudgeSettings:
    """Judge: a model that reads what no rule can."""

    judge_model: str = ""
    """Name of the judge at its server (empty: the server's only model)."""
    judge_base_url: str = ""
    """Server of a chat model that reads answers which no rule can read; its key is S1M_JUDGE_API_KEY or S1M_API_KEY."""

    def __post_init__(self) -> None:
        if self.judge_model and not self.judge_base_url:
            raise ValueError("--judge-model needs --judge-base-url, such as http://127.0.0.1:8000/v1")
        if self.judge_base_url:
            from s1m.engines.remote.endpoint import check_addresses

            check_addresses([self.judge_base_url])


def forcing_of(strategy: StrategySettings, budget: BudgetSettings) -> Forcing:
    """The forcing that the parts describe. Raises ``ValueError`` for what the algorithm cannot do."""
    return Forcing(
        num_ignore=strategy.num_ignore,
        ignore_strings=strategy.ignore_strings,
        max_thinking_tokens=budget.max_thinking_tokens,
        max_answer_tokens=budget.max_answer_tokens,
        min_thinking_tokens=budget.min_thinking_tokens,
        thinking_open=strategy.thinking_open,
        thinking_close=strategy.thinking_close,
        answer_cue=strategy.answer_cue,
    )
