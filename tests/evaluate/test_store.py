"""The run folder: whole lines, each key once, the same settings or none."""

from __future__ import annotations

import io
import resource
import signal
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from s1m.errors import DataError, EngineError, UsageError
from s1m.evaluate.settings import EvalSettings, eval_settings
from s1m.evaluate.store import RunStore, Standing, load_run
from s1m.files.settings import changed
from s1m.types import Answer, Problem, Record, Segment, Trace, Verdict


def settings(folder: Path, **changes: object) -> EvalSettings:
    return eval_settings({"benchmark": "digits", "out": str(folder), **changes})


def picture(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (900, 300), colour).save(buffer, format="PNG")
    return buffer.getvalue()


def problem(name: str = "p0", images: tuple[bytes, ...] = ()) -> Problem:
    return Problem(id=name, question="How many?", images=images, gold="7")


def record(key: str, name: str = "p0") -> Record:
    segment = Segment(injected="", text="I see </think> \u2028 ünïcode\n", tokens=4, stop="closed")
    answer = Answer(level=0, chain=0, segments=1, stop="closed", text="7", tokens=1, finish="eos")
    return Record(
        key=key, id=name, question="How many?", gold="7", metadata={"kind": "sum"},
        trace=Trace(chains=((segment,),), answers=(answer,)),
        verdicts=(Verdict(prediction="7", correct=True, rule="last-integer"),), started=1.0, seconds=2.0,
    )  # fmt: skip


def test_a_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    store.add(record("k1"))
    store.close()
    run = load_run(tmp_path)
    assert run.records == (record("k1"),)
    assert (run.failed, run.settings["benchmark"]) == (0, "digits")
    assert run.thumbnail(record("k1")) is None


