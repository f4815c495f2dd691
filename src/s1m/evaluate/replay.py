"""Another strategy from what a run has recorded: the same chains, the same answers, chosen among anew.

A hybrid run holds many chains with an answer after every ignored stop. Its first chain is what budget forcing gives,
its answers at level 0 are those of plain voting, and stopping early leaves the rest of a chain unread. Chains and seeds
are the same as in a run of that strategy, so that the replayed run is the run it replaces.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from s1m.errors import DataError, UsageError
from s1m.evaluate.policy_use import check_policy, kind_key_of, kind_of
from s1m.evaluate.settings import ReplaySettings, eval_settings
from s1m.evaluate.settings.spelling import spelled_out
from s1m.evaluate.store import Run, RunStore, load_run
from s1m.files.settings import flat, settings_from
from s1m.forcing.base import BaseStrategy
from s1m.forcing.strategies import STRATEGIES, find_strategy
from s1m.types import Answer, Record, Segment, Trace, Verdict

DEFAULT_CHAINS = (1, 2, 4, 8, 16, 32, 64)
"""Levels of a replayed vote where none are named, as far as the source has chains."""


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
    origin = source.settings["origin"]
    if origin != "generated":
        raise UsageError(f"{name} is {origin}; replay a run that an engine generated")
    of = eval_settings(source.settings, f"{name}/settings.toml")
    of_strategy = of.build_strategy()
    if not of_strategy.is_replay_source:
        raise UsageError(
            f"{name} is of strategy {of.strategy.strategy} ({of.strategy.sweep} sweep), "
            "whose answers no other strategy shares; replay a run of strategy hybrid"
        )
    for flag in ("strategy", "out"):
        if not given.get(flag):
            raise UsageError(f"a replay needs --{flag}")
    wanted = find_strategy(given["strategy"])
    if not wanted.replayable:
        able = [name for name, strategy in STRATEGIES.built_in().items() if strategy.replayable]
        raise UsageError(f"strategy {given['strategy']} cannot be replayed, only {', '.join(able)}")
    chains, ignored = of_strategy.needed()
    levels = tuple(level for level in DEFAULT_CHAINS if level <= chains) if wanted.counts_chains else ()
    of_run = {**flat(of), "num_ignore": ignored, "levels": levels}
    values = {**of_run, **spelled_out(given), "origin": "replayed", "source": name}
    settings = settings_from(ReplaySettings, values, "s1m replay")
    _check_reach(settings.run.build_strategy(), chains, ignored, name)
    return settings


def _check_reach(strategy: BaseStrategy, chains: int, ignored: Sequence[int], name: str) -> None:
    """Raises ``UsageError`` where the replay would need what its source does not have."""
    has = f"{name} has answers at {', '.join(map(str, ignored))} ignored stops of {chains} chain{'s' * (chains > 1)}"
    most_chains, needed = strategy.needed()
    if most_chains > chains:
        raise UsageError(f"{has}, not of {most_chains}; lower --levels")
    absent = [level for level in needed if level not in ignored]
    if absent:
        raise UsageError(f"{has}, not at {', '.join(map(str, absent))}; name others with --num-ignore")


def replayed(record: Record, strategy: BaseStrategy, kind_key: str = "") -> Record:
    """The record that the strategy would have made, untimed. Raises ``DataError`` where an answer is absent.

    ``kind_key`` is the key of its metadata that holds the kind of question.
    """
    chains, levels = strategy.needed()
    samples = at_levels(samples_of(record), levels, chains=chains, record=record)
    asked = Trace(chains=record.trace.chains, answers=(), samples=tuple(sample.answer for sample in samples))
    strategy = strategy.for_kind(kind_of(record.metadata, kind_key))
    trace = strategy.replay([sample.verdict.prediction for sample in samples], asked)
    trace = replace(trace, chains=_cut(record, trace.samples or trace.answers))
    # Answers of a chain that rest on the same segments are one answer, and have one verdict.
    verdicts = {(each.answer.chain, each.answer.segments): each.verdict for each in samples}
    return replace(
        record,
        trace=trace,
        verdicts=tuple(verdicts[answer.chain, answer.segments] for answer in trace.answers),
        sample_verdicts=tuple(verdicts[answer.chain, answer.segments] for answer in trace.samples),
        started=0.0,
        seconds=0.0,
        first_token=None,
    )


def samples_of(record: Record) -> list[Sample]:
    """Every answer that a record holds with its verdict, in the order in which they were asked for."""
    trace = record.trace
    answers, verdicts = (trace.samples, record.sample_verdicts) if trace.samples else (trace.answers, record.verdicts)
    return [Sample(answer=answer, verdict=verdict) for answer, verdict in zip(answers, verdicts, strict=True)]


def at_levels(samples: Sequence[Sample], levels: Sequence[int], *, chains: int, record: Record) -> list[Sample]:
    """The samples at these levels of the first N chains; one that shares an answer names a level that is here."""
    chosen = [sample for sample in samples if sample.answer.chain < chains and sample.answer.level in levels]
    if len(chosen) != chains * len(levels):
        raise DataError(f"record {record.id} has {len(chosen)} of the {chains * len(levels)} answers to choose from")
    lowest: dict[tuple[int, int], int] = {}
    kept = []
    for sample in chosen:
        answer = sample.answer
        level = lowest.setdefault((answer.chain, answer.segments), answer.level)
        kept.append(replace(sample, answer=replace(answer, same_as=None if level == answer.level else level)))
    return kept


def _cut(record: Record, answers: Sequence[Answer]) -> tuple[tuple[Segment, ...], ...]:
    """The chains of a record as far as the answers rest on them."""
    ends: dict[int, int] = {}
    for answer in answers:
        ends[answer.chain] = max(answer.segments, ends.get(answer.chain, 0))
    return tuple(record.trace.chains[chain][:end] for chain, end in sorted(ends.items()))


def replay_run(folder: Path, given: Mapping[str, Any], finish: Callable[[Run], None]) -> int:
    """``s1m replay``: what another strategy would have made of a run, as a run."""
    source = load_run(folder)
    settings = replay_settings(source, given)
    out = settings.run_folder
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; a replay makes a run folder of its own: choose another --out")
    check_policy(settings.run, settings.run.strategy, settings.run.engine)
    strategy = settings.run.build_strategy()
    key = kind_key_of(settings.run.strategy, settings.run.problems.benchmark)
    records = [replayed(record, strategy, key) for record in source.records]
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
