"""Another strategy from what a run has recorded: the same chains, the same answers, chosen among anew.

A hybrid run holds so many chains with an answer after every ignored end. Its first chain is what budget forcing gives,
its answers at level 0 are those of plain voting, and stopping early leaves the rest of a chain unread. Chains and seeds
are the same as in a run of that strategy, so that the replayed run is the run it replaces.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from s1m.errors import DataError, UsageError
from s1m.evaluate.settings import NOBODY_ASKED, EvalSettings, ReplaySettings, eval_settings
from s1m.evaluate.store import Run, RunStore, load_run
from s1m.files.settings import settings_from
from s1m.forcing.strategies.adaptive import Adaptive
from s1m.forcing.strategies.sequential import Sequential
from s1m.forcing.strategies.vote import Vote
from s1m.forcing.strategy import Strategy
from s1m.types import Answer, Record, Segment, Trace, Verdict

REPLAYABLE = ("sequential", "vote", "hybrid", "adaptive")
USUAL_CHAINS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """An answer that was asked for, and the verdict on it."""

    answer: Answer
    verdict: Verdict


def replay_settings(source: Run, given: Mapping[str, Any]) -> ReplaySettings:
    """The settings of a replay: those of its source but for what is ``given``.

    Raises ``UsageError`` for a source that cannot be replayed and for levels that it does not reach.
    """
    name = str(source.folder)
    if source.settings.get("engine") in NOBODY_ASKED:
        raise UsageError(f"{name} is {source.settings['engine']}; replay a run that asked an engine")
    origin = eval_settings(source.settings, f"{name}/settings.toml")
    if origin.strategy not in ("sequential", "vote", "hybrid") or origin.sweep == "independent":
        raise UsageError(
            f"{name} is of strategy {origin.strategy} ({origin.sweep} sweep); replay one of strategy hybrid, vote, or "
            "sequential with a nested sweep"
        )
    for flag in ("strategy", "out"):
        if not given.get(flag):
            raise UsageError(f"a replay needs --{flag}")
    if given["strategy"] not in REPLAYABLE:
        raise UsageError(f"strategy {given['strategy']} cannot be replayed, only {', '.join(REPLAYABLE)}")
    chains, ignored = reach(origin)
    wanted = asdict(eval_settings({"benchmark": origin.benchmark, **given}, "s1m replay"))
    votes = given["strategy"] in ("vote", "hybrid")
    values = {
        **asdict(origin),
        "num_ignore": ignored,
        "levels": tuple(level for level in USUAL_CHAINS if level <= chains) if votes else (),
        **{flag: wanted[flag] for flag in given},
        "engine": "replayed",
        "source": name,
        "source_engine": origin.engine,
    }
    settings = settings_from(ReplaySettings, values, "s1m replay")
    check_reach(settings, chains, ignored, name)
    return settings


def reach(origin: EvalSettings) -> tuple[int, tuple[int, ...]]:
    """How many chains a run has, and after how many ignored ends it has answers of each."""
    strategy = origin.build_strategy()
    if isinstance(strategy, Vote):
        return strategy.levels[-1], strategy.forcing.num_ignore
    return 1, origin.num_ignore


def check_reach(settings: ReplaySettings, chains: int, ignored: Sequence[int], name: str) -> None:
    """Raises ``UsageError`` where the replay would need what its source has not."""
    strategy = settings.build_strategy()
    has = f"{name} has answers at {', '.join(map(str, ignored))} ignored ends of {chains} chain{'s' * (chains > 1)}"
    needed: Sequence[int] = settings.num_ignore
    if isinstance(strategy, Vote):
        needed = strategy.forcing.num_ignore
        if strategy.levels[-1] > chains:
            raise UsageError(f"{has}, not of {strategy.levels[-1]}; lower --levels")
    elif isinstance(strategy, Adaptive):
        needed = range(settings.num_ignore[-1] + 1)
    absent = [level for level in needed if level not in ignored]
    if absent:
        raise UsageError(f"{has}, not at {', '.join(map(str, absent))}; name others with --num-ignore")


def replayed(record: Record, strategy: Strategy) -> Record:
    """The record that the strategy would have made, untimed. Raises ``DataError`` where what it needs is lacking."""
    record = replace(record, started=0.0, seconds=0.0)
    first = [sample for sample in samples_of(record) if sample.answer.chain == 0]
    match strategy:
        case Sequential():
            samples = at_levels(first, strategy.levels, chains=1, record=record)
            trace = Trace(chains=cut(record, samples), answers=tuple(sample.answer for sample in samples))
            return replace(record, trace=trace, verdicts=tuple(each.verdict for each in samples), sample_verdicts=())
        case Vote():
            chains = strategy.levels[-1]
            samples = at_levels(samples_of(record), strategy.forcing.num_ignore, chains=chains, record=record)
            trace = Trace(chains=cut(record, samples), answers=(), samples=tuple(each.answer for each in samples))
            answers = strategy.choose([sample.verdict.prediction for sample in samples], trace)
        case Adaptive():
            levels = range(strategy.forcing.num_ignore[-1] + 1)
            samples = [
                each for each in at_levels(first, levels, chains=1, record=record) if each.answer.same_as is None
            ]
            samples = until_settled(samples, strategy)
            trace = Trace(chains=cut(record, samples), answers=(), samples=tuple(each.answer for each in samples))
            answers = strategy.choose([each.verdict.prediction for each in samples], trace.samples)
        case _:
            raise TypeError(f"{type(strategy).__name__} cannot be replayed")
    return chosen(record, replace(trace, answers=answers), samples)


def chosen(record: Record, trace: Trace, samples: Sequence[Sample]) -> Record:
    """The record with this trace, whose answers are among the samples and have their verdicts."""
    places = [trace.place_of(answer) for answer in trace.answers]
    return replace(
        record,
        trace=trace,
        verdicts=tuple(samples[place].verdict for place in places if place is not None),
        sample_verdicts=tuple(sample.verdict for sample in samples),
    )


def samples_of(record: Record) -> list[Sample]:
    """Every answer that a record holds with its verdict, in the order in which they were asked for."""
    trace = record.trace
    answers, verdicts = (trace.samples, record.sample_verdicts) if trace.samples else (trace.answers, record.verdicts)
    return [Sample(answer=answer, verdict=verdict) for answer, verdict in zip(answers, verdicts, strict=True)]


def at_levels(samples: Sequence[Sample], levels: Sequence[int], *, chains: int, record: Record) -> list[Sample]:
    """The samples at these levels of the first so many chains; one that shares an answer names a level that is here."""
    found = [sample for sample in samples if sample.answer.chain < chains and sample.answer.level in levels]
    if len(found) != chains * len(levels):
        raise DataError(f"record {record.id} has {len(found)} of the {chains * len(levels)} answers to choose from")
    asker: dict[tuple[int, int], int] = {}
    kept = []
    for sample in found:
        answer = sample.answer
        lowest = asker.setdefault((answer.chain, answer.segments), answer.level)
        same_as = None if lowest == answer.level else lowest
        kept.append(replace(sample, answer=replace(answer, same_as=same_as)))
    return kept


def until_settled(samples: list[Sample], strategy: Adaptive) -> list[Sample]:
    """The samples up to where the strategy stops at its largest level."""
    answers = [sample.answer for sample in samples]
    place = strategy.place([sample.verdict.prediction for sample in samples], answers, strategy.levels[-1])
    return samples if place is None else samples[: place + 1]


def cut(record: Record, samples: Sequence[Sample]) -> tuple[tuple[Segment, ...], ...]:
    """The chains of a record as far as the samples rest on them."""
    ends: dict[int, int] = {}
    for sample in samples:
        ends[sample.answer.chain] = max(sample.answer.segments, ends.get(sample.answer.chain, 0))
    return tuple(record.trace.chains[chain][:end] for chain, end in sorted(ends.items()))


def replay_run(folder: Path, given: Mapping[str, Any], finish: Callable[[Run], None]) -> int:
    """``s1m replay``: what another strategy would have made of a run, as a run."""
    source = load_run(folder)
    settings = replay_settings(source, given)
    out = settings.run_folder
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; a replay makes a run folder of its own: choose another --out")
    strategy = settings.build_strategy()
    records = [replayed(record, strategy) for record in source.records]
    store = RunStore(settings)
    try:
        for record in records:
            store.add(record)
        for entry in source.provenance:
            store.add_provenance(entry)
        if (folder / "thumbnails").is_dir():
            shutil.copytree(folder / "thumbnails", out / "thumbnails")
        finish(load_run(store.folder))
    finally:
        store.close()
    return 0
