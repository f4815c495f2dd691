"""What thinking stands between in a training: what the chat template of the model to start from has, unless given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from s1m.engines.embedded.checkpoint import place_of
from s1m.errors import DataError, UsageError
from s1m.families import DEFAULT
from s1m.families.finding import quoted, read_files
from s1m.files.run_folder import read_settings
from s1m.train.settings import TrainSettings


def with_family(settings: TrainSettings) -> tuple[TrainSettings, str]:
    """The settings with the delimiters of their model, and what is said of it; empty where these are the defaults.

    A training that is resumed keeps the delimiters that it began with. A template that shows no thinking, or that
    cannot be read, leaves the defaults: most models that are taught to think have one.
    """
    given = (settings.thinking_open, settings.thinking_close)
    if settings.family != "auto" or given != (DEFAULT.opening, DEFAULT.closing):
        return settings, ""
    before = read_settings(Path(settings.out)) or {}
    if "thinking_open" in before and "thinking_close" in before:
        return replace(settings, thinking_open=before["thinking_open"], thinking_close=before["thinking_close"]), ""
    try:
        result = read_files(place_of(settings.model), {})
    except (UsageError, DataError):
        return settings, ""
    if result.reading.delimiters in (None, settings.delimiters):
        return settings, ""
    assert result.reading.delimiters is not None
    opening, closing = result.reading.delimiters.opening, result.reading.delimiters.closing
    said = f"thinking stands between {quoted(opening)} and {quoted(closing)}, from {result.source}"
    return replace(settings, thinking_open=opening, thinking_close=closing), said
