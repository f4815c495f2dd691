"""Which responses make a pair: closed, right and short against looped, unclosed, wrong or long; and what is written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from s1m.cli import main
from s1m.data.preference.candidates import Candidate, failure_of, reader_of
from s1m.data.preference.match import NO_RIGHT, NOTHING_WORSE, Match, matches
from s1m.data.preference.settings import PairSettings, target_from
from s1m.datasets.preferences import load_preferences
from s1m.datasets.source import Source
from s1m.datasets.tokens import TokenCounter
from s1m.evaluate.settings import eval_settings
from s1m.families import DEFAULT
from s1m.types import CutLoop, Segment
from tests.data.rows import record_of

SETTINGS = PairSettings(runs=("run",), out="out")
LOOP = "Again. " * 9


def closed(text: str, *, right: bool = True, level: int = 0, tokens: int = 10, chain: int = 0) -> Candidate:
    return Candidate(text=text, ending="closed", right=right, level=level, tokens=tokens, chain=(0, 0, chain))


def failed(text: str, level: int = 0, chain: int = 0) -> Candidate:
    return Candidate(text=text, ending="looped", right=False, level=level, tokens=90, chain=(0, 0, chain))


def pairs_of(*candidates: Candidate, settings: PairSettings = SETTINGS) -> list[tuple[str, str, str]]:
    made = matches(candidates, settings)
    assert isinstance(made, list)
    return [(match.chosen.text, match.rejected.text, match.reason) for match in made]


def test_a_failure_is_paired_with_its_own_chain_before_a_shorter_one() -> None:
    own, shorter = closed("own", chain=1, tokens=40), closed("shorter", chain=2)
    assert pairs_of(own, shorter, failed("loop", chain=1)) == [("own", "loop", "looped")]


def test_a_failure_is_paired_with_the_nearest_number_of_ignored_stops() -> None:
    assert pairs_of(closed("far"), closed("near", level=2), failed("loop", level=3)) == [("near", "loop", "looped")]


def test_wrong_and_long_are_paired_within_a_number_of_ignored_stops() -> None:
    wrong, long = closed("wrong", right=False, level=1), closed("long", level=1, tokens=600)
    assert matches([closed("right"), wrong], SETTINGS) == NOTHING_WORSE
    assert pairs_of(closed("right", level=1), wrong, long) == [("right", "wrong", "wrong"), ("right", "long", "long")]


def test_long_needs_both_margins() -> None:
    for tokens, made in ((73, 0), (74, 1)):
        assert len(matches([closed("a"), closed("b", tokens=tokens)], SETTINGS)) == (made or len(NOTHING_WORSE))


def test_reasons_take_turns_up_to_the_number_of_pairs_and_nothing_is_rejected_twice() -> None:
    wrong = [closed(f"wrong {number}", right=False) for number in range(5)]
    some = [closed("right"), *wrong, failed("loop"), failed("loop")]
    assert [reason for *_, reason in pairs_of(*some)] == ["looped", "wrong", "wrong", "wrong"]
    assert pairs_of(*some) == pairs_of(*reversed(some)), "the order of records does not matter"


def test_a_problem_without_a_right_answer_has_no_pair() -> None:
    assert matches([closed("wrong", right=False), failed("loop")], SETTINGS) == NO_RIGHT


def test_a_loop_is_rejected_as_it_was_written_and_its_repair_can_be_chosen() -> None:
    record = record_of([("I count: 1, 2, 3.", "3", True, "closed")])
    (segment,) = record.trace.chains[0]
    looped = replace(segment, flaws=("looped",), loops=(CutLoop(at=9, text=LOOP),))
    record = replace(record, trace=replace(record.trace, chains=((looped,),)))
    reader = reader_of(eval_settings({"benchmark": "digits"}), 0, TokenCounter())
    chosen, rejected = reader.candidates(record)
    assert chosen.text == "<think>\nI count: 1, 2, 3.</think>\nFinal answer: 3"
    assert rejected.text == f"<think>\nI count: {LOOP}"
    assert matches([chosen, rejected], SETTINGS) == [Match(chosen=chosen, rejected=rejected, reason="looped")]


def test_a_chain_fails_where_it_first_failed() -> None:
    good = Segment(injected="", text="One.", tokens=1, stop="closed")
    unclosed = Segment(injected="Wait,", text=" two.", said=" It is 2.", tokens=1, stop="eos")
    failure = failure_of([good, unclosed, replace(unclosed, stop="capped")])
    assert failure is not None
    assert (failure.text, failure.ending, failure.level) == ("One.Wait, two. It is 2.", "unclosed", 1)
    assert failure_of([replace(good, stop="looped")]) is None, "earlier versions did not keep the loop"


def test_targets_are_spelled_with_split_and_folder() -> None:
    assert target_from("mathvision").split == ""
    target = target_from("mathvision:test=data/MathVision")
    assert (target.benchmark, target.split, target.data) == ("mathvision", "test", "data/MathVision")
    assert target_from("mine.page:Page").benchmark == "mine.page:Page"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on training problems, hot and short, so that some chains are cut by the budget and some answers wrong."""
    out = tmp_path_factory.mktemp("run") / "train"
    given = ["--split", "train", "--limit", "12", "--num-ignore", "0-1", "--temperature", "1", "--top-p", "1"]
    given += ["--max-thinking-tokens", "90", "--max-answer-tokens", "8", "--samples", "2"]
    code = main(["eval", "digits", *given, "--out", str(out)])
    assert code == 0
    return out


