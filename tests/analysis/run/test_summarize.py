from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.analysis.run.breakdowns import summarize_parts
from s1m.analysis.run.sentences import latency_sentence
from s1m.analysis.run.summarize import summarize, wall_seconds
from s1m.analysis.run.summary import Summary, summary_json
from s1m.errors import DataError
from s1m.types import Record, Trace
from tests.analysis.made_runs import made_record, made_run, sampled_run, voted_record


def small_run() -> Summary:
    """Four problems at levels 0 to 2: two stay right, one becomes right, one loops at once and stays lost."""
    return summarize(
        made_run(
            [
                made_record(0, correct=[True, True, True], thinking=[10, 20, 30], started=100, seconds=4),
                made_record(1, correct=[True, True, True], thinking=[20, 20, 20], started=102, seconds=4),
                made_record(
                    2,
                    correct=[False, True, True],
                    thinking=[30, 10, 20],
                    stops=["closed", "eos", "capped"],
                    started=500,
                ),
                made_record(
                    3,
                    correct=[False, False, False],
                    thinking=[100],
                    stops=["looped"],
                    predictions=[None, None, None],
                    started=500.5,
                ),
            ],
            failed=2,
        )
    )


def test_a_level_counts_every_problem() -> None:
    first, _, last = small_run().levels
    assert (first.level, last.level) == (0, 2)
    assert (first.accuracy, last.accuracy) == (0.5, 0.75)
    assert (first.thinking_tokens_mean, first.thinking_tokens_median) == (40.0, 25.0)
    assert first.thinking_tokens_std == pytest.approx((((30**2) + (20**2) + (10**2) + (60**2)) / 4) ** 0.5)
    assert last.thinking_tokens_mean == (60 + 60 + 60 + 100) / 4
    assert last.answer_tokens_mean == 3.0
    assert (last.answered, last.lost) == (3, 1)
    assert (first.shared, last.shared) == (0.0, 0.25)
    assert last.stops.closed == 0.5
    assert (last.stops.eos, last.stops.capped, last.stops.looped) == (0.0, 0.25, 0.25)
    assert last.stops.invalid == 0.5


def test_a_level_is_compared_with_the_first_on_the_same_problems() -> None:
    first, second, _ = small_run().levels
    assert (first.gain, first.gain_ci95, first.mcnemar_p) == (0.0, None, None)
    assert second.gain == 0.25
    assert second.mcnemar_p == 1.0
    assert second.gain_ci95 is not None
    assert (second.gain_ci95.low, second.gain_ci95.high) == (0.0, 0.75)


def test_tokens_of_the_sweep_and_of_independent_runs_are_counted() -> None:
    summary = small_run()
    assert summary.generated_tokens == (60 + 9) + (60 + 9) + (60 + 9) + (100 + 3)
    first_three = (10 + 30 + 60) + (20 + 40 + 60) + (30 + 40 + 60) + 9 * 3
    assert summary.independent_tokens == first_three + 3 * (100 + 3)
    assert summary.cost_fraction == pytest.approx(310 / 686)


def test_an_independent_sweep_saves_nothing() -> None:
    record = made_record(0, correct=[True, True], thinking=[10, 20])
    (chain,) = record.trace.chains
    short, long = record.trace.answers
    trace = Trace(chains=(chain[:1], chain), answers=(short, replace(long, chain=1)))
    assert summarize(made_run([replace(record, trace=trace)])).cost_fraction == 1.0


def test_wall_time_leaves_the_pause_before_a_resumption_out() -> None:
    assert small_run().wall_seconds == 6 + 1.5


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 100)), max_size=20), st.randoms())
def test_wall_time_lies_between_the_longest_problem_and_the_sum(
    spans: list[tuple[float, float]], shuffler: random.Random
) -> None:
    records = [made_record(0, correct=[True], thinking=[1], started=at, seconds=took) for at, took in spans]
    wall = wall_seconds(records)
    assert max((took for _, took in spans), default=0) - 1e-6 <= wall <= sum(took for _, took in spans) + 1e-6
    shuffler.shuffle(records)
    assert wall_seconds(records) == wall


def test_a_real_gain_has_a_paired_interval_above_zero_and_a_loss_one_below() -> None:
    better = summarize(sampled_run(200)).levels[-1]
    assert better.gain_ci95 is not None
    assert better.mcnemar_p is not None
    assert 0 < better.gain_ci95.low < better.gain < better.gain_ci95.high
    assert better.mcnemar_p < 0.001

    worse = summarize(
        made_run([made_record(i, correct=[True, i % 4 > 0], thinking=[9, 9]) for i in range(100)])
    ).levels[-1]
    assert worse.gain_ci95 is not None
    assert worse.gain_ci95.low < worse.gain == -0.25 < worse.gain_ci95.high < 0


