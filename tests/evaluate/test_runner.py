"""The runner with a scripted engine: what is pending, what fails, what lands."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from s1m.benchmarks.digits import Digits
from s1m.engines.scripted import ScriptedEngine
from s1m.errors import DataError, EngineError, EngineUnavailable
from s1m.evaluate.runner import Runner, key_of
from s1m.evaluate.settings import EvalSettings, eval_settings
from s1m.evaluate.store import RunStore, load_run
from s1m.types import Completion, Engine, Problem, Record, Sampling, Step, Verdict

DIGITS = Digits()


class Watching:
    """Progress that counts."""

    def __init__(self) -> None:
        self.landed_ids: list[str] = []
        self.failed_ids: list[str] = []

    def landed(self, record: Record) -> None:
        self.landed_ids.append(record.id)

    def failed(self, problem: Problem, error: Exception) -> None:
        self.failed_ids.append(problem.id)


def settings(folder: Path, **changes: object) -> EvalSettings:
    base = {"benchmark": "digits", "out": str(folder), "split": "test", "limit": 12, "num_ignore": "0-1"}
    return eval_settings({**base, "concurrency": 4, **changes})


def right(problem: Problem, step: Step) -> str:
    """Looks, closes; answers right from the second look on."""
    if step.stop:
        return "I look.</think>"
    looks = sum(piece.text == "I look." for piece in step.prefix)
    return problem.gold if looks > 1 else "999"


def run(chosen: EvalSettings, engine: Engine) -> tuple[int, Watching]:
    problems = DIGITS.load(split=chosen.problems.split, limit=chosen.problems.limit, data=None)
    store, watching = RunStore(chosen), Watching()
    try:
        runner = Runner(chosen, DIGITS, store, watching)
        return asyncio.run(runner.run(problems, runner.pending(problems), engine)), watching
    finally:
        store.close()


def failing(on: Callable[[Problem], Exception | None]) -> ScriptedEngine:
    def script(problem: Problem, step: Step) -> str:
        error = on(problem)
        if error is not None:
            raise error
        return right(problem, step)

    return ScriptedEngine(script)


def test_every_problem_lands_once_with_a_verdict_at_every_level(tmp_path: Path) -> None:
    failed, watching = run(settings(tmp_path), ScriptedEngine(right))
    records = load_run(tmp_path).records
    assert failed == 0
    assert sorted(r.id for r in records) == sorted(watching.landed_ids) == [f"digits-test-{i:05d}" for i in range(12)]
    assert all([v.correct for v in r.verdicts] == [False, True] for r in records)
    assert all(r.seconds >= 0 and r.started > 1.7e9 for r in records)


def test_what_is_recorded_is_not_asked_again(tmp_path: Path) -> None:
    run(settings(tmp_path), ScriptedEngine(right))

    def never(problem: Problem, step: Step) -> str:
        raise AssertionError("asked again")

    assert run(settings(tmp_path), ScriptedEngine(never))[1].landed_ids == []


def test_a_failed_problem_stays_pending_and_the_others_are_done(tmp_path: Path) -> None:
    bad = "digits-test-00003"
    failed, watching = run(settings(tmp_path), failing(lambda p: EngineError("reset") if p.id == bad else None))
    assert (failed, watching.failed_ids) == (1, [bad])
    half_way = load_run(tmp_path)
    assert (len(half_way.records), half_way.failed) == (11, 1)
    assert b"reset" not in (tmp_path / "records.jsonl").read_bytes()
    failed, watching = run(settings(tmp_path), ScriptedEngine(right))
    assert (failed, watching.landed_ids) == (0, [bad])
    assert load_run(tmp_path).failed == 0


def test_an_unavailable_engine_ends_the_run_at_once(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="wrong key"):
        run(settings(tmp_path), failing(lambda p: EngineUnavailable("wrong key")))
    assert load_run(tmp_path).records == ()


def test_a_bug_is_not_taken_for_a_failed_problem(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run(settings(tmp_path), failing(lambda p: ZeroDivisionError()))


def test_a_scorer_that_fails_costs_its_problem_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = DIGITS.load(split="test", limit=1, data=None)[0]
    score = type(DIGITS).score

    def broken(self: Digits, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        if problem.id == first.id:
            raise ValueError("Exceeds the limit (4300 digits) for integer string conversion")
        return score(self, problem, answer, extraction)

    monkeypatch.setattr(type(DIGITS), "score", broken)
    failed, watching = run(settings(tmp_path), ScriptedEngine(right))
    assert (failed, watching.failed_ids, len(watching.landed_ids)) == (1, [first.id], 11)
    assert "the scorer of digits failed (ValueError: Exceeds the limit" in (tmp_path / "failures.jsonl").read_text()


def test_no_more_than_concurrency_problems_are_in_flight(tmp_path: Path) -> None:
    class Slow:
        name = "slow"
        can_show_images_again = False
        context_tokens: int | None = None
        busy: set[str]
        most = 0

        def __init__(self) -> None:
            self.busy = set()

        async def ready(self) -> None:
            pass

        async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
            self.busy.add(problem.id)
            self.most = max(self.most, len(self.busy))
            await asyncio.sleep(0.002)
            self.busy.discard(problem.id)
            return Completion(text="7", tokens=1, finish="stop" if step.stop else "eos")

        async def close(self) -> None:
            pass

    engine = Slow()
    run(settings(tmp_path, concurrency=3), engine)
    assert engine.most == 3


def test_records_of_problems_that_are_not_in_the_run_are_refused(tmp_path: Path) -> None:
    run(settings(tmp_path), ScriptedEngine(right))
    store = RunStore(settings(tmp_path))
    fewer = DIGITS.load(split="test", limit=11, data=None)
    with pytest.raises(DataError, match="1 records of problems that are not in this run"):
        Runner(settings(tmp_path), DIGITS, store, Watching()).pending(fewer)
    store.close()


def test_keys_are_content_hashes() -> None:
    problem = DIGITS.load(split="test", limit=1, data=None)[0]
    key = key_of(problem, "digest")
    assert key == key_of(replace(problem, metadata={}), "digest")
    assert len(key) == 16
    changes = ({"id": "x"}, {"question": "x"}, {"gold": "x"}, {"images": ()}, {"choices": ("x",)})
    others = {key_of(replace(problem, **change), "digest") for change in changes}
    assert len(others | {key, key_of(problem, "other")}) == len(changes) + 2


def test_seeds_differ_by_problem_and_repeat_by_run(tmp_path: Path) -> None:
    def seeds(folder: Path, seed: int) -> dict[str, int]:
        seen: dict[str, int] = {}

        def script(problem: Problem, step: Step) -> str:
            seen.setdefault(problem.id, step.seed)
            return right(problem, step)

        run(settings(folder, seed=seed), ScriptedEngine(script))
        return seen

    first, again, other = (seeds(tmp_path / name, seed) for name, seed in (("a", 0), ("b", 0), ("c", 1)))
    assert first == again
    assert len(set(first.values())) == 12
    assert not set(first.values()) & set(other.values())


def test_the_reasoning_prompt_follows_the_question_and_images_keep_to_their_limit(tmp_path: Path) -> None:
    asked: list[Problem] = []

    def script(problem: Problem, step: Step) -> str:
        asked.append(problem)
        return right(problem, step)

    run(
        settings(tmp_path, reasoning_prompt="Think step by step.", max_image_pixels=400, limit=2),
        ScriptedEngine(script),
    )
    assert all(problem.question.endswith("?\nThink step by step.") for problem in asked)
    sizes = [Image.open(io.BytesIO(image)).size for problem in asked for image in problem.images]
    assert all(width * height <= 400 for width, height in sizes)
    assert not any("step by step" in record.question for record in load_run(tmp_path).records)


def seeds_of(folder: Path) -> dict[tuple[str, int], str]:
    return {(record.id, record.sample): record.trace.chains[0][0].text for record in load_run(folder).records}


def by_seed(problem: Problem, step: Step) -> str:
    return f"seed {step.seed}</think>" if step.stop else problem.gold


def test_samples_of_a_problem_differ_and_the_first_is_that_of_a_run_with_one(tmp_path: Path) -> None:
    run(settings(tmp_path / "one"), ScriptedEngine(by_seed))
    run(settings(tmp_path / "three", samples=3), ScriptedEngine(by_seed))
    one, three = seeds_of(tmp_path / "one"), seeds_of(tmp_path / "three")
    assert len(three) == 36
    assert len(set(three.values())) == 36
    assert {place: text for place, text in three.items() if place[1] == 0} == one


def test_a_run_is_resumed_with_more_samples(tmp_path: Path) -> None:
    run(settings(tmp_path), ScriptedEngine(by_seed))
    _, watching = run(settings(tmp_path, samples=2), ScriptedEngine(by_seed))
    assert len(watching.landed_ids) == 12
    assert sorted({sample for _, sample in seeds_of(tmp_path)}) == [0, 1]
    with pytest.raises(DataError, match="--samples is lower"):
        run(settings(tmp_path), ScriptedEngine(by_seed))
