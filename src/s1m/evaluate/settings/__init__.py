"""Settings of runs: those of ``s1m eval``, and what is kept of replayed and imported ones.

``origin`` says where a run's answers are from: an engine generated them, another run was replayed, or files of another
harness were imported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from s1m.engines.builder import EngineSettings, passes_options, takes_dial
from s1m.engines.dials import AUTO, dial_of_addresses, find_dial
from s1m.errors import UsageError
from s1m.evaluate.policy import rule_from
from s1m.evaluate.settings.parts import (
    NEEDS_OPTIONS,
    BudgetSettings,
    JudgeSettings,
    ProblemSettings,
    SamplingSettings,
    StrategySettings,
    forcing_of,
)
from s1m.evaluate.settings.spelling import spelled_out
from s1m.files.settings import LATER, NOT_A_FLAG, FilePath, settings_from, written
from s1m.forcing.base import BaseStrategy, Options
from s1m.forcing.flow import Forcing
from s1m.forcing.strategies import find_strategy

MOST_SAMPLES = 10_000
"""More traces of one problem are a typing slip."""

Origin = Literal["generated", "replayed", "imported"]

NOT_CONTENT = (
    "out",
    "allow_outside",
    "samples",  # each is a record of its own
    "concurrency",
    "base_url",
    "timeout_seconds",
    "judge_model",
    "judge_base_url",
    "trust_remote_code",
    "device",  # it changes the last bits of probabilities, as the number of rows in a batch does
    "attention",
    "prices",
    "fitted_context",  # what it led to is in max_thinking_tokens
    "family",  # what it finds is in thinking_open and thinking_close
    "sampling",  # and what this one finds in temperature, top_p and so on
    "sampling_given",
    "policy",  # what it led to is in policy_rule
    "allow_policy_mismatch",
)
"""Settings that change no record, so that a run may be resumed with others."""
NOT_IN_DIGEST = (*NOT_CONTENT, "origin", "limit")
"""Settings that change no single record. How many problems a run has is checked, but changes none of them."""


class RunSettings(Protocol):
    """Settings of a run, of whatever origin; those of the classes below, and of a distillation."""

    @property
    def run_folder(self) -> Path:
        """Where the run is kept."""
        ...


@dataclass(frozen=True, kw_only=True)
class EvalSettings:
    """Settings of ``s1m eval``."""

    problems: ProblemSettings
    engine: EngineSettings = field(default_factory=EngineSettings)
    strategy: StrategySettings = field(default_factory=StrategySettings)
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    samples: Annotated[int, Meta(ge=1, le=MOST_SAMPLES)] = field(default=1, metadata=LATER)
    """Traces of every problem, each with a seed of its own; a run may be resumed with more."""
    out: FilePath = ""
    """Run folder (empty: runs/BENCHMARK); a folder that holds this run is resumed."""
    origin: Literal["generated", "replayed"] = field(default="generated", metadata=NOT_A_FLAG)
    """Where the answers are from."""

    def __post_init__(self) -> None:
        check_passed(self.engine, self.sampling)
        # Refuses what the algorithm and the strategy refuse, before anything is asked.
        check_whole(self.build_strategy(), self.strategy, self.engine, self.sampling)

    def forcing(self) -> Forcing:
        """The algorithm's part of the settings."""
        return forcing_of(self.strategy, self.budget)

    def build_strategy(self) -> BaseStrategy:
        """The strategy of the settings, its levels checked."""
        return strategy_of(self.strategy, self.forcing())

    @property
    def run_folder(self) -> Path:
        """Where the run is kept."""
        return Path(self.out or f"runs/{self.problems.benchmark}").expanduser()

    def digest(self) -> str:
        """A hash of everything that a record depends on."""
        return digest_of(self)


