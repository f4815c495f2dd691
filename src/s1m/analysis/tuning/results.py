"""``s1m tune``: a policy file, a page beside it, and what is said on the terminal."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from s1m.analysis.display.page import environment, inline_svgs
from s1m.analysis.run.grid import name_of
from s1m.analysis.tuning.choose import Choice, choose
from s1m.analysis.tuning.guarantee import counted, policy_of, refusal_sentence
from s1m.analysis.tuning.plot import NAMES, accuracy_against_tokens
from s1m.analysis.tuning.walks import Walks
from s1m.benchmarks import find_benchmark
from s1m.errors import UsageError
from s1m.evaluate.policy import NOTE, Policy, policy_text
from s1m.evaluate.policy_use import kind_key
from s1m.evaluate.settings import EvalSettings, eval_settings
from s1m.evaluate.store import Run, load_run
from s1m.files.printing import Printer
from s1m.files.writing import PAGE, Kind, check_output, replace_file

TEMPLATE = "tune.html.jinja"
POLICY = Kind("policy file", lambda head: head.startswith(NOTE.encode()[:24]))
LEAST_PROBLEMS = 40
"""Of 20 that certify, one is five points: nothing could be learned from fewer."""


def tune_run(folder: Path, out: Path, *, allowed: float, error: float, reference: int | None, seed: int) -> int:
    """Tune a policy on the run in ``folder`` and write it to ``out``, its page beside it; the exit code."""
    page = out.with_suffix(".html")
    check_output(out, POLICY)
    check_output(page, PAGE)
    run = load_run(folder)
    walks = walks_of(run)
    if reference is not None and reference not in walks.levels:
        levels = ", ".join(map(str, walks.levels))
        raise UsageError(f"--against {reference}: {folder} has answers at {levels} ignored stops; name one of them")
    choice = choose(walks, allowed=allowed, error=error, reference=reference, seed=seed)
    policy = policy_of(run, walks, choice, allowed=allowed, error=error, seed=seed)
    replace_file(out, policy_text(policy))
    replace_file(page, render(policy, choice, allowed=allowed, error=error, named=reference is not None))
    console = Printer()
    for line in sentences(policy, choice, allowed=allowed, error=error):
        console.print(line, markup=False)
    console.print(f"policy: {out}\nreport: {page}", markup=False)
    return 0


def walks_of(run: Run) -> Walks:
    """The stops of a run. Raises ``UsageError`` for one that no policy can be tuned on."""
    settings = source_settings(run)
    strategy = settings.build_strategy()
    records = run.records
    problems = len({name_of(record) for record in records})
    if problems < LEAST_PROBLEMS:
        raise UsageError(
            f"{run.folder} has {problems} problems, of which one part tunes and the other certifies; tune on "
            f"{LEAST_PROBLEMS} or more, better some hundred"
        )
    levels = strategy.needed()[1]
    if len(levels) < 2:
        raise UsageError(f"{run.folder} has answers at one level only; tune on a run with several, --num-ignore 0-7")
    if not any(record.gold for record in records):
        raise UsageError(f"{run.folder} has no gold answers, so no loss can be measured; tune on a benchmark that has")
    return Walks(records, levels, kind_key(find_benchmark(settings.problems.benchmark)))


def source_settings(run: Run) -> EvalSettings:
    """The settings of a run whose answers at every stop are recorded. Raises ``UsageError`` for another one."""
    if run.settings["origin"] != "generated":
        raise UsageError(f"{run.folder} is {run.settings['origin']}; tune on a run that an engine generated")
    settings = eval_settings(run.settings, f"{run.folder}/settings.toml")
    if not settings.build_strategy().is_replay_source:
        raise UsageError(
            f"{run.folder} is of strategy {settings.strategy.strategy}, which does not answer at every stop; tune on a "
            "run of strategy sequential or hybrid with --num-ignore 0-7"
        )
    return settings


def sentences(policy: Policy, choice: Choice, *, allowed: float, error: float) -> list[str]:
    """What is said of a tuning, a line each."""
    known = policy.guarantee
    if choice.certified is None:
        return [f"{refusal_sentence(choice, allowed, error)}. The policy is level {known.reference_level}."]
    saved = (
        f"tokens: {100 * known.tokens_fraction:.0f} % of level {known.reference_level} (95 % interval "
        f"{100 * known.tokens_fraction_low:.0f} to {100 * known.tokens_fraction_high:.0f}), {known.tokens:.0f} instead "
        f"of {known.reference_tokens:.0f} a problem"
    )
    seen = (
        f"held out, {counted(known.certification_problems, policy.tuned_on.samples)}: accuracy {known.accuracy:.1f} % "
        f"instead of {known.reference_accuracy:.1f} %; {round(known.lost, 1):g} problems "
        f"lost, {round(known.gained, 1):g} gained"
    )
    return [f"policy: {policy.rule.words()}", f"guarantee: {known.words}", saved, seen]


def render(policy: Policy, choice: Choice, *, allowed: float, error: float, named: bool) -> str:
    """The page as HTML text; ``named``: the reference level was given."""
    shown = sorted(choice.trials, key=lambda trial: trial.certification.tokens)
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            policy=policy,
            choice=choice,
            trials=shown,
            kinds=NAMES,
            refusal="" if choice.certified else refusal_sentence(choice, allowed, error),
            named=named,
            error=error,
            figure=inline_svgs(
                partial(accuracy_against_tokens, choice, allowed, policy.guarantee.loss_bound / 100), "tune"
            ),
            command=" ".join(["s1m", "eval", policy.tuned_on.benchmark, "--strategy", "policy", "--policy", "FILE"]),
        )
    )
