"""``--family``: what a run's thinking stands between, taken from the model's own chat template unless it is given.

given flags, or those of a family that is named                       win
the template: of the checkpoint, or of the server                     is read by rendering it
a template that shows no thinking, or none that can be seen           leaves the defaults; said, but not of the toy
"""

from __future__ import annotations

from pathlib import Path

from s1m.engines.builder import EngineSettings, read_template
from s1m.errors import DataError, UsageError
from s1m.evaluate.chosen import Chosen, Settings
from s1m.evaluate.recommended import with_sampling
from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.settings.parts import StrategySettings
from s1m.families.finding import Read, quoted
from s1m.files.run_folder import read_settings
from s1m.files.settings import changed

HINT = "; give --thinking-open and --thinking-close if the model has others"


async def chosen_for(settings: Settings, run: EvalSettings, *, asking: bool = True) -> Chosen[Settings]:
    """Settings of a run with delimiters and sampling of its model where these are left to it.

    ``run`` is the part of them that ``s1m eval`` has. Without ``asking``, no server is asked. Raises what
    ``with_family`` and ``with_sampling`` raise.
    """
    family = await with_family(settings, run.engine, run.strategy, run.run_folder, asking=asking)
    sampling = await with_sampling(family.settings, run.engine, run.sampling, asking=asking)
    return Chosen(
        settings=sampling.settings,
        reasons={**family.reasons, **sampling.reasons},
        notices=(*family.notices, *sampling.notices),
    )


async def with_family(
    settings: Settings, engine: EngineSettings, strategy: StrategySettings, folder: Path, *, asking: bool = True
) -> Chosen[Settings]:
    """Settings of the run in ``folder`` with the delimiters of the model's template, unless they are given.

    A run that has records keeps the delimiters that it began with. Without ``asking``, no server is asked. Raises
    ``EngineUnavailable`` where no server answers.
    """
    if strategy.names_delimiters:
        return Chosen(settings=settings, reasons={"delimiters": strategy.delimiters_given})
    read, why = await _read(engine, asking=asking)
    pair, hint = (strategy.thinking_open, strategy.thinking_close), HINT
    if read and read.reading.delimiters:
        pair, why, hint = (read.reading.opening, read.reading.delimiters.closing), f"from {read.source}", ""
    before = _recorded(folder)
    if before and before != pair:
        pair, why, hint = before, "as the records of this run have them", ""
    chosen = changed(settings, thinking_open=pair[0], thinking_close=pair[1])
    notice = f"thinking stands between {quoted(pair[0])} and {quoted(pair[1])}, {why}{hint}"
    # The toy was trained on the defaults: of the first command of a newcomer there is nothing to decide.
    notices = () if engine.is_bundled and hint else (notice,)
    return Chosen(settings=chosen, reasons={"delimiters": why}, notices=notices)


async def _read(engine: EngineSettings, *, asking: bool) -> tuple[Read | None, str]:
    """What the template does about thinking, and why that leaves the defaults if it does."""
    if engine.builder.needs_server and not asking:
        return None, "by default; a run asks the server for its chat template first"
    try:
        read = await read_template(engine)
    except (UsageError, DataError) as error:
        return None, f"by default, for the chat template cannot be read ({error})"
    if read is None:
        return None, f"by default, for --engine {engine.engine} shows no chat template"
    return read, f"by default, for {read.source} shows no thinking"


def _recorded(folder: Path) -> tuple[str, str] | None:
    """The delimiters that the records of a run were made with; None where there is none."""
    records = folder / "records.jsonl"
    if not (records.is_file() and records.stat().st_size):
        return None
    settings = read_settings(folder) or {}
    opening, closing = settings.get("thinking_open"), settings.get("thinking_close")
    return (opening, closing) if isinstance(opening, str) and isinstance(closing, str) else None
