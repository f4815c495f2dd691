"""``s1m eval --dry-run``: what a run would ask and cost at most."""

from __future__ import annotations

import asyncio

from s1m.benchmarks import find_benchmark
from s1m.engines.scripted import ScriptedEngine
from s1m.errors import UsageError
from s1m.evaluate.benchmark import load_problems
from s1m.evaluate.build import resolve
from s1m.evaluate.family import chosen_for
from s1m.evaluate.settings import EvalSettings
from s1m.files.printing import Printer
from s1m.files.settings import to_toml
from s1m.forcing import Task, drive
from s1m.forcing.base import BaseStrategy
from s1m.forcing.flow import MOST_TRIES
from s1m.types import Problem, Step

MOST_REQUESTS = 40
"""Requests of a dry run that are printed; a vote of many chains would fill the screen with the same few."""


def show_plan(settings: EvalSettings) -> int:
    """``s1m eval --dry-run``: the settings, what the run would cost at most, and the requests of one problem."""
    benchmark = find_benchmark(settings.problems.benchmark)
    settings = resolve(settings, benchmark)
    chosen = asyncio.run(chosen_for(settings, settings, asking=False))
    settings = chosen.settings
    problems = load_problems(settings.problems, benchmark)
    if not problems:
        raise UsageError(f"{settings.problems.benchmark} has no problems with these settings")
    console = Printer()
    console.print(to_toml(settings))
    for line in chosen.notices:
        console.print(line)
    strategy = settings.build_strategy()
    console.print(f"levels are {strategy.axis}: {', '.join(map(str, strategy.levels))}")
    console.print(cost_sentence(strategy, len(problems), settings.samples))
    console.print(f"would be kept in {settings.run_folder}; nothing was asked or written\n")
    asked = asyncio.run(requests_of(settings, strategy, problems[0]))
    console.print(f"requests for {problems[0].id} ({len(problems[0].images)} images): {problems[0].question}")
    for number, text in enumerate(asked[:MOST_REQUESTS], start=1):
        console.print(f"  {number}. {text}")
    if asked[MOST_REQUESTS:]:
        console.print(f"  and {len(asked) - MOST_REQUESTS:,} more")
    return 0


def cost_sentence(strategy: BaseStrategy, problems: int, samples: int = 1) -> str:
    """What a run costs at most, in a sentence."""
    chains, answers = strategy.most_chains, strategy.most_answers
    times = f", {samples} times" if samples > 1 else ""
    return (
        f"{problems:,} problems{times}, each {chains} chain{'s' * (chains > 1)} and {answers} "
        f"answer{'s' * (answers > 1)}, at most {problems * samples * strategy.most_tokens:,} tokens in all; an answer "
        f"that commits to nothing is asked for up to {MOST_TRIES} times"
    )


def request_text(step: Step) -> str:
    """What a step asks for, in a few words."""
    if step.whole is None:
        return f"continue: {''.join(piece.text for piece in step.prefix)!r}"
    asked = [f"reasoning effort {step.whole.effort}"] if step.whole.effort else []
    asked += [] if step.whole.budget is None else [f"thinking budget {step.whole.budget}"]
    return ", ".join(["one whole reply", *asked, f"at most {step.max_tokens} tokens"])


async def requests_of(settings: EvalSettings, strategy: BaseStrategy, problem: Problem) -> list[str]:
    """What an engine would be given for a problem, where every answer commits to something."""
    asked: list[str] = []

    def script(_problem: Problem, step: Step) -> str:
        asked.append(request_text(step))
        return f"(thinking){settings.strategy.thinking_close}" if step.stop else "(answer)"

    engine = ScriptedEngine(script)
    await drive(strategy.flow(Task(seed=settings.sampling.seed)), problem, engine, settings.sampling.for_engine())
    return asked
