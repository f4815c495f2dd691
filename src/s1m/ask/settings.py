"""Settings of one question: the words of ``s1m eval`` without a benchmark, each with a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s1m.engines.builder import BUNDLED, EngineSettings
from s1m.evaluate.settings import check_passed, check_whole, strategy_of, with_strategy
from s1m.evaluate.settings.parts import BudgetSettings, SamplingSettings, StrategySettings, forcing_of
from s1m.evaluate.settings.spelling import spelled_out
from s1m.files.settings import Count, settings_from
from s1m.forcing.base import BaseStrategy


@dataclass(frozen=True, kw_only=True)
class AskSettings:
    """Settings of ``s1m ask`` and ``s1m.think``."""

    engine: EngineSettings = field(default_factory=EngineSettings)
    strategy: StrategySettings = field(default_factory=lambda: StrategySettings(num_ignore=(0, 1, 2, 3)))
    """Fewer levels than a run has: someone waits for the answer."""
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    max_image_pixels: Count | None = None
    """Larger images are scaled down to N pixels, width times height (empty: images are sent as they are)."""

    def __post_init__(self) -> None:
        check_passed(self.engine, self.sampling)
        # Refuses what the algorithm and the strategy refuse, before anything is asked.
        check_whole(self.build_strategy(), self.strategy, self.engine, self.sampling)

    @property
    def is_bundled(self) -> bool:
        """Whether the tiny model answers that comes with the package."""
        return (self.engine.model or self.engine.builder.default_model) == BUNDLED

    def build_strategy(self) -> BaseStrategy:
        """The strategy of the settings, its levels checked."""
        return strategy_of(self.strategy, forcing_of(self.strategy, self.budget))


def ask_settings(given: Mapping[str, Any], source: str) -> AskSettings:
    """Settings from plain values, as flags and arguments give them. Raises ``UsageError`` that names ``source``."""
    return settings_from(AskSettings, spelled_out(with_strategy(given)), source)
