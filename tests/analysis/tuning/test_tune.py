"""s1m tune: chosen on one half and certified on the other, by what a replay would give, and said where it cannot be."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from s1m.analysis.tuning.candidates import candidates
from s1m.analysis.tuning.choose import choose
from s1m.analysis.tuning.guarantee import tokens_fraction
from s1m.analysis.tuning.results import walks_of
from s1m.cli import main
from s1m.evaluate.policy import policy_text, read_policy
from s1m.evaluate.replay import replayed
from s1m.evaluate.runner import key_of_sample
from s1m.evaluate.settings import eval_settings
from s1m.evaluate.settings.parts import forcing_of
from s1m.evaluate.store import Run, RunStore, load_run
from s1m.forcing.base import Options
from s1m.forcing.strategies import find_strategy
from s1m.types import Record, StopClass
from tests.analysis.made_runs import made_record

LEVELS = 6


def problem(number: int, rng: random.Random) -> Record:
    """Four of five problems are right from the second answer on, with two answers that agree; the others change until
    the last answer, which is right. One in eight ends early. Answers that are still wrong never agree twice.
    """
    is_easy = rng.random() < 0.8
    segments = 3 if number % 8 == 0 else LEVELS
    right_from = 1 if is_easy else segments - 1
    said = ["11" if level >= right_from else str(20 + level) for level in range(segments)]
    said += [said[-1]] * (LEVELS - segments)
    stops: list[StopClass] = ["closed"] * (segments - 1)
    record = made_record(
        number,
        correct=[each == "11" for each in said],
        thinking=[rng.randint(20, 40) for _ in range(segments)],
        stops=[*stops, "eos" if segments < LEVELS else "closed"],
        predictions=said,
    )
    answers = tuple(replace(answer, logprob=-rng.random()) for answer in record.trace.answers)
    return replace(record, trace=replace(record.trace, answers=answers))


def unsure(number: int, rng: random.Random) -> Record:
    """Every answer but the first is right nine times of ten, whatever was answered before: stopping loses nothing."""
    said = [str(20 + number % 5), *("11" if rng.random() < 0.9 else "12" for _ in range(LEVELS - 1))]
    return made_record(
        number, correct=[each == "11" for each in said], thinking=[30] * LEVELS, stops=["closed"] * LEVELS,
        predictions=said,
    )  # fmt: skip


def stored(
    folder: Path,
    problems: int,
    *,
    made: Callable[[int, random.Random], Record] = problem,
    copies: bool = False,
    **changed: object,
) -> Run:
    """A run with this number of problems, of each its samples, which are ``copies`` of the first or not."""
    given = {"benchmark": "digits", "split": "test", "model": "bundled", "num_ignore": f"0-{LEVELS - 1}", **changed}
    settings = eval_settings({**given, "out": str(folder)})
    store = RunStore(settings)
    rng = random.Random(0)
    for number in range(problems):
        first = made(number, rng)
        for sample in range(settings.samples):
            record = made(number, rng) if sample and not copies else first
            store.add(replace(record, sample=sample, key=key_of_sample(record.key, sample)))
    store.add_provenance({"date": "2026-01-01", "weights": "abc"})
    store.close()
    return load_run(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run on which two answers that agree are always right."""
    return stored(tmp_path_factory.mktemp("tuned") / "run", 400)


def test_every_candidate_is_measured_as_a_replay_would_be(run: Run) -> None:
    walks = walks_of(run)
    settings = eval_settings(run.settings)
    forcing = forcing_of(settings.strategy, settings.budget)
    records = sorted(run.records, key=lambda record: record.key)
    rules = candidates(walks, range(len(walks)), LEVELS - 1)
    assert {rule.kind for rule in rules} == {"level", "agree", "confident", "agree_or_confident", "logistic"}
    for rule in rules[::3]:
        outcome = walks.outcome(rule)
        strategy = find_strategy("policy").build(forcing, Options(rule=rule))
        made = [replayed(record, strategy, "kind") for record in records]
        assert [record.verdicts[0].correct for record in made] == outcome.correct.tolist()
        assert [record.trace.generated_tokens for record in made] == outcome.tokens.tolist()


def test_the_cheapest_rule_that_passes_is_chosen_on_problems_of_its_own(run: Run) -> None:
    walks = walks_of(run)
    choice = choose(walks, allowed=0.02, error=0.05)
    assert choice.certified is not None
    assert not set(choice.tuning_rows) & set(choice.certification_rows)
    assert choice.certified.certification.loss <= 0.02
    assert choice.certified.certification.tokens < 0.75 * choice.reference.certification.tokens
    tested = [trial for trial in choice.sequence if trial.p is not None]
    tokens = [trial.tuning.tokens for trial in tested]
    assert tokens == sorted(tokens, reverse=True)
    passed = [trial for trial in tested if trial.p is not None and trial.p <= 0.05]
    assert choice.certified == passed[-1]
    assert tested[: len(passed)] == passed  # nothing is tested after the first that fails
    assert choose(walks, allowed=0.02, error=0.05) == choice
    assert choose(walks, allowed=0.02, error=0.05, seed=1).tuning_rows != choice.tuning_rows


