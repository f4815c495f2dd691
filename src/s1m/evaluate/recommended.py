"""``--sampling recommended``: what the model's makers recommend, but for what is given."""

from __future__ import annotations

from s1m.engines.builder import EngineSettings, model_sources, passes_options
from s1m.errors import S1mError, UsageError
from s1m.evaluate.chosen import Chosen, Settings
from s1m.evaluate.settings.parts import NEEDS_OPTIONS, SamplingSettings
from s1m.families.sampling import Recommended, listed, recommended
from s1m.files.settings import changed


async def with_sampling(
    settings: Settings, engine: EngineSettings, sampling: SamplingSettings, *, asking: bool = True
) -> Chosen[Settings]:
    """The settings with the recommended sampling of their model, where it is asked for.

    Without ``asking``, no server is asked where the files of its model are. Raises ``UsageError`` where nothing is
    known of the model, or the engine does not pass on a value that is recommended.
    """
    if sampling.sampling != "recommended":
        return Chosen(settings=settings)
    result = recommended(await model_sources(engine) if asking else [engine.model])
    if result is None:
        raise UsageError(
            f"--sampling recommended: nothing is known of {engine.model}, neither from its generation_config.json nor "
            "from its card; give --temperature, --top-p and --top-k instead"
        )
    values = {name: value for name, value in result.values.items() if name not in sampling.sampling_given}
    _check_passed(engine, values, result)
    try:
        chosen = changed(settings, **values, sampling="given", sampling_given=())
    except S1mError as error:
        raise UsageError(f"--sampling recommended ({result.source}): {error}; give the value yourself") from None
    given = sampling.sampling_given
    beside = f"; given: {', '.join(given)}" if given else ""
    why = f"recommended by {result.source}{beside}"
    return Chosen(settings=chosen, reasons={"sampling": why}, notices=(f"sampling: {listed(values)}, {why}",))


def _check_passed(engine: EngineSettings, values: dict[str, float], result: Recommended) -> None:
    """Raises ``UsageError`` for values that the engine would not pass on to its model."""
    wanted = [f"--{name.replace('_', '-')} {values[name]:g}" for name in NEEDS_OPTIONS if values.get(name)]
    if wanted and not passes_options(engine.builder):
        raise UsageError(
            f"--sampling recommended ({result.source}) needs {', '.join(wanted)}, which --engine {engine.engine} does "
            "not take; give --temperature and --top-p instead"
        )
