"""Stopping policies: what is certified with how many problems and samples, whether that holds, what it is worth.

python perf/policy.py generate        the runs, resumed where they were left
python perf/policy.py simulate S P N  tune on resampled runs of P problems with N samples for S seconds; what was
                                      counted is kept in runs/policy, so that it is done in pieces
python perf/policy.py                 the table
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from keep import keep

from s1m.analysis.comparison.compare import compare
from s1m.analysis.comparison.cost import Costing
from s1m.analysis.comparison.findings import Point
from s1m.analysis.display.formats import p_value, percent, points, range_text
from s1m.analysis.run.grid import name_of
from s1m.analysis.tuning.choose import Choice, certify, choose, fixed_level, tried
from s1m.analysis.tuning.guarantee import policy_of
from s1m.analysis.tuning.results import walks_of
from s1m.analysis.tuning.walks import Walks
from s1m.evaluate.policy import policy_text, read_policy
from s1m.evaluate.store import Run, load_run
from s1m.forcing.stopping import Rule

ROOT = Path(__file__).parent.parent
RUNS = ROOT / "runs" / "policy"
CONFIG = ROOT / "src" / "s1m" / "assets" / "digits.toml"
REFERENCE = 7
MOST = 11
"""Ignored stops of the run that is tuned on: a policy may spend on hard problems what it saves on easy ones."""
TUNED, SAMPLES = 512, 6
VOTED = 256
"""Problems of the vote, which costs most."""
ERROR = 0.05
LOSSES = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06)
RESAMPLES = 1000
COMPARED = ((TUNED, SAMPLES), (2 * TUNED, SAMPLES), (TUNED, 1))
"""Problems and samples of the resampled runs."""
STATED = 0.05
"""The smallest loss in whole points at which the run certifies a policy that costs at most 0.7 of the reference."""


def evaluate(name: str, *flags: object) -> None:
    """Make or resume a run."""
    command = ["eval", "digits", "--config", str(CONFIG), "--out", str(RUNS / name), *map(str, flags)]
    subprocess.run([sys.executable, "-m", "s1m.cli", *command], check=True)


def generate() -> None:
    """The run that is tuned on, the same tuned policy generated, and the votes it is compared with."""
    evaluate("long", "--num-ignore", f"0-{MOST}", "--limit", TUNED, "--samples", SAMPLES)
    write_policy()
    evaluate("generated", "--policy", RUNS / "policy.toml", "--limit", TUNED)
    evaluate("vote", "--strategy", "vote", "--levels", "1,2,4,6", "--limit", VOTED)


def with_samples(run: Run, samples: int) -> Run:
    """The run with the first samples of every problem only."""
    return replace(run, records=tuple(record for record in run.records if record.sample < samples))


def tuning() -> tuple[Run, Walks, Choice]:
    """The choice at the stated loss."""
    run = load_run(RUNS / "long")
    walks = walks_of(run)
    return run, walks, choose(walks, allowed=STATED, error=ERROR, reference=REFERENCE)


def write_policy() -> None:
    """The policy of ``tuning`` as a file."""
    run, walks, choice = tuning()
    policy = policy_of(run, walks, choice, allowed=STATED, error=ERROR, seed=0)
    (RUNS / "policy.toml").write_text(policy_text(policy), encoding="utf-8")


def simulate(seconds: float, problems: int, samples: int) -> None:
    """Tune on runs of problems that are drawn from all, with replacement, everything anew; append what came of it.

    Problems are drawn with all their samples.
    """
    until = time.monotonic() + seconds
    walks = walks_of(with_samples(load_run(RUNS / "long"), samples))
    path = simulated(problems, samples)
    seed = len(path.read_text().splitlines()) if path.exists() else 0
    while time.monotonic() < until and seed < RESAMPLES:
        began = time.process_time()
        drawn = np.random.default_rng(seed).integers(len(walks), size=problems)
        made = tried(walks, reference=REFERENCE, seed=seed, drawn=drawn)
        chosen = {str(loss): certify(made, loss, ERROR).chosen.rule for loss in LOSSES}
        line = {loss: true_values(walks, rule) for loss, rule in chosen.items()}
        with path.open("a") as file:
            file.write(json.dumps({"seed": seed, "seconds": time.process_time() - began, **line}) + "\n")
        seed += 1


def simulated(problems: int, samples: int) -> Path:
    """What was counted with this number of problems and samples, a line a resampled run."""
    return RUNS / f"simulated-{problems}-{samples}.jsonl"


def true_values(walks: Walks, rule: Rule) -> tuple[float, float]:
    """Loss and tokens of a rule as it is on all problems that are drawn from."""
    outcome, full = walks.outcome(rule), walks.outcome(fixed_level(walks, REFERENCE))
    correct = [float(walks.by_problem(each.correct).mean()) for each in (full, outcome)]
    tokens = [float(walks.by_problem(each.tokens).mean()) for each in (full, outcome)]
    return correct[0] - correct[1], tokens[1] / tokens[0]


def rows() -> list[tuple[object, ...]]:
    """The table of the resampled runs."""
    made = []
    for problems, samples in COMPARED:
        path = simulated(problems, samples)
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        for loss in LOSSES if lines else ():
            lost, spent = np.array([line[str(loss)] for line in lines]).T
            made.append(row_of((problems, samples, len(lines)), loss, lost, spent))
    return made


def row_of(size: tuple[int, ...], loss: float, lost: np.ndarray, spent: np.ndarray) -> tuple[object, ...]:
    """What was lost and spent at a loss that is allowed, in runs of a ``size``: problems, samples, and their number."""
    return (
        *(f"{each:,}" for each in size), f"{100 * loss:g}", f"{100 * float((lost > loss).mean()):.1f}",
        f"{100 * float((spent < 1).mean()):.0f}", f"{100 * lost.mean():+.2f}", f"{spent.mean():.2f}",
        *(f"{np.quantile(spent, part):.2f}" for part in (0.1, 0.5, 0.9)),
        f"{100 * float((spent <= 0.75).mean()):.0f}",
    )  # fmt: skip


def certified_lines() -> list[str]:
    """What is certified at every loss with the run as it is, and with fewer samples of it."""
    lines = []
    for samples in (SAMPLES, 1):
        walks = walks_of(with_samples(load_run(RUNS / "long"), samples))
        made = tried(walks, reference=REFERENCE)
        for loss in LOSSES:
            trial = certify(made, loss, ERROR).certified
            name = f"{samples} sample{'s' * (samples > 1)}, {100 * loss:g} points"
            if trial is None:
                lines.append(f"{name}: nothing.")
                continue
            part = trial.certification
            lines.append(
                f"{name}: {trial.rule.words()}, up to {trial.rule.levels[-1]}; tokens "
                f"{part.tokens / made.reference.certification.tokens:.2f}, observed loss {100 * part.loss:+.1f} "
                f"({part.lost:.1f} lost, {part.gained:.1f} gained of {part.problems})."
            )
    return lines


def seconds_line() -> str:
    """What one tuning costs."""
    lines = [json.loads(line)["seconds"] for line in simulated(TUNED, SAMPLES).read_text().splitlines()]
    return f"{np.median(lines):.2f} s of one core each (median of {TUNED} problems), once the run is read"


def same_as_replayed() -> tuple[int, int]:
    """Problems whose generated policy run equals the replayed one in chain, answers and verdict, and all of them."""
    from s1m.evaluate.replay import replay_settings, replayed

    source, made = load_run(RUNS / "long"), load_run(RUNS / "generated")
    given = {"strategy": "policy", "policy": str(RUNS / "policy.toml"), "out": "nowhere"}
    strategy = replay_settings(source, given).run.build_strategy()
    by_name = {(name_of(record), record.sample): record for record in source.records}
    same = 0
    for record in made.records:
        other = replayed(by_name[name_of(record), record.sample], strategy, "kind")
        same += (
            other.trace.chains == record.trace.chains
            and [answer.text for answer in other.trace.samples] == [answer.text for answer in record.trace.samples]
            and other.verdicts == record.verdicts
            and other.trace.generated_tokens == record.trace.generated_tokens
        )
    return same, len(made.records)


def baselines() -> list[str]:
    """The policy against levels, stopping early and votes on the problems that certify."""
    _, walks, choice = tuning()
    held_out = {walks.names[row] for row in choice.certification_rows}
    for name, flags in (
        ("policy", ["--policy", str(RUNS / "policy.toml")]),
        ("adaptive", ["--num-ignore", f"0-{REFERENCE}", "--levels", "2,3,4,5"]),
        ("sequential", ["--num-ignore", f"0-{REFERENCE}"]),
    ):
        out = RUNS / f"replayed-{name}"
        if not out.exists():
            command = ["replay", str(RUNS / "long"), "--strategy", name, *flags, "--out", str(out)]
            subprocess.run([sys.executable, "-m", "s1m.cli", *command], check=True, stdout=subprocess.DEVNULL)
    runs = [load_run(RUNS / name) for name in ("replayed-policy", "replayed-adaptive", "replayed-sequential", "vote")]
    runs = [
        replace(each, records=tuple(record for record in each.records if name_of(record) in held_out)) for each in runs
    ]
    comparison = compare(runs, Costing())
    lines = [f"{curve.label}: {'; '.join(cell(point) for point in curve.points)}." for curve in comparison.curves]
    lines += [
        f"{pair.other} {pair.other_level} against {pair.one} {pair.one_level} at {pair.other_cost:.0f} and "
        f"{pair.one_cost:.0f} tokens: {points(pair.difference)} points "
        f"({range_text(pair.difference_ci95, signed=True)}), Holm-adjusted p {p_value(pair.holm_p)}."
        for pair in comparison.pairs
    ]
    return lines


def cell(point: Point) -> str:
    """A point as words."""
    return f"{point.level} {percent(point.accuracy)} at {point.cost:.0f}{' (front)' if point.on_front else ''}"


def main() -> None:
    """Print and keep the table."""
    same, generated = same_as_replayed()
    policy = read_policy(RUNS / "policy.toml")
    known = policy.guarantee
    keep(
        "policy",
        "Stopping policies and their guarantee",
        (
            "problems",
            "samples",
            "runs",
            "loss allowed",
            "exceeded, %",
            "certified, %",
            "mean true loss",
            "tokens",
            "10 %",
            "median",
            "90 %",
            "a quarter saved, %",
        ),
        rows(),
        [
            f"The bundled model, a toy, on digits at temperature 1: {policy.tuned_on.problems} problems with "
            f"{policy.tuned_on.samples} samples at levels 0-{MOST}; losses in points against level {REFERENCE}, tokens "
            "as a fraction of its tokens, 95 % confidence.",
            f"Runs: problems drawn with replacement from these {TUNED}, each with all its samples, and everything "
            f"tuned anew, {seconds_line()}; with several samples a quarter of the problems chooses and "
            "the others certify, with one a half and a half. Exceeded: runs whose policy loses more than allowed on "
            "the problems that are drawn from. Certified: runs in which any saving was. 10 %, median, 90 %: tokens "
            "over runs. A quarter saved: runs whose policy costs at most 0.75.",
            f"The run itself at {100 * STATED:g} points: {policy.rule.words()}, up to {policy.rule.levels[-1]}; "
            f"{known.words}; bound {known.loss_bound:g}, tokens {known.tokens_fraction:.2f} "
            f"({known.tokens_fraction_low:.2f} to {known.tokens_fraction_high:.2f}) of level {REFERENCE}, accuracy "
            f"{known.accuracy:.1f} % against {known.reference_accuracy:.1f} % on {known.certification_problems} "
            f"problems of {policy.tuned_on.samples} samples; {known.lost:.1f} lost, {known.gained:.1f} gained.",
            f"Generated with this policy and replayed from the run: {same} of {generated} problems are the same in "
            "chain, answers, verdict and tokens.",
            "Certified against level 7 with the run itself:",
            *certified_lines(),
            "Baselines on the problems that certify, accuracy at tokens, means over samples:",
            *baselines(),
        ],
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["generate"]:
            generate()
        case ["simulate", seconds, problems, samples]:
            simulate(float(seconds), int(problems), int(samples))
        case _:
            main()