@dataclass(frozen=True, kw_only=True)
class ReplaySettings:
    """The settings of the run that another strategy was replayed from, with that strategy's own."""

    run: EvalSettings
    source: FilePath
    """Folder of the run."""

    @property
    def run_folder(self) -> Path:
        """Where the replayed run is kept."""
        return self.run.run_folder


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
    """What counted them, or ``ESTIMATED``."""
    out: str
    samples: int = field(default=1, metadata=LATER)
    """Responses to every problem at every level."""
    origin: Literal["imported"] = "imported"
    sweep: Literal["independent"] = "independent"

    @property
    def run_folder(self) -> Path:
        """Where the run is kept."""
        return Path(self.out)


def check_whole(
    strategy: BaseStrategy, chosen: StrategySettings, engine: EngineSettings, sampling: SamplingSettings
) -> None:
    """Raises ``UsageError`` where whole replies cannot be had as the settings want them, or a policy has no use."""
    name = chosen.strategy
    if chosen.policy_rule and name != "policy":
        raise UsageError(f"--policy is for --strategy policy, not for {name}; leave one of them out")
    if strategy.continues:
        if chosen.chains == "whole":
            raise UsageError(
                f"--chains whole is for --strategy vote and for --num-ignore 0, not for {name}; leave it out"
            )
        return
    if strategy.dials and not takes_dial(engine.builder):
        raise UsageError(
            f"--strategy {name} has a server turn its {strategy.dials}, and --engine {engine.engine} asks none: use "
            "--engine http or vllm, or --strategy cap"
        )
    dial = engine.dial if engine.dial != AUTO else dial_of_addresses(engine.base_url)
    if not dial:
        return
    # Only here: it imports what speaks to servers, for which the first word of a model in this process would wait.
    from s1m.engines.chat.dial import check_sampling, check_turned

    check_sampling(find_dial(dial), sampling.for_engine())
    if strategy.dials == "budget":
        check_turned(find_dial(dial), budgets=strategy.levels)
    elif strategy.dials == "effort":
        check_turned(find_dial(dial), efforts=[strategy.level_names[level] for level in strategy.levels])


def eval_settings(given: Mapping[str, Any], source: str = "settings") -> EvalSettings:
    """Settings of ``s1m eval`` from plain values, in which levels and ignore strings have spellings of their own."""
    settings = settings_from(EvalSettings, spelled_out(with_strategy(given)), source)
    if settings.origin != "generated":
        raise UsageError(f"{source}: a {settings.origin} run cannot be repeated by s1m eval; use s1m replay")
    return settings


def with_strategy(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values with the strategy that a policy file is for, where none is named."""
    return {"strategy": "policy", **given} if given.get("policy") else given


def check_passed(engine: EngineSettings, sampling: SamplingSettings) -> None:
    """Raises ``UsageError`` for sampling settings that the engine does not pass on to its model."""
    off = SamplingSettings()
    changed = [name for name in NEEDS_OPTIONS if getattr(sampling, name) != getattr(off, name)]
    if changed and not passes_options(engine.builder):
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in changed)
        raise UsageError(f"--engine {engine.engine} does not take {flags}; leave it out")


def strategy_of(chosen: StrategySettings, forcing: Forcing) -> BaseStrategy:
    """The strategy that is chosen, its levels checked. Raises ``UsageError`` for levels that it cannot have."""
    options = Options(
        levels=chosen.levels,
        sweep=chosen.sweep,
        weight=chosen.vote_weight,
        sure=chosen.min_confidence,
        rule=rule_from(chosen.policy_rule) if chosen.policy_rule else None,
        whole=chosen.chains == "whole",
    )
    return find_strategy(chosen.strategy).build(forcing, options)


def digest_of(settings: Any) -> str:
    """A hash of the settings but for those that change no record. It names the records of a run, so it must not change
    with how settings are divided into parts: only keys and values count.
    """
    content = {name: value for name, value in written(settings).items() if name not in NOT_IN_DIGEST}
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def with_origin(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run as they are written now; runs kept by earlier versions name their origin as an engine."""
    values = dict(settings)
    if "origin" not in values:
        engine = values.get("engine")
        values["origin"] = engine if engine in ("imported", "replayed") else "generated"
        if values["origin"] != "generated":
            values["engine"] = values.pop("source_engine", "")
    return values
