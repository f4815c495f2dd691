"""Settings of ``s1m data distill``: those of a run, and who describes images to a teacher that sees none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from msgspec import Meta

from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.spelling import MOST_LEVELS, spelled_out
from s1m.files.settings import Count, settings_from
from s1m.forcing.strategies import Name


@dataclass(frozen=True, kw_only=True)
class DistillSettings(EvalSettings):
    """Settings of ``s1m data distill``."""

    split: str = ""
    """Part of the benchmark (empty: train)."""
    out: str = ""
    """Run folder (empty: runs/distill-BENCHMARK); a folder that holds this distillation is resumed."""
    strategy: Name = "hybrid"
    """Several chains a problem, each forced."""
    levels: tuple[Annotated[int, Meta(ge=0)], ...] = (4,)
    """How many chains."""
    num_ignore: tuple[Annotated[int, Meta(ge=0, le=MOST_LEVELS)], ...] = (0, 1, 2, 3)
    """How often the end of thinking is ignored; of every chain the longest stretch with a right answer is kept."""
    temperature: Annotated[float, Meta(ge=0, le=100)] = 0.8
    """Sampling temperature; samples should differ."""
    describer_engine: Literal["", "embedded", "vllm", "http"] = ""
    """Who describes the images to a teacher that sees none (empty: the teacher sees them)."""
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
        super().__post_init__()
        if self.strategy != "hybrid":
            raise ValueError(f"a distillation is of strategy hybrid, not {self.strategy}")
        if min(self.levels, default=0) < 1:
            raise ValueError("--samples must be at least 1")
        if not self.describer_engine and (self.describer_model or self.describer_base_url):
            raise ValueError("--describer-model and --describer-base-url need --describer-engine")

    def describer(self) -> EvalSettings:
        """The settings of a run that would ask the describer."""
        own = {field.name: getattr(self, field.name) for field in fields(EvalSettings)}
        bundled = "bundled" if self.describer_engine == "embedded" else ""
        asked = {
            "engine": self.describer_engine,
            "model": self.describer_model or bundled,
            "base_url": self.describer_base_url,
        }
        return settings_from(EvalSettings, {**own, **asked}, "s1m data distill, describer")


def distill_settings(given: Mapping[str, Any], source: str = "settings") -> DistillSettings:
    """Settings of ``s1m data distill`` from plain values; ``samples`` is how many chains a problem gets."""
    values = spelled_out(given)
    if "samples" in values:
        values["levels"] = [values.pop("samples")]
    return settings_from(DistillSettings, values, source)