def test_a_torn_line_is_pending_again_and_the_next_one_lands_whole(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    store.add(record("k1"))
    store.add(record("k2"))
    store.close()
    lines = tmp_path / "records.jsonl"
    lines.write_bytes(lines.read_bytes()[:-25])
    assert [r.key for r in load_run(tmp_path).records] == ["k1"]
    store = RunStore(settings(tmp_path))
    assert store.keys == {"k1"}
    store.add(record("k3"))
    store.close()
    assert [r.key for r in load_run(tmp_path).records] == ["k1", "k3"]


def test_a_file_that_is_one_torn_line_is_empty(tmp_path: Path) -> None:
    RunStore(settings(tmp_path)).close()
    (tmp_path / "records.jsonl").write_bytes(b'{"key": "k1", "id"')
    store = RunStore(settings(tmp_path))
    assert store.keys == set()
    store.close()
    assert (tmp_path / "records.jsonl").read_bytes() == b""


def test_a_damaged_line_is_named_and_never_skipped(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    store.add(record("k1"))
    store.close()
    with (tmp_path / "records.jsonl").open("ab") as file:
        file.write(b'{"key": 3}\n')
    with pytest.raises(DataError, match=r"records\.jsonl, line 2 is damaged"):
        RunStore(settings(tmp_path))


def test_the_same_key_counts_once(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    store.add(record("k1"))
    store.add(record("k1"))
    store.close()
    assert len(load_run(tmp_path).records) == 1


def test_a_failure_counts_until_its_record_lands(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    store.fail("k1", problem(), EngineError("gone"))
    store.fail("k1", problem(), EngineError("gone again"))
    store.fail("k2", problem("p1"), EngineError("gone"))
    assert load_run(tmp_path).failed == 2
    store.add(record("k1"))
    store.close()
    assert load_run(tmp_path).failed == 1


def test_other_settings_are_refused_and_named(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path, temperature=0.5, limit=10))
    store.add(record("k1"))
    store.close()
    with pytest.raises(UsageError) as caught:
        RunStore(settings(tmp_path, temperature=0.7, seed=3))
    message = str(caught.value)
    assert "temperature (0.5 there, 0.7 now)" in message
    assert "seed (0 there, 3 now)" in message
    assert "limit (10 there, 'unset' now)" in message
    assert "top_p" not in message


def test_a_start_that_recorded_nothing_does_not_bind_the_next(tmp_path: Path) -> None:
    RunStore(settings(tmp_path, model="misspelt")).close()
    RunStore(settings(tmp_path, model="right")).close()
    assert load_run(tmp_path).settings["model"] == "right"


def test_a_disk_that_fills_up_tears_no_line(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    store.add(record("k1"))
    size = (tmp_path / "records.jsonl").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, before[1]))
        with pytest.raises(DataError, match=r"cannot write .*records\.jsonl"):
            store.add(record("k2"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert store.keys == {"k1"}
    store.add(record("k3"))
    store.close()
    assert [r.key for r in load_run(tmp_path).records] == ["k1", "k3"]


def test_a_picture_that_cannot_be_drawn_costs_no_record(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    store.add(record("k1"))
    store.keep_thumbnail("k1", problem(images=(picture()[:60],)))
    store.close()
    run = load_run(tmp_path)
    assert len(run.records) == 1
    assert run.thumbnail(run.records[0]) is None


@pytest.mark.parametrize(
    "damage",
    [
        {"key": "../../etc/picture"},
        {"verdicts": ()},
        {"trace": Trace(chains=(), answers=())},
        {"trace": Trace(chains=(), answers=record("k1").trace.answers)},
        {"trace": replace(record("k1").trace, samples=record("k1").trace.answers)},
        {"trace": replace(record("k1").trace, answers=(replace(record("k1").trace.answers[0], chosen_from=(0,)),))},
    ],
)
def test_records_that_no_run_writes_are_named(tmp_path: Path, damage: dict[str, object]) -> None:
    RunStore(settings(tmp_path)).close()
    line = msgspec.json.encode(replace(record("k1"), **damage))  # type: ignore[arg-type]
    (tmp_path / "records.jsonl").write_bytes(line + b"\n")
    with pytest.raises(DataError, match=r"records\.jsonl, line 1 is damaged"):
        load_run(tmp_path)


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    RunStore(settings(tmp_path)).close()
    (tmp_path / "records.jsonl").unlink()
    (tmp_path / "records.jsonl").mkdir()
    with pytest.raises(DataError, match=r"cannot read .*records\.jsonl"):
        load_run(tmp_path)
    (tmp_path / "settings.toml").unlink()
    (tmp_path / "settings.toml").mkdir()
    with pytest.raises(DataError, match=r"cannot read .*settings\.toml"):
        load_run(tmp_path)


def test_concurrency_and_address_may_change(tmp_path: Path) -> None:
    first = settings(tmp_path, engine="http", base_url=("http://127.0.0.1:1",))
    RunStore(first).close()
    RunStore(changed(first, concurrency=3, base_url=("http://127.0.0.1:2",))).close()


def test_two_processes_never_write_to_the_same_folder(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    with pytest.raises(UsageError, match="in use by another process"):
        RunStore(settings(tmp_path))
    store.close()
    RunStore(settings(tmp_path)).close()


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a run folder"):
        load_run(tmp_path)
    with pytest.raises(UsageError, match="not a run folder"):
        load_run(tmp_path / "absent")
    (tmp_path / "records.jsonl").write_bytes(b"{}\n")
    with pytest.raises(UsageError, match="records but no settings"):
        RunStore(settings(tmp_path))
    (tmp_path / "settings.toml").write_text("= 3")
    with pytest.raises(DataError, match=r"settings\.toml is damaged"):
        RunStore(settings(tmp_path))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot write"):
        RunStore(settings(tmp_path / "file" / "run"))


def test_pictures_are_kept_small_and_side_by_side(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    store.add(record("k1"))
    store.keep_thumbnail("k1", problem(images=(picture("red"), picture("blue"))))
    store.close()
    png = load_run(tmp_path).thumbnail(record("k1"))
    assert png is not None
    image = Image.open(io.BytesIO(png))
    assert image.size == (384, 64)
    assert image.getpixel((10, 30)) == (255, 0, 0)
    assert image.getpixel((370, 30)) == (0, 0, 255)


def test_the_store_remembers_keys_and_how_the_run_stands_and_no_records(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    store.add(record("k1"))
    store.add(record("k2"))
    store.close()
    store = RunStore(settings(tmp_path))
    assert store.keys == {"k1", "k2"}
    right = record("k1").verdicts
    assert store.standing == Standing(recorded=2, right_first=2 * right[0].correct, right_last=2 * right[-1].correct)
    store.close()


def test_a_torn_line_longer_than_a_block_is_detected_from_the_end(tmp_path: Path) -> None:
    store = RunStore(settings(tmp_path))
    store.add(record("k1"))
    store.close()
    path = tmp_path / "records.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b"x" * 200_000)
    RunStore(settings(tmp_path)).close()
    assert path.read_bytes() == whole
    path.write_bytes(b"x" * 200_000)
    RunStore(settings(tmp_path)).close()
    assert path.read_bytes() == b""
