"""Settings of ``s1m data distill``: those of a run, and who describes images to a teacher that sees none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from s1m.engines.builder import EngineSettings
from s1m.errors import UsageError
from s1m.evaluate.settings import EvalSettings, digest_of
from s1m.evaluate.settings.parts import BudgetSettings, ProblemSettings, SamplingSettings, StrategySettings
from s1m.evaluate.settings.spelling import spelled_out
from s1m.files.settings import NOT_A_FLAG, Count, FilePath, flat, settings_from

STRATEGY = "hybrid"
"""Several chains a problem, each forced: the only strategy whose chains are all of use to a distillation."""


@dataclass(frozen=True, kw_only=True)
class DescriberSettings:
    """Describer: for a teacher that sees only text."""

    describer_engine: str = ""
    """Engine that describes the images to a teacher that sees none (empty: the teacher sees them)."""
    describer_model: str = ""
    """Its name: as for --model."""
    describer_base_url: tuple[str, ...] = ()
    """Its servers: as for --base-url."""
    describe_prompt: str = (
        "Describe the picture so that someone who cannot see it could answer the question below: every object, number, "
        "label, axis, length and angle, and how they lie to each other. Do not answer the question."
    )
    """What it is asked; the question follows."""
    max_description_tokens: Count = 1024
    """Longest description."""

    def __post_init__(self) -> None:
        if not self.describer_engine and (self.describer_model or self.describer_base_url):
            raise ValueError("--describer-model and --describer-base-url need --describer-engine")
        if self.describer_engine:
            try:
                self.engine_beside(EngineSettings())
            except UsageError as error:
                raise UsageError(f"the describer: {error}") from None

    def engine_beside(self, teacher: EngineSettings) -> EngineSettings:
        """The describer's engine, as patient and as concurrent as the teacher's."""
        described = EngineSettings(
            engine=self.describer_engine,
            model=self.describer_model,
            base_url=self.describer_base_url,
            concurrency=teacher.concurrency,
            timeout_seconds=teacher.timeout_seconds,
            trust_remote_code=teacher.trust_remote_code,
        )
        model = described.model or described.builder.default_model
        return settings_from(EngineSettings, {**flat(described), "model": model}, "s1m data distill, describer")


@dataclass(frozen=True, kw_only=True)
class DistillSettings:
    """Settings of ``s1m data distill``."""

    problems: ProblemSettings
    engine: EngineSettings = field(default_factory=EngineSettings)
    describer: DescriberSettings = field(default_factory=DescriberSettings)
    strategy: StrategySettings = field(
        default_factory=lambda: StrategySettings(strategy=STRATEGY, levels=(4,), num_ignore=(0, 1, 2, 3))
    )
    sampling: SamplingSettings = field(default_factory=lambda: SamplingSettings(temperature=0.8))
    """Warmer than a run's: samples should differ."""
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    out: FilePath = ""
    """Run folder (empty: runs/distill-BENCHMARK); a folder that holds this distillation is resumed."""

    origin: Literal["generated"] = field(default="generated", metadata=NOT_A_FLAG)
    """Where the answers are from."""

    def __post_init__(self) -> None:
        if self.strategy.strategy != STRATEGY:
            raise ValueError(f"a distillation is of strategy {STRATEGY}, not {self.strategy.strategy}")
        self.run.build_strategy()

    @property
    def run(self) -> EvalSettings:
        """The settings of the run that the distillation is."""
        return EvalSettings(
            problems=self.problems,
            engine=self.engine,
            strategy=self.strategy,
            sampling=self.sampling,
            budget=self.budget,
            out=self.out,
        )

    @property
    def run_folder(self) -> Path:
        """Where the run is kept."""
        return Path(self.out or f"runs/distill-{self.problems.benchmark}").expanduser()

    def digest(self) -> str:
        """A hash of everything that a record depends on, the describer included."""
        return digest_of(self)


def distill_settings(given: Mapping[str, Any], source: str = "settings") -> DistillSettings:
    """Settings of ``s1m data distill`` from plain values; ``samples`` is how many chains a problem gets."""
    values = spelled_out(given)
    if "samples" in values:
        samples = values.pop("samples")
        if isinstance(samples, int) and samples < 1:
            raise UsageError(f"{source}: --samples must be at least 1, not {samples}")
        values["levels"] = [samples]
    for name in ("judge_model", "judge_base_url"):  # kept empty by earlier versions: a distillation has no judge
        if values.get(name) == "":
            del values[name]
    return settings_from(DistillSettings, values, source)
