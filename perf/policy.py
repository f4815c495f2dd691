"""Stopping policies: what is certified with how many problems, whether that holds, and what it is worth.

python perf/policy.py generate      the runs, resumed where they were left
python perf/policy.py simulate S    tune on whole resampled runs for S seconds; what was counted is kept in runs/policy
python perf/policy.py               the table
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from keep import keep

from s1m.analysis.comparison.compare import compare
from s1m.analysis.comparison.cost import Costing
from s1m.analysis.comparison.findings import Point
from s1m.analysis.display.formats import p_value, percent, points, range_text
from s1m.analysis.tuning.candidates import candidates
from s1m.analysis.tuning.choose import Choice, Half, Trial, choose, promising, tested
from s1m.analysis.tuning.guarantee import policy_of
from s1m.analysis.tuning.results import walks_of
from s1m.analysis.tuning.walks import Outcome, Stop, Walks
from s1m.evaluate.policy import policy_text, read_policy
from s1m.evaluate.store import Run, load_run
from s1m.forcing.stopping import Rule

ROOT = Path(__file__).parent.parent
RUNS = ROOT / "runs" / "policy"
CONFIG = ROOT / "src" / "s1m" / "assets" / "digits.toml"
REFERENCE = 7
MOST = 11
"""Ignored stops of the run that is tuned on: a policy may spend on hard problems what it saves on easy ones."""
TUNED, ALL = 512, 2048
VOTED = 256
"""Problems of the vote, which costs most: the certification half has 128 of them."""
ERROR = 0.05
LOSSES = (0.01, 0.02, 0.03, 0.05)
SIZES = {512: 1000, 4096: 200}
"""Problems of a resampled run, and how many runs of that size."""
RESAMPLES = 1000
STATED = 0.06
"""The loss at which 256 + 256 problems certify a policy that costs less than 0.7 of the reference level."""


def evaluate(name: str, *flags: object) -> None:
    """Make or resume a run."""
    command = ["eval", "digits", "--config", str(CONFIG), "--out", str(RUNS / name), *map(str, flags)]
    subprocess.run([sys.executable, "-m", "s1m.cli", *command], check=True)


def generate() -> None:
    """The run that is tuned on, the same tuned policy generated, and the votes it is compared with."""
    evaluate("long", "--num-ignore", f"0-{MOST}", "--limit", ALL)
    write_policy()
    evaluate("generated", "--policy", RUNS / "policy.toml", "--limit", TUNED)
    evaluate("vote", "--strategy", "vote", "--levels", "1,2,4,6", "--limit", VOTED)


def first_problems(run: Run, problems: int) -> Run:
    """The run with its first problems only."""
    return replace(run, records=tuple(record for record in run.records if int(record.id[-5:]) < problems))


def tuning() -> tuple[Run, Walks, Choice]:
    """The choice on 256 + 256 problems at the loss that they can certify."""
    run = first_problems(load_run(RUNS / "long"), TUNED)
    walks = walks_of(run)
    return run, walks, choose(walks, allowed=STATED, error=ERROR, reference=REFERENCE)


def write_policy() -> None:
    """The policy of ``tuning`` as a file."""
    run, walks, choice = tuning()
    policy = policy_of(run, walks, choice, allowed=STATED, error=ERROR, seed=0)
    (RUNS / "policy.toml").write_text(policy_text(policy), encoding="utf-8")


class Resampled(Walks):
    """Problems drawn from those of a run, with replacement, as a run of their own."""

    def __init__(self, base: Walks, rows: list[int], kept: dict[str, Outcome]) -> None:
        self.levels = base.levels
        self._base, self._rows, self._kept = base, rows, kept

    def __len__(self) -> int:
        return len(self._rows)

    def of(self, first: int) -> list[list[Stop]]:
        whole = self._base.of(first)
        return [whole[row] for row in self._rows]

    def outcome(self, rule: Rule, rows: Iterable[int] | None = None) -> Outcome:
        taken = [self._rows[row] for row in (range(len(self)) if rows is None else rows)]
        if rule.kind == "logistic":  # fitted anew in every run
            return self._base.outcome(rule, taken)
        whole = self._kept.setdefault(repr(rule), self._base.outcome(rule) if repr(rule) not in self._kept else None)
        return Outcome(correct=whole.correct[taken], tokens=whole.tokens[taken], at=())


def simulate(seconds: float) -> None:
    """Tune on whole resampled runs of 512 problems, logistic rules fitted anew; append what came of it."""
    until = time.monotonic() + seconds
    walks = walks_of(load_run(RUNS / "long"))
    path = RUNS / "simulated.jsonl"
    seed = len(path.read_text().splitlines()) if path.exists() else 0
    full, kept = walks.outcome(level(REFERENCE)), {}
    while time.monotonic() < until and seed < RESAMPLES:
        rng = np.random.default_rng(seed)
        drawn = Resampled(walks, rng.integers(len(walks), size=TUNED).tolist(), kept)
        choice = choose(drawn, allowed=LOSSES[0], error=ERROR, reference=REFERENCE, seed=seed)
        line: dict[str, object] = {"seed": seed}
        for loss in LOSSES:
            certified = tested(promising(choice.trials, choice.reference, loss), loss, ERROR)[1]
            line[str(loss)] = true_values(walks.outcome((certified or choice.reference).rule), full)
        with path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        seed += 1


def level(number: int) -> Rule:
    """Always this many ignored stops."""
    return Rule(kind="level", levels=tuple(range(number + 1)), first=number)


def true_values(outcome: Outcome, full: Outcome) -> tuple[float, float]:
    """Loss and tokens of a rule as it is on all problems that are drawn from."""
    lost = full.correct.mean() - outcome.correct.mean()
    return float(lost), float(outcome.tokens.mean() / full.tokens.mean())


def simulate_size(size: int) -> None:
    """For every loss: resampled runs whose certified rule loses more than allowed, and the tokens spent; kept.

    Rules are made once, from the first 512 problems; runs are drawn from the others.
    """
    run = load_run(RUNS / "long")
    rules = candidates(first := walks_of(first_problems(run, TUNED)), range(len(first)), REFERENCE)
    rest = walks_of(replace(run, records=tuple(record for record in run.records if int(record.id[-5:]) >= TUNED)))
    full = rest.outcome(level(REFERENCE))
    outcomes = [rest.outcome(rule) for rule in rules]
    lost = np.stack([full.correct & ~outcome.correct for outcome in outcomes], axis=1).astype(float)
    gained = np.stack([outcome.correct & ~full.correct for outcome in outcomes], axis=1).astype(float)
    tokens = np.stack([*(outcome.tokens for outcome in outcomes), full.tokens], axis=1)
    true_loss = (lost - gained).mean(axis=0)
    spent = tokens.mean(axis=0) / tokens[:, -1].mean()
    path = RUNS / f"size-{size}.json"
    rows = json.loads(path.read_text()) if path.exists() else []
    for loss in LOSSES[len(rows) :]:
        chosen = []
        for seed in range(SIZES[size]):
            rng = np.random.default_rng((size, seed))
            weights = [np.bincount(rng.integers(len(rest), size=size // 2), minlength=len(rest)) for _ in "ab"]
            halves = [(each @ lost, each @ gained, each @ tokens / (size // 2)) for each in weights]
            chosen.append(chosen_of(rules, halves, size // 2, loss))
        losses = [true_loss[index] if index is not None else 0.0 for index in chosen]
        fractions = [spent[index] if index is not None else 1.0 for index in chosen]
        rows.append(row_of(size, loss, losses, fractions))
        path.write_text(json.dumps(rows))


def simulated_sizes() -> list[list[object]]:
    """The rows that ``simulate_size`` kept."""
    paths = [path for size in SIZES if (path := RUNS / f"size-{size}.json").exists()]
    return [row for path in paths for row in json.loads(path.read_text())]


def certified_lines() -> list[str]:
    """What is certified at every loss, with 256 + 256 problems and with all."""
    lines = []
    for problems in (TUNED, ALL):
        walks = walks_of(first_problems(load_run(RUNS / "long"), problems))
        choice = choose(walks, allowed=LOSSES[0], error=ERROR, reference=REFERENCE)
        for loss in (*LOSSES, STATED):
            trial = tested(promising(choice.trials, choice.reference, loss), loss, ERROR)[1]
            size = f"{len(walks):,} problems, {100 * loss:g} points"
            if trial is None:
                lines.append(f"{size}: nothing.")
                continue
            half = trial.certification
            lines.append(
                f"{size}: {trial.rule.words()}, up to {trial.rule.levels[-1]}; tokens "
                f"{half.tokens / choice.reference.certification.tokens:.2f}, observed loss {100 * half.loss:+.1f} "
                f"({half.lost} lost, {half.gained} gained)."
            )
    return lines


def chosen_of(
    rules: list[Rule], halves: list[tuple[np.ndarray, np.ndarray, np.ndarray]], problems: int, loss: float
) -> int | None:
    """The index of the certified rule of a resampled run; None where nothing is certified."""

    def half(which: int, index: int) -> Half:
        lost, gained, tokens = halves[which]
        counts = (0, 0) if index < 0 else (round(lost[index]), round(gained[index]))
        return Half(problems=problems, accuracy=0.0, tokens=float(tokens[index]), lost=counts[0], gained=counts[1])

    trials = [Trial(rule=rule, tuning=half(0, index), certification=half(1, index)) for index, rule in enumerate(rules)]
    base = Trial(rule=level(REFERENCE), tuning=half(0, -1), certification=half(1, -1))
    certified = tested(promising(trials, base, loss), loss, ERROR)[1]
    return None if certified is None else next(i for i, rule in enumerate(rules) if rule is certified.rule)


def row_of(size: int, loss: float, losses: Iterable[float], fractions: Iterable[float]) -> tuple[object, ...]:
    """A row of the table: what was lost and spent over resampled runs."""
    lost, spent = np.array(list(losses)), np.array(list(fractions))
    exceeded = int((lost > loss).sum())
    return (
        f"{size // 2:,} + {size // 2:,}", f"{100 * loss:g}", f"{100 * exceeded / len(lost):.1f}",
        f"{100 * float((spent < 1).mean()):.0f}", f"{100 * lost.mean():+.2f}", f"{spent.mean():.2f}",
        f"{np.quantile(spent, 0.1):.2f} to {np.quantile(spent, 0.9):.2f}",
    )  # fmt: skip


def whole_rows() -> list[tuple[object, ...]]:
    """The same of whole resampled runs of 512 problems."""
    path = RUNS / "simulated.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [
        (*row_of(TUNED, loss, *zip(*(line[str(loss)] for line in lines), strict=True))[:1], *row[1:])
        for loss in LOSSES
        if lines
        for row in [row_of(TUNED, loss, [line[str(loss)][0] for line in lines], [line[str(loss)][1] for line in lines])]
    ]


def same_as_replayed() -> tuple[int, int]:
    """Problems whose generated policy run equals the replayed one in chain, answers and verdict, and all of them."""
    from s1m.evaluate.replay import replay_settings, replayed

    source, made = load_run(RUNS / "long"), load_run(RUNS / "generated")
    given = {"strategy": "policy", "policy": str(RUNS / "policy.toml"), "out": "nowhere"}
    strategy = replay_settings(source, given).run.build_strategy()
    by_id = {record.id: record for record in source.records}
    same = 0
    for record in made.records:
        other = replayed(by_id[record.id], strategy, "kind")
        same += (
            other.trace.chains == record.trace.chains
            and [answer.text for answer in other.trace.samples] == [answer.text for answer in record.trace.samples]
            and other.verdicts == record.verdicts
            and other.trace.generated_tokens == record.trace.generated_tokens
        )
    return same, len(made.records)


def baselines() -> list[str]:
    """The policy against levels, stopping early and votes on the problems of the certification half."""
    run, _, choice = tuning()
    records = sorted(run.records, key=lambda record: record.key)
    held_out = {records[row].id for row in choice.certification_rows}
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
    runs = [replace(each, records=tuple(record for record in each.records if record.id in held_out)) for each in runs]
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
    everything = len(load_run(RUNS / "long").records)
    lines = (RUNS / "simulated.jsonl").read_text().splitlines()
    keep(
        "policy",
        "Stopping policies and their guarantee",
        ("problems", "loss allowed", "exceeded, %", "certified, %", "mean true loss", "tokens", "10 to 90 %"),
        [*((f"{row[0]}, whole", *row[1:]) for row in whole_rows()), *simulated_sizes()],
        [
            f"The bundled model, a toy, on digits at temperature 1; {everything:,} problems with levels 0-{MOST}; "
            f"losses in points against level {REFERENCE}, tokens as a fraction of its tokens, 95 % confidence.",
            f"Whole: {len(lines):,} runs drawn with replacement from all problems, everything tuned anew. Others: "
            f"{' and '.join(map(str, SIZES.values()))} runs, drawn from {everything - TUNED:,} problems, "
            f"rules made once from the first {TUNED}. "
            "Exceeded: runs whose policy loses more than allowed on the problems that are drawn from. Certified: runs "
            "in which any saving was.",
            f"On 256 + 256 problems: {policy.rule.words()}, up to {policy.rule.levels[-1]}; {known.words}; bound "
            f"{known.loss_bound:g}, tokens {known.tokens_fraction:.2f} ({known.tokens_fraction_low:.2f} to "
            f"{known.tokens_fraction_high:.2f}) of level {REFERENCE}, accuracy {known.accuracy:.1f} % against "
            f"{known.reference_accuracy:.1f} %; {known.lost} lost, {known.gained} gained.",
            f"Generated with this policy and replayed from the run: {same} of {generated} problems are the same in "
            "chain, answers, verdict and tokens.",
            "Certified against level 7, the first half choosing and the second testing:",
            *certified_lines(),
            "Baselines on the certification half, accuracy at tokens:",
            *baselines(),
        ],
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["generate"]:
            generate()
        case ["simulate", number]:
            simulate(float(number))
        case ["size", number]:
            simulate_size(int(number))
        case _:
            main()
