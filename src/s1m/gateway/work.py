"""The gateway without HTTP: an engine, the rules that requests are held to, and a flow for each of them."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from s1m.ask.asking import NO_RUN
from s1m.engines.builder import BUNDLED
from s1m.errors import UsageError
from s1m.evaluate.build import model_of
from s1m.evaluate.family import with_family
from s1m.evaluate.metering import CountedEngine
from s1m.evaluate.policy import read_policy
from s1m.evaluate.policy_use import check_policy
from s1m.evaluate.recommended import with_sampling
from s1m.evaluate.settings.parts import forcing_of
from s1m.files.settings import changed
from s1m.files.tasks import gathered
from s1m.forcing import Forcing, drive
from s1m.forcing.events import Event, Finished
from s1m.forcing.follow import watch
from s1m.gateway.dial import POLICY, Efforts, read_efforts, with_row
from s1m.gateway.replies.batches import Emit
from s1m.gateway.replies.outcome import Outcome, outcome_of
from s1m.gateway.requests.asked import Asked, Rules
from s1m.gateway.requests.dials import DialRules
from s1m.gateway.requests.pictures import Fetch, PictureRules
from s1m.gateway.settings import ANSWER_CUE, GatewaySettings
from s1m.types import Engine

logger = logging.getLogger("s1m")

MEGABYTE = 1 << 20
AUTO = "auto"
"""The effort that leaves it to the policy how long to think."""
PROMPT_SHARE = 4
"""Of a context that is too short for the budgets, a prompt is left one part in four."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What answers requests. Belongs to the event loop in which it is used."""

    engine: Engine
    rules: Rules
    model: str
    is_bundled: bool
    """Whether the model is the toy that comes with s1m, which reads pictures of digits and nothing else."""

    async def whole(self, asked: Asked) -> list[Outcome]:
        """The outcome of every choice of a request. Raises ``EngineError``."""
        if asked.choices == 1:
            return [await self._whole(asked)]
        return await gathered(self._whole(each) for each in asked.each())

    async def _whole(self, asked: Asked) -> Outcome:
        began = time.monotonic()
        engine = CountedEngine(self.engine)
        trace = await drive(asked.flow(), asked.problem, engine, asked.sampling)
        return outcome_of(asked, trace, time.monotonic() - began, engine.first_prompt_tokens)

    async def watched(self, asked: Asked, emit: Emit) -> None:
        """Call ``emit`` with what happens while a request is worked on, and with the outcome of every choice.

        Raises ``EngineError``.
        """
        if asked.choices == 1:
            await self._watched(asked, 0, emit)
        else:
            await gathered(self._watched(each, choice, emit) for choice, each in enumerate(asked.each()))

    async def _watched(self, asked: Asked, choice: int, emit: Emit) -> None:
        engine = CountedEngine(self.engine)

        def handed_on(event: Event) -> None:
            if isinstance(event, Finished):
                emit(outcome_of(asked, event.trace, event.seconds, engine.first_prompt_tokens), choice)
            else:
                emit(event, choice)

        await watch(asked.flow(), asked.problem, engine, asked.sampling, handed_on)


async def resolved(settings: GatewaySettings) -> GatewaySettings:
    """Settings with the model's name, delimiters and sampling.

    Raises ``EngineUnavailable`` where no server answers, ``UsageError`` for a policy that was tuned for something else.
    """
    name = await model_of(settings.engine) or settings.engine.builder.default_model
    cue = settings.strategy.answer_cue
    if name == BUNDLED and cue == ANSWER_CUE:
        cue = Forcing.answer_cue  # the one that it was trained with
    elif settings.strategy.policy and cue == ANSWER_CUE:
        cue = read_policy(settings.strategy.policy).tuned_on.answer_cue
    settings = changed(settings, model=name, answer_cue=cue)
    family = await with_family(settings, settings.engine, settings.strategy, NO_RUN)
    chosen = await with_sampling(family.settings, settings.engine, settings.sampling)
    for notice in (*family.notices, *chosen.notices):
        logger.info(notice)
    check_policy(chosen.settings, chosen.settings.strategy, chosen.settings.engine)
    return chosen.settings


def efforts_of(settings: GatewaySettings) -> Efforts:
    """The table of efforts. Raises ``UsageError`` for one that cannot be read."""
    own = Path(str(files("s1m").joinpath("assets/efforts.toml")))
    path = Path(settings.efforts).expanduser() if settings.efforts else own
    table = read_efforts(path, settings.dial(settings.budget.max_thinking_tokens))
    if settings.strategy.policy_rule:
        table.setdefault(AUTO, {"strategy": POLICY})
    if settings.effort and settings.effort not in table:
        raise UsageError(f"--effort {settings.effort} is not in {path.name}: it has {', '.join(table)}")
    return table


def work_of(settings: GatewaySettings, engine: Engine, efforts: Efforts, fetch: Fetch | None = None) -> Work:
    """The work of a gateway whose engine is ready."""
    model = settings.engine.model
    most = most_thinking(settings, engine)
    dial = settings.dial(most)
    if settings.effort:
        dial = with_row(dial, efforts[settings.effort], settings.effort)
    forcing = replace(forcing_of(settings.strategy, settings.budget), max_thinking_tokens=most, min_thinking_tokens=0)
    limits = settings.limits
    rules = Rules(
        dial=DialRules(
            model=model,
            default=dial,
            efforts=efforts,
            most_thinking_tokens=most,
            most_chains=limits.max_chains,
        ),
        pictures=PictureRules(most_images=limits.max_images, most_bytes=limits.max_image_mb * MEGABYTE, fetch=fetch),
        forcing=forcing,
        sampling=settings.sampling.for_engine(),
        keeps_to_policy=not settings.strategy.allow_policy_mismatch,
        can_bind=getattr(engine, "binds_json", False),
        takes_turns=getattr(engine, "takes_turns", False),
        passes_options=getattr(settings.engine.builder, "passes_options", False),
    )
    return Work(engine=engine, rules=rules, model=model, is_bundled=model == BUNDLED)


def most_thinking(settings: GatewaySettings, engine: Engine) -> int:
    """The most thinking tokens that a request may ask for: the gateway's own, or what the context leaves.

    Raises ``UsageError`` for a context that leaves nothing.
    """
    wanted, answer, context = (
        settings.budget.max_thinking_tokens,
        settings.budget.max_answer_tokens,
        engine.context_tokens,
    )
    if context is None or wanted + answer < context:
        return wanted
    room = context - context // PROMPT_SHARE - answer
    if room < 1:
        raise UsageError(
            f"the context of {context} tokens is too short for answers of {answer}: lower --max-answer-tokens"
        )
    logger.warning(
        "the model's context of %d tokens is too short for %d of thinking and %d of answer; requests may think %d",
        context, wanted, answer, min(room, wanted),
    )  # fmt: skip
    return min(room, wanted)
