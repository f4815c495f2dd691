"""A replayed run is the run it replaces: generated with the same seed, by the bundled model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s1m.analysis.run.summarize import summarize
from s1m.benchmarks import find_benchmark
from s1m.cli import main
from s1m.engines.embedded import EmbeddedEngine
from s1m.errors import DataError, UsageError
from s1m.evaluate.build import resolve
from s1m.evaluate.policy import rule_text
from s1m.evaluate.policy_use import kind_key_of
from s1m.evaluate.replay import replay_settings, replayed
from s1m.evaluate.runner import Runner
from s1m.evaluate.settings import eval_settings
from s1m.evaluate.store import Run, RunStore, load_run
from s1m.forcing.stopping import Rule, RuleKind
from s1m.types import Answer, Problem, Record

pytestmark = pytest.mark.usefixtures("unrendered_figures")

PROBLEMS = 16
RICH = {"strategy": "hybrid", "num_ignore": "0-3", "levels": "1,2,4"}

Generate = Callable[..., Run]


class Quiet:
    """Progress that shows nothing."""

    def landed(self, record: Record) -> None:
        """Nothing to show."""

    def failed(self, problem: Problem, error: Exception) -> None:
        raise error


def rule(kind: RuleKind, levels: str, **fields: Any) -> str:
    """A stopping rule as the settings of a run hold it."""
    first, _, last = levels.partition("-")
    return rule_text(Rule(kind=kind, levels=tuple(range(int(first), int(last) + 1)), **fields))


@pytest.fixture(scope="module")
def generate(tmp_path_factory: pytest.TempPathFactory) -> Generate:
    """A run of the bundled model on a few problems, made once for each choice of settings."""
    made: dict[str, Run] = {}

    def run(**changed: Any) -> Run:
        key = repr(sorted(changed.items()))
        if key not in made:
            made[key] = _generated(tmp_path_factory.mktemp("run") / "it", changed)
        return made[key]

    return run


def _generated(folder: Path, changed: dict[str, Any]) -> Run:
    given = {"benchmark": "digits", "limit": PROBLEMS, "top_p": 1.0, "max_thinking_tokens": 400}
    benchmark = find_benchmark("digits")
    settings = resolve(eval_settings({**given, "max_answer_tokens": 16, "out": str(folder), **changed}), benchmark)
    problems = benchmark.load(split="test", limit=PROBLEMS, data=None)
    store = RunStore(settings)

    async def solve() -> None:
        engine = EmbeddedEngine("bundled", max_rows=64)
        runner = Runner(settings, benchmark, store, Quiet())
        await engine.ready()
        await runner.run(problems, runner.pending(problems), engine)
        await engine.close()

    asyncio.run(solve())
    store.close()
    return load_run(folder)


def replay(source: Run, kind_key: str = "", **given: Any) -> dict[str, Record]:
    """The replayed records by the id of their problem."""
    strategy = replay_settings(source, {"out": "elsewhere", **given}).run.build_strategy()
    return {record.id: replayed(record, strategy, kind_key) for record in source.records}


def exactly(answer: Answer) -> Answer:
    """An answer but for the rounding of its probability, which depends on what else was in the batch."""
    return replace(answer, logprob=None if answer.logprob is None else round(answer.logprob, 4))


def assert_same(replayed: dict[str, Record], generated: Run) -> None:
    assert len(generated.records) == PROBLEMS == len(replayed)
    for wanted in generated.records:
        repeated = replayed[wanted.id]
        assert repeated.trace.chains == wanted.trace.chains
        assert list(map(exactly, repeated.trace.answers)) == list(map(exactly, wanted.trace.answers))
        assert list(map(exactly, repeated.trace.samples)) == list(map(exactly, wanted.trace.samples))
        assert repeated.verdicts == wanted.verdicts
        assert repeated.sample_verdicts == wanted.sample_verdicts
        assert repeated.trace.generated_tokens == wanted.trace.generated_tokens


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(
    "wanted",
    [
        {"strategy": "vote", "levels": "1,2,3,4"},
        {"strategy": "vote", "levels": "1,4", "vote_weight": "length"},
        {"strategy": "hybrid", "num_ignore": "0-1", "levels": "1,3"},
        {"strategy": "sequential", "num_ignore": "0-3"},
        {"strategy": "sequential", "num_ignore": "0,2"},
        {"strategy": "adaptive", "num_ignore": "0-3", "levels": "1,2"},
    ],
    ids=lambda wanted: "-".join(wanted.values()),
)
def test_a_replayed_strategy_equals_the_generated_one(
    wanted: dict[str, str], temperature: float, generate: Generate
) -> None:
    source = generate(temperature=temperature, **RICH)
    assert_same(replay(source, **wanted), generate(temperature=temperature, **wanted))


def test_stopping_early_is_replayed_from_budget_forcing_alone(generate: Generate) -> None:
    wanted = {"strategy": "adaptive", "num_ignore": "0-3", "levels": "1,2"}
    source = generate(temperature=1.0, strategy="sequential", num_ignore="0-3")
    assert_same(replay(source, **wanted), generate(temperature=1.0, **wanted))


@pytest.mark.parametrize("tokens", [120, 400], ids=["chains cut short", "whole chains"])
@pytest.mark.parametrize(
    "stopping",
    [
        rule("agree", "0-5", agreeing=3),
        rule("agree_or_confident", "0-4", agreeing=2, confidence=0.9, first=1),
        rule("level", "0-5", first=5),
        rule("logistic", "0-5", weights={"agreeing": 1.0, "kind=sum": -2.0}, intercept=-1.5, threshold=0.5),
    ],
    ids=["agree", "agree or confident", "level", "logistic"],
)
def test_a_replayed_policy_equals_the_generated_one(stopping: str, tokens: int, generate: Generate) -> None:
    same: dict[str, Any] = {"temperature": 1.0, "max_thinking_tokens": tokens}
    source = generate(strategy="sequential", num_ignore="0-5", **same)
    wanted = generate(strategy="policy", policy_rule=stopping, **same)
    key = kind_key_of(eval_settings(wanted.settings).strategy, "digits")
    assert key == "kind"
    assert_same(replay(source, kind_key=key, strategy="policy", policy_rule=stopping), wanted)
    if '"agree"' in stopping:
        assert len({len(record.trace.chains[0]) for record in wanted.records}) > 1


def test_a_replay_is_a_run_that_is_read_and_not_added_to(
    generate: Generate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = generate(temperature=1.0, **RICH)
    out = tmp_path / "vote"
    assert main(["replay", str(source.folder), "--strategy", "vote", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "vote; level: chains that vote" in said
    assert "tokens replayed: a separate run would have generated them." in said
    run = load_run(out)
    assert (run.settings["origin"], run.settings["source"]) == ("replayed", str(source.folder))
    assert run.settings["temperature"] == 1.0
    summary = summarize(run)
    assert [level.level for level in summary.levels] == [1, 2, 4]
    assert summary.wall_seconds == 0
    assert summary.generated_tokens < summarize(source).generated_tokens / 2
    assert main(["compare", str(out), str(source.folder), "--out", str(tmp_path / "c.html")]) == 0
    assert main(["eval", "digits", "--strategy", "vote", "--limit", "2", "--out", str(out)]) == 2
    assert "holds replayed results, to which nothing is added" in capsys.readouterr().err
    assert main(["replay", str(source.folder), "--strategy", "vote", "--out", str(out)]) == 2
    assert "is not empty; a replay makes a run folder of its own" in capsys.readouterr().err
    assert main(["replay", str(out), "--strategy", "vote", "--out", str(tmp_path / "again")]) == 2
    assert "is replayed; replay a run that an engine generated" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"strategy": "cap"}, "strategy cap cannot be replayed, only adaptive, hybrid, policy, sequential, vote"),
        ({"strategy": "vote", "levels": "1,8"}, "at 0, 1, 2, 3 ignored stops of 4 chains, not of 8; lower --levels"),
        ({"strategy": "sequential", "num_ignore": "0-5"}, "of 4 chains, not at 4, 5; name others with --num-ignore"),
        ({"strategy": "sequential", "levels": "1,2"}, "levels of strategy sequential are given by --num-ignore"),
        ({"strategy": "policy"}, "strategy policy needs a policy: add --policy FILE.toml, which s1m tune writes"),
        ({"strategy": "policy", "policy_rule": rule("agree", "0-7", agreeing=2)}, "of 4 chains, not at 4, 5, 6, 7"),
        ({}, "a replay needs --strategy"),
        ({"strategy": "vote", "out": ""}, "a replay needs --out"),
    ],
)
def test_what_a_run_has_not_cannot_be_replayed(given: dict[str, str], complaint: str, generate: Generate) -> None:
    with pytest.raises(UsageError, match=complaint):
        replay(generate(temperature=1.0, **RICH), **given)


def test_sparse_levels_and_other_strategies_are_refused(generate: Generate) -> None:
    source = generate(temperature=1.0, strategy="sequential", num_ignore="0,2")
    with pytest.raises(UsageError, match="at 0, 2 ignored stops of 1 chain, not at 1; name others"):
        replay(source, strategy="adaptive")
    for changed in ({"strategy": "cap"}, {"strategy": "sequential", "sweep": "independent"}):
        with pytest.raises(UsageError, match="whose answers no other strategy shares"):
            replay(replace(source, settings={**source.settings, **changed}), strategy="vote")


def test_a_record_that_lacks_answers_is_damaged(generate: Generate) -> None:
    source = generate(temperature=1.0, **RICH)
    record = source.records[0]
    trace = replace(record.trace, samples=record.trace.samples[:-1])
    torn = replace(record, trace=trace, sample_verdicts=record.sample_verdicts[:-1])
    with pytest.raises(DataError, match="has 15 of the 16 answers to choose from"):
        replay(replace(source, records=(torn,)), strategy="hybrid")