def test_only_the_bootstrap_depends_on_the_seed_and_nothing_on_the_order() -> None:
    run = sampled_run(60)
    shuffled = list(run.records)
    random.Random(3).shuffle(shuffled)
    assert summarize(replace(run, records=tuple(shuffled))) == summarize(run)
    other = summarize(run, seed=1)
    assert other != summarize(run)
    assert [level.accuracy for level in other.levels] == [level.accuracy for level in summarize(run).levels]


def test_the_slope_and_its_interval_follow_the_data() -> None:
    metrics = summarize(sampled_run(300)).metrics
    assert metrics.slope_per_1k_tokens is not None
    assert metrics.slope_ci95 is not None
    assert 0 < metrics.slope_ci95.low < metrics.slope_per_1k_tokens < metrics.slope_ci95.high
    assert metrics.control == 1.0
    assert summarize(made_run(sampled_run(9).records, settings={"max_thinking_tokens": 10})).metrics.control == 0.0


def test_an_empty_run_summarises() -> None:
    summary = summarize(made_run([], failed=3))
    assert summary_json(summary) == {
        "run": "demo",
        "benchmark": "digits",
        "model": "models/tiny",
        "engine": "embedded",
        "sweep": "nested",
        "strategy": "sequential",
        "axis": "ignored stops (num_ignore)",
        "problems": 0,
        "failed": 3,
        "generated_tokens": 0,
        "independent_tokens": 0,
        "wall_seconds": 0.0,
        "levels": [],
        "metrics": {
            "control": None,
            "scaling": None,
            "performance": None,
            "slope_per_1k_tokens": None,
            "slope_ci95": None,
        },
        "parts": [],
        "tokens_estimated": False,
        "origin": "generated",
        "measures": None,
        "judge": None,
        "prompt_tokens": None,
        "money": None,
        "latency": None,
        "temperature": 0.6,
        "biases": [],
        "held_out": None,
        "samples": 1,
        "provenance": [],
    }
    assert summary.best is None
    assert summary.cost_fraction is None


def test_a_vote_pays_for_every_chain_within_the_budget_of_each() -> None:
    records = [voted_record(0, ["12", "11", "11", "11"]), voted_record(1, ["11"] * 4, thinking=30)]
    summary = summarize(made_run(records, settings={"strategy": "vote", "max_thinking_tokens": 40}))
    assert (summary.strategy, summary.axis) == ("vote", "chains that vote")
    assert [level.accuracy for level in summary.levels] == [0.5, 0.5, 1.0]
    assert [level.thinking_tokens_mean for level in summary.levels] == [20.0, 40.0, 80.0]
    assert [level.answer_tokens_mean for level in summary.levels] == [1.0, 2.0, 4.0]
    assert (summary.metrics.control, summary.independent_tokens, summary.cost_fraction) == (1.0, None, None)


def test_control_measures_against_the_level_where_it_is_a_budget() -> None:
    records = [voted_record(0, ["11"] * 30, levels=(5, 20, 30), thinking=15)]
    settings = {"strategy": "token-conditional", "max_thinking_tokens": 1000}
    assert summarize(made_run(records, settings=settings)).metrics.control == pytest.approx(2 / 3)


def test_an_unknown_strategy_counts_levels() -> None:
    records = [made_record(0, correct=[True, True], thinking=[5, 5])]
    assert summarize(made_run(records, settings={"strategy": "dreaming"})).axis == "levels"


def test_one_problem_at_one_level_has_no_slope_and_no_bootstrap() -> None:
    summary = summarize(made_run([made_record(0, correct=[True], thinking=[5])]))
    (level,) = summary.levels
    assert (level.accuracy, level.thinking_tokens_std) == (1.0, 0.0)
    assert summary.metrics.performance == 1.0
    assert (summary.metrics.scaling, summary.metrics.slope_per_1k_tokens, summary.metrics.slope_ci95) == (None,) * 3


def test_levels_with_equal_tokens_have_no_slope() -> None:
    records = [made_record(i, correct=[True, False], thinking=[50], stops=["capped"]) for i in range(5)]
    assert summarize(made_run(records)).metrics.slope_ci95 is None


