"""``s1m eval --dry-run``: what a run would ask and cost at most."""

from __future__ import annotations

import asyncio

from s1m.benchmarks import find_benchmark
from s1m.engines.scripted import ScriptedEngine
from s1m.errors import UsageError
from s1m.evaluate.benchmark import load_problems
from s1m.evaluate.build import resolve
from s1m.evaluate.settings import EvalSettings
from s1m.files.printing import Printer
from s1m.files.settings import to_toml
from s1m.forcing import Task, drive
from s1m.types import Engine, Problem, Step


def show_plan(settings: EvalSettings) -> int:
    """``s1m eval --dry-run``: the settings, what the run would cost at most, and the requests of one problem."""
    benchmark = find_benchmark(settings.benchmark)
    settings = resolve(settings, benchmark)
    problems = load_problems(settings, benchmark)
    if not problems:
        raise UsageError(f"{settings.benchmark} has no problems with these settings")
    console = Printer()
    console.print(to_toml(settings))
    strategy = settings.build_strategy()
    chains, answers = strategy.most_chains, strategy.most_answers
    most = len(problems) * (chains * settings.max_thinking_tokens + answers * settings.max_answer_tokens)
    each = f"{chains} chain{'s' * (chains > 1)} and {answers} answers"
    console.print(f"levels are {strategy.axis}: {', '.join(map(str, strategy.levels))}")
    console.print(f"{len(problems)} problems, each {each}, at most {most:,} tokens in all")
    console.print(f"would be kept in {settings.run_folder}; nothing was asked or written\n")
    asked: list[str] = []

    def script(_problem: Problem, step: Step) -> str:
        asked.append("".join(piece.text for piece in step.prefix))
        return f"(thinking){settings.thinking_close}" if step.stop else "(answer)"

    engine: Engine = ScriptedEngine(script)
    flow = strategy.flow(Task(seed=settings.seed))
    asyncio.run(drive(flow, problems[0], engine, settings.sampling()))
    console.print(f"requests for {problems[0].id} ({len(problems[0].images)} images): {problems[0].question}")
    for number, text in enumerate(asked, start=1):
        console.print(f"  {number}. go on from: {text!r}")
    return 0