def test_pairs_of_a_run_are_read_by_the_trainer_and_by_trl(run: Path, tmp_path: Path) -> None:
    from trl.data_utils import is_conversational

    given = ["data", "pairs", str(run), "--target", "digits", "--tokenizer", "bundled", "--out"]
    assert main([*given, str(tmp_path / "a")]) == 0
    source = Source(path=str(tmp_path / "a" / "data"))
    pairs = load_preferences([source], seed=0, delimiters=DEFAULT)
    summary = json.loads((tmp_path / "a" / "summary.json").read_text())
    assert len(pairs) == summary["pairs"] > 0
    for pair in (pairs[number] for number in range(len(pairs))):
        assert pair.chosen.turns[-1].text.count("</think>") == 1
        assert pair.chosen.images == pair.rejected.images
        assert pair.rejected.ended == (pair.rejected.facts["rejected_stop"] in ("closed", "unclosed"))
    import datasets

    rows = datasets.load_dataset("parquet", data_dir=source.path, split="train")
    assert is_conversational(rows[0])
    assert {"prompt", "chosen", "rejected", "images", "reason"} <= set(rows.column_names)
    assert main([*given, str(tmp_path / "b")]) == 0
    for path in sorted((tmp_path / "a" / "data").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / "data" / path.name).read_bytes()
    funnel = json.loads((tmp_path / "a" / "funnel.json").read_text())
    rejects = (tmp_path / "a" / "rejects.jsonl").read_text().splitlines()
    assert funnel["rows"] == 12
    assert 12 - len(rejects) == summary["problems"]


def test_a_problem_of_a_target_is_in_no_pair(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["data", "pairs", str(run), "--target", "digits:train", "--out", str(tmp_path / "out")]
    assert main(given) == 1
    assert "no problem has a pair" in capsys.readouterr().err
    lines = [json.loads(line) for line in (tmp_path / "out" / "rejects.jsonl").read_text().splitlines()]
    assert "contamination" in {line["filter"] for line in lines}


def test_a_run_of_the_measured_split_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "settings.toml").write_text('benchmark = "digits"\nsplit = "test"\n')
    (tmp_path / "records.jsonl").touch()
    assert main(["data", "pairs", str(tmp_path), "--out", str(tmp_path.parent / "out")]) == 2
    assert "on which models are measured" in capsys.readouterr().err


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "settings.toml").write_text("mine = 1\n")
    assert main(["data", "pairs", str(tmp_path / "run"), "--out", str(out)]) == 2
    assert "holds something else than pairs, such as settings.toml" in capsys.readouterr().err
