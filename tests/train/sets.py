"""Settings of trainings on small sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from s1m.datasets.source import Source
from s1m.datasets.sources import Examples, load_examples
from s1m.train.settings import TrainSettings


def settings(*sources: Source | str | Path, **changes: Any) -> TrainSettings:
    data = tuple(source if isinstance(source, Source) else Source(path=str(source)) for source in sources)
    return TrainSettings(model="tiny", out="out", data=data, **changes)


def examples_of(settings: TrainSettings) -> Examples:
    return load_examples(settings.data, seed=settings.seed, delimiters=settings.delimiters)