def test_samples_of_a_problem_count_as_its_mean_and_it_stays_one_problem(tmp_path: Path) -> None:
    several = walks_of(stored(tmp_path / "several", 120, made=unsure, samples=8))
    assert (len(several), several.samples, several.traces) == (120, 8, 960)
    choice = choose(several, allowed=0.06, error=0.05)
    assert (choice.chosen.tuning.problems, choice.chosen.certification.problems) == (30, 90)
    part, full = choice.chosen.certification, choice.reference.certification
    assert part.losses.mean() == pytest.approx(full.accuracy - part.accuracy)
    assert set(np.unique(np.abs(part.losses) * 8)) <= set(range(9))
    assert choice.certified is not None
    # Copies of a sample say nothing more, neither of the loss nor of the tokens.
    copies = [stored(tmp_path / str(count), 120, made=unsure, copies=True, samples=count) for count in (2, 4)]
    choices = [choose(walks_of(each), allowed=0.06, error=0.05) for each in copies]
    two, four = ([trial for trial in each.trials if trial.rule.kind == "agree"] for each in choices)
    for trial, other in zip(two, four, strict=True):
        assert trial.certification.losses.tolist() == other.certification.losses.tolist()
        assert (trial.certification.lost, trial.certification.tokens) == (
            other.certification.lost,
            other.certification.tokens,
        )
    intervals = [
        tokens_fraction(walks_of(run), replace(each, certified=two[0]))
        for run, each in zip(copies, choices, strict=True)
    ]
    assert intervals[0] == intervals[1]


def test_the_policy_of_a_run_with_samples_says_problems_and_samples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = stored(tmp_path / "run", 120, made=unsure, samples=8)
    out = tmp_path / "policy.toml"
    assert main(["tune", str(run.folder), "--loss", "6", "--out", str(out)]) == 0
    assert "held out, 90 problems of 8 samples: accuracy" in " ".join(capsys.readouterr().out.split())
    policy = read_policy(out)
    assert (policy.tuned_on.problems, policy.tuned_on.samples) == (120, 8)
    assert policy.guarantee.certified
    assert policy.guarantee.loss_bound <= 6
    assert "betting" in policy.guarantee.method
    assert {each.count for each in policy.features} == {120}
    page = out.with_suffix(".html").read_text()
    assert "120 problems of 8 samples" in page
    assert "Samples of one problem are one problem" in page


def test_tune_writes_a_policy_and_its_page(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "policy.toml"
    assert main(["tune", str(run.folder), "--loss", "2", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "guarantee: loss at most 2 points of accuracy against level 5 with 95 % confidence" in said
    policy = read_policy(out)
    assert policy.guarantee.certified
    assert policy.guarantee.loss_bound <= 2
    assert policy.guarantee.tokens_fraction_low < policy.guarantee.tokens_fraction < 0.75
    assert (policy.tuned_on.weights, policy.tuned_on.problems, policy.tuned_on.run) == ("abc", 400, "run")
    assert {each.name for each in policy.features} >= {"agreeing", "tokens", "stop", "kind"}
    page = out.with_suffix(".html").read_text()
    assert policy.guarantee.words in page
    assert "<script" not in page
    first = policy_text(policy)
    assert main(["tune", str(run.folder), "--loss", "2", "--out", str(out)]) == 0  # its own file is written anew
    assert policy_text(read_policy(out)) == first
    replayed_to = tmp_path / "replayed"
    given = ["--strategy", "policy", "--policy", str(out), "--allow-policy-mismatch", "--out", str(replayed_to)]
    assert main(["replay", str(run.folder), *given]) == 0
    tokens = [record.trace.generated_tokens for record in load_run(replayed_to).records]
    assert sum(tokens) == pytest.approx(400 * policy.guarantee.tokens, rel=0.05)


def test_what_cannot_be_certified_is_said_with_the_number_of_problems(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "policy.toml"
    assert main(["tune", str(run.folder), "--loss", "0.5", "--out", str(out)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "nothing can be certified at 0.5 points with 200 problems: the safest rule" in said
    assert "a run of about 1,200 problems might do. The policy is level 5." in said
    policy = read_policy(out)
    assert (policy.rule.kind, policy.rule.first, policy.guarantee.certified) == ("level", 5, False)
    assert policy.guarantee.tokens_fraction == 1.0


def test_runs_that_no_policy_can_be_tuned_on_are_refused(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = stored(tmp_path / "few", 30).folder
    capped = stored(tmp_path / "capped", 2, strategy="cap", levels="8,16").folder
    foreign = tmp_path / "foreign.toml"
    foreign.write_text("a = 1\n")
    for arguments, complaint in (
        ([few], "has 30 problems, of which one part tunes and the other certifies"),
        ([capped], "is of strategy cap, which does not answer at every stop"),
        ([run.folder, "--against", "9"], "has answers at 0, 1, 2, 3, 4, 5 ignored stops; name one of them"),
        ([run.folder, "--loss", "0"], "--loss is in points of accuracy, above 0 and below 100, not 0"),
        ([run.folder, "--confidence", "1"], "--confidence lies between 0.5 and 1, not 1; write 0.95"),
        ([run.folder, "--out", foreign], "foreign.toml exists and is not a policy file"),
        ([run.folder, "--out", tmp_path / "policy.json"], "a policy is a TOML file; write --out policy.toml"),
    ):
        assert main(["tune", *map(str, arguments)]) == 2
        err = capsys.readouterr().err
        assert complaint in err
        assert err.count("\n") == 1
    assert foreign.read_text() == "a = 1\n"
