"""One question, from Python: ``s1m.think``, ``s1m.athink``, ``s1m.stream``, and ``s1m.engine`` for who answers.

    trace = s1m.think("What is the sum of the digits?", images=["digits.png"], num_ignore=3)
    trace.answers[-1].text

The dials are the flags of ``s1m ask`` with underscores, each with the same default.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from s1m.ask import background
from s1m.ask.asking import asking, built
from s1m.ask.question import Picture, question_of
from s1m.ask.settings import AskSettings, ask_settings
from s1m.engines.builder import EngineSettings
from s1m.errors import UsageError
from s1m.evaluate.settings.spelling import spelled_out
from s1m.files.settings import keys_of, settings_from
from s1m.forcing.events import Event
from s1m.types import Engine, Problem, Trace

__all__ = ["athink", "engine", "stream", "think"]


def think(
    question: str, images: Sequence[Picture] | Picture = (), *, engine: Engine | str | None = None, **dials: Any
) -> Trace:
    """The trace of one question: its chain of thought, and an answer at every level of ``num_ignore``.

    ``images`` are paths or bytes of image files. ``engine`` is what ``s1m.engine`` returns, or a name such as "vllm"
    with its words among the dials (``base_url=...``), then closed at the end; without one the bundled model answers,
    which reads small pictures of handwritten digits and nothing else. ``dials`` are the flags of ``s1m ask``.

    It can be called within a running event loop, as in a notebook, which waits meanwhile. Raises ``UsageError`` for
    what cannot be asked, ``EngineError`` when it is not answered.
    """
    settings, problem, given = _asked("s1m.think", question, images, engine, dials)
    return background.run(_trace(settings, problem, given))


async def athink(
    question: str, images: Sequence[Picture] | Picture = (), *, engine: Engine | str | None = None, **dials: Any
) -> Trace:
    """As ``think``, while the caller's event loop goes on; cancelling it cancels what the engine is doing."""
    settings, problem, given = _asked("s1m.athink", question, images, engine, dials)
    return await background.awaited(_trace(settings, problem, given))


async def stream(
    question: str, images: Sequence[Picture] | Picture = (), *, engine: Engine | str | None = None, **dials: Any
) -> AsyncGenerator[Event, None]:
    """The events of one question as they happen, see ``s1m.forcing.events``; the last is ``Finished``, with the trace.

    Arguments and errors are those of ``think``. Closing the iterator cancels what the engine is doing.
    """
    settings, problem, given = _asked("s1m.stream", question, images, engine, dials)
    async with aclosing(background.iterated(lambda: _events(settings, problem, given))) as events:
        async for event in events:
            yield event


def engine(name: str = "embedded", **words: Any) -> Engine:
    """Who answers, by the words of the command line: ``s1m.engine("vllm", base_url="http://127.0.0.1:8000/v1")``.

    ``words`` are the flags of ``--engine`` with underscores: ``model``, ``base_url``, ``system_prompt``,
    ``template_kwargs``, ``concurrency``, ``timeout_seconds``, ``trust_remote_code``. A model in this process is loaded
    at once, a server is first asked by the first question and let go when Python ends; the key is read from
    S1M_API_KEY. Raises ``UsageError`` for
    words that do not fit and ``EngineUnavailable`` for a checkpoint that does not load.
    """
    settings = settings_from(EngineSettings, spelled_out({**words, "engine": name}), "s1m.engine")
    made = built(settings)
    if settings.builder.needs_server:
        background.close_at_exit(made)
    return made


def _asked(
    source: str,
    question: str,
    images: Sequence[Picture] | Picture,
    engine: Engine | str | None,
    dials: dict[str, Any],
) -> tuple[AskSettings, Problem, Engine | None]:
    given = engine if not isinstance(engine, str) else None
    if isinstance(engine, str):
        dials = {**dials, "engine": engine}
    elif given is not None:
        words = sorted(keys_of(EngineSettings).keys() & dials.keys())
        if words:
            raise UsageError(f"{source}: the engine is built already; give {', '.join(words)} to s1m.engine")
    settings = ask_settings(dials, source)
    return settings, question_of(question, images, settings.max_image_pixels), given


async def _trace(settings: AskSettings, problem: Problem, engine: Engine | None) -> Trace:
    async with asking(settings, problem, engine) as ready:
        return await ready.trace()


async def _events(settings: AskSettings, problem: Problem, engine: Engine | None) -> AsyncGenerator[Event, None]:
    async with asking(settings, problem, engine) as ready, aclosing(ready.events()) as events:
        async for event in events:
            yield event
