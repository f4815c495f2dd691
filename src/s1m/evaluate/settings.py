"""Settings of runs: those of ``s1m eval``, and what is kept of imported and replayed ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from s1m.engines.concurrency import EMBEDDED_CONCURRENCY, SERVER_CONCURRENCY
from s1m.evaluate.spelling import MOST_LEVELS, spelled_out
from s1m.files.settings import Count, Fraction, settings_from
from s1m.forcing.choose import Weight
from s1m.forcing.flow import Forcing
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.forcing.strategies import Name, build_strategy
from s1m.forcing.strategy import Strategy
from s1m.types import Sampling

NOT_CONTENT = (
    "out",
    "concurrency",
    "base_url",
    "timeout_seconds",
    "judge_model",
    "judge_base_url",
    "trust_remote_code",
)
"""Settings that change no record, so that a run may be resumed with others."""


@dataclass(frozen=True, kw_only=True)
class EvalSettings:
    """Settings of ``s1m eval``."""

    benchmark: str
    """Name of the benchmark (see: s1m benchmarks)."""
    engine: Literal["embedded", "vllm", "llamacpp", "http"] = "embedded"
    """Who thinks: a model in this process, vLLM at token level, llama.cpp at text level, or any OpenAI-compatible chat
    server."""
    model: str = ""
    """Folder or Hub id (empty: the bundled tiny model), or the name that a server gives it (empty: its only one)."""
    trust_remote_code: bool = False
    """Run the Python code that a model in this process brings along; read it first."""
    base_url: tuple[str, ...] = ()
    """Address of the server, or of several, such as http://127.0.0.1:8000/v1; the key is read from S1M_API_KEY."""
    data: str = ""
    """Local folder with the benchmark's data, instead of the Hub."""
    split: str = ""
    """Part of the benchmark (empty: its usual one)."""
    limit: Count | None = None
    """Only the first so many problems."""
    reasoning_prompt: str = ""
    """Said after every question, such as 'Think step by step.' (empty: the benchmark's own prompt alone)."""
    max_image_pixels: Count | None = None
    """Larger images are scaled down to so many pixels, width times height (empty: they go as they are)."""
    num_ignore: tuple[Annotated[int, Meta(ge=0, le=MOST_LEVELS)], ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    """How often the end of thinking is ignored; an answer is asked for at each level: 0-7, 4, or 0,2,4."""
    ignore_strings: tuple[str, ...] = IGNORE_STRINGS["s1"]
    """What is said at an ignored end, in turn: a preset (s1, s1m) or your own strings."""
    strategy: Name = "sequential"
    """How test-time compute is spent; see docs/strategies.md."""
    levels: tuple[Annotated[int, Meta(ge=0)], ...] = ()
    """Levels of other strategies: chains, tokens, steps, answers in a row (empty: the strategy's usual ones)."""
    vote_weight: Weight = "equal"
    """What a vote counts: equal, the length of the thinking behind it, or the model's confidence in the answer."""
    min_confidence: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """adaptive: an answer less probable than this, by the mean of its tokens, agrees with nothing."""
    sweep: Literal["nested", "independent"] = "nested"
    """nested: one chain with an answer branched off at every level; independent: every level from scratch."""
    temperature: Annotated[float, Meta(ge=0, le=100)] = 0.6
    """Sampling temperature; 0 is greedy."""
    top_p: Fraction = 0.95
    """Smallest set of tokens whose probability reaches this is kept; 1 keeps all."""
    repetition_penalty: Annotated[float, Meta(gt=0, le=10)] = 1.0
    """1 is off, and best left so: penalties break digits, tables and quoted options."""
    seed: int = 0
    """Same seed, same settings, same engine: same run."""
    max_thinking_tokens: Count = 8192
    """Thinking budget of a problem's whole chain, in generated tokens."""
    min_thinking_tokens: Annotated[int, Meta(ge=0)] = 0
    """The model may not end its thinking before so many tokens."""
    max_answer_tokens: Count = 256
    """Budget of each answer, on top of the thinking budget."""
    thinking_open: str = Forcing.thinking_open
    """How thinking begins; put before the model's first token."""
    thinking_close: str = Forcing.thinking_close
    """How the model ends its thinking."""
    answer_cue: str = Forcing.answer_cue
    """What follows the end of thinking when the answer is asked for."""
    concurrency: Count | None = None
    """Most problems in flight (empty: 64 in this process, 256 a server, where what it bears at once is found out)."""
    timeout_seconds: Annotated[float, Meta(gt=0)] = 600.0
    """Longest wait for one answer of a server, before it is asked again."""
    judge_model: str = ""
    """Name of the judge at its server (empty: the server's only model)."""
    judge_base_url: str = ""
    """Server of a chat model that reads answers which no rule can read; its key is S1M_JUDGE_API_KEY or S1M_API_KEY."""
    out: str = ""
    """Run folder (empty: runs/BENCHMARK); a folder that holds this run is resumed."""

    def __post_init__(self) -> None:
        self._check_strategy()
        if self.engine != "embedded" and not self.base_url:
            raise ValueError(f"--engine {self.engine} needs --base-url, such as http://127.0.0.1:8000/v1")
        if self.engine == "embedded" and self.base_url:
            raise ValueError("--base-url is the address of a server: add --engine vllm, llamacpp or http")
        if self.judge_model and not self.judge_base_url:
            raise ValueError("--judge-model needs --judge-base-url, such as http://127.0.0.1:8000/v1")

    def _check_strategy(self) -> None:
        self.build_strategy()  # refuses what the algorithm refuses
        if self.levels and (self.strategy in ("sequential", "lookback", "lookback-image")):
            raise ValueError(f"levels of strategy {self.strategy} are given by --num-ignore")
        if sorted(set(self.levels)) != list(self.levels):
            raise ValueError(f"levels must be different and rising, not {self.levels}")

    def forcing(self) -> Forcing:
        """The algorithm's part of the settings."""
        return Forcing(
            **{field.name: getattr(self, field.name) for field in fields(Forcing) if hasattr(self, field.name)}
        )

    def build_strategy(self) -> Strategy:
        """The strategy of the settings."""
        return build_strategy(
            self.strategy,
            self.forcing(),
            levels=self.levels,
            sweep=self.sweep,
            weight=self.vote_weight,
            sure=self.min_confidence,
        )

    def sampling(self) -> Sampling:
        """The engine's part of the settings."""
        return Sampling(temperature=self.temperature, top_p=self.top_p, repetition_penalty=self.repetition_penalty)

    @property
    def most_in_flight(self) -> int:
        """Problems that are worked on at once."""
        if self.engine == "embedded":
            return self.concurrency or EMBEDDED_CONCURRENCY
        return (self.concurrency or SERVER_CONCURRENCY) * len(self.base_url)

    @property
    def run_folder(self) -> Path:
        """Where the run is kept."""
        return Path(self.out or f"runs/{self.benchmark}")

    def content(self) -> dict[str, Any]:
        """The settings that a record depends on."""
        return {name: value for name, value in asdict(self).items() if name not in NOT_CONTENT}

    def digest(self) -> str:
        """A hash of everything that a record depends on. How many problems a run has changes none of them."""
        content = {name: value for name, value in self.content().items() if name != "limit"}
        return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """What a run was made of that ``s1m import`` made of result files."""

    benchmark: str
    split: str
    model: str
    num_ignore: tuple[int, ...]
    sources: tuple[str, ...]
    """Names of the files, level by level."""
    tokens: str
    """Who counted them, or ``ESTIMATED``."""
    out: str
    engine: Literal["imported"] = "imported"
    sweep: Literal["independent"] = "independent"

    @property
    def run_folder(self) -> Path:
        """Where the run is kept."""
        return Path(self.out)


@dataclass(frozen=True, kw_only=True)
class ReplaySettings(EvalSettings):
    """The settings of the run that another strategy was replayed from, with that strategy's own."""

    engine: Literal["replayed"] = "replayed"  # type: ignore[assignment]
    source: str
    """Folder of the run."""
    source_engine: str

    def __post_init__(self) -> None:
        self._check_strategy()  # no engine is asked


REPLAY_FLAGS = ("strategy", "num_ignore", "levels", "vote_weight", "min_confidence", "out")
"""Settings that a replay has of its own."""

NOBODY_ASKED = ("imported", "replayed")
"""Engines of runs that no engine answered here, and to which nothing is added."""


def eval_settings(given: Mapping[str, Any], source: str = "settings") -> EvalSettings:
    """Settings of ``s1m eval`` from plain values, in which levels and ignore strings have spellings of their own."""
    return settings_from(EvalSettings, spelled_out(given), source)