def test_the_best_level_is_the_lowest_of_equals() -> None:
    records = [made_record(i, correct=[False, True, True], thinking=[5, 5, 5]) for i in range(3)]
    best = summarize(made_run(records)).best
    assert best is not None
    assert best.level == 1


def test_json_has_the_documented_keys_and_no_nan() -> None:
    document = summary_json(summarize(sampled_run(37)))
    text = json.dumps(document, allow_nan=False)
    level = json.loads(text)["levels"][1]
    assert set(level) == {
        *("level", "accuracy", "accuracy_ci95", "gain", "gain_ci95", "mcnemar_p"),
        *("thinking_tokens_mean", "thinking_tokens_std", "thinking_tokens_median", "answer_tokens_mean"),
        *("stops", "answered", "lost", "shared", "official", "judged", "at_k"),
    }
    assert set(level["stops"]) == {"closed", "eos", "capped", "looped"}
    assert sum(level["stops"].values()) == pytest.approx(1, abs=3e-6)
    assert len(level["accuracy_ci95"]) == len(level["gain_ci95"]) == 2
    assert level["accuracy"] == round(level["accuracy"], 6)


def test_json_keeps_small_p_values() -> None:
    records = [made_record(i, correct=[False, True], thinking=[5, 5]) for i in range(40)]
    document = json.loads(json.dumps(summary_json(summarize(made_run(records)))))
    assert document["levels"][1]["mcnemar_p"] == pytest.approx(2 / 2**40, rel=1e-5, abs=0)


def test_records_that_do_not_fit_together_are_refused() -> None:
    three = made_record(0, correct=[True, True, True], thinking=[1, 1, 1])
    two = made_record(1, correct=[True, True], thinking=[1, 1])
    with pytest.raises(DataError, match=r"digits-test-00001 has answers at levels \[0, 1\]"):
        summarize(made_run([three, two]))
    with pytest.raises(DataError, match="2 verdicts for 3 answers"):
        summarize(made_run([replace(three, verdicts=three.verdicts[:2])]))


def test_importing_the_package_is_cheap() -> None:
    heavy = "{'numpy', 'matplotlib', 'jinja2', 'rich', 'PIL'}"
    code = f"import sys, s1m.analysis; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_official_verdicts_are_averaged_where_there_are_any() -> None:
    def judged(index: int, *official: bool | None) -> Record:
        record = made_record(index, correct=[True, False], thinking=[5, 5])
        verdicts = [replace(v, official=o) for v, o in zip(record.verdicts, official, strict=True)]
        return replace(record, verdicts=tuple(verdicts))

    summary = summarize(made_run([judged(0, True, None), judged(1, False, None), judged(2, None, None)]))
    assert [level.official for level in summary.levels] == [0.5, None]


def test_parts_are_counted_by_every_value_of_every_key() -> None:
    def about(index: int, subject: str, right: bool) -> Record:
        record = made_record(index, correct=[False, right], thinking=[5, 5])
        return replace(record, metadata={"subject": subject, "other": "x"})

    parts = summarize_parts(
        [about(0, "sets; logic", True), about(1, "sets", False), about(2, "", True)], ("subject", "gone")
    )
    cells = [(part.key, part.value, part.problems, part.first_accuracy, part.last_accuracy) for part in parts]
    assert cells == [("subject", "logic", 1, 0.0, 1.0), ("subject", "sets", 2, 0.0, 0.5)]


def test_times_are_given_as_percentiles_and_the_first_token_where_it_is_known() -> None:
    records = [
        replace(
            made_record(number, correct=[True], thinking=[5], seconds=1.0 + number),
            first_token=0.1 * (number + 1) if number < 10 else None,
        )
        for number in range(20)
    ]
    latency = summarize(made_run(records)).latency
    assert latency is not None
    assert (latency.seconds_p50, latency.seconds_p95) == pytest.approx((10.5, 19.05))
    assert (latency.first_token_p50, latency.first_token_p95) == pytest.approx((0.55, 0.955))
    assert latency.streamed == 10
    said = latency_sentence(summarize(made_run(records)))
    assert "median 10 s, 95 % within 19 s" in said
    assert "first token: median 0.55 s, 95 % within 0.95 s (streamed for 10 of 20 records)." in said
    silent = summarize(made_run(records[10:])).latency
    assert silent is not None
    assert (silent.first_token_p50, silent.streamed) == (None, 0)
    for origin in ("replayed", "imported"):
        other = summarize(made_run(records, settings={"origin": origin}))
        assert other.latency is None
        assert latency_sentence(other) == ""
