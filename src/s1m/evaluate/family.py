"""``--family auto``: the delimiters of thinking are those that the model's own chat template has."""

from __future__ import annotations

import logging
from typing import TypeVar

from s1m.engines.builder import EngineSettings
from s1m.engines.embedded.checkpoint import place_of
from s1m.errors import S1mError, UsageError
from s1m.evaluate.settings.parts import StrategySettings
from s1m.families.files import read_model
from s1m.families.reading import Reading, read_template
from s1m.families.template import ChatTemplate
from s1m.files.settings import changed

logger = logging.getLogger("s1m")

Settings = TypeVar("Settings")


def with_delimiters(settings: Settings, engine: EngineSettings, strategy: StrategySettings) -> Settings:
    """Settings of a run with the delimiters of the model's template where ``--family auto`` asks for them.

    Raises ``UsageError`` where the template cannot be read. A template that shows no thinking leaves the defaults.
    """
    if strategy.family != "auto" or not engine.model:
        return settings
    reading = _reading(engine)
    if reading.delimiters is None:
        logger.warning(
            "the chat template of %s shows no thinking; --family auto leaves %r and %r",
            engine.model,
            strategy.thinking_open,
            strategy.thinking_close,
        )
        return settings
    return changed(settings, thinking_open=reading.opening, thinking_close=reading.delimiters.closing)


def _reading(engine: EngineSettings) -> Reading:
    try:
        source = read_model(place_of(engine.model)).template
        options = engine.request_options.template
        return read_template(ChatTemplate(source.source, source.bos_token, source.eos_token, options))
    except S1mError as error:
        raise UsageError(f"--family auto: {error}; or give --thinking-open and --thinking-close") from None
