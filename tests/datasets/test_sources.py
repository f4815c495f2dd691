"""Sources as people have them: parquet, folders, JSON lines, the Hub; weights; what is wrong is named."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from datasets import Image, List, Value

from s1m.datasets.example import IMAGE, Unusable
from s1m.datasets.source import Source
from s1m.datasets.sources.examples import pick_rows
from s1m.datasets.sources.open import open_rows
from s1m.errors import DataError, UsageError
from tests.benchmarks.hub import hub
from tests.datasets.sets import examples_of, picture, trace, write_lines, write_parquet


def test_parquet_examples_have_their_images_and_outlines_only_sizes(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "traces.parquet", [trace("Sides?", image=picture()), trace("2 + 2?")])
    examples = examples_of(path)
    assert len(examples) == 2
    first = examples[0]
    assert (first.id, first.images, first.sizes) == ("traces.parquet row 1", (picture(),), ())
    assert first.turns[0].content == (IMAGE, "Sides?")
    outline = examples.outline(0)
    assert (outline.id, outline.images, outline.sizes) == ("traces.parquet row 1", (), ((40, 30),))
    assert outline.turns == first.turns
    assert examples[1].images == ()
    assert [example.id for example in examples[0:2]] == ["traces.parquet row 1", "traces.parquet row 2"]


def test_parquet_with_lists_of_images_and_typed_messages(tmp_path: Path) -> None:
    rows = [
        {
            "images": [{"bytes": picture(), "path": None}] * 2,
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image", "text": None}] * 2 + [{"type": "text", "text": "Same?"}],
                },
                {"role": "assistant", "content": [{"type": "text", "text": "Yes."}]},
            ],
        }
    ]
    part = {"type": Value("string"), "text": Value("string")}
    turns = List({"role": Value("string"), "content": List(part)})
    examples = examples_of(write_parquet(tmp_path / "m.parquet", rows, images=List(Image()), messages=turns))
    assert examples[0].turns[0].content == (IMAGE, IMAGE, "Same?")
    assert examples.outline(0).sizes == ((40, 30), (40, 30))


def test_examples_travel_to_other_processes(tmp_path: Path) -> None:
    write_parquet(tmp_path / "traces.parquet", [trace(image=picture())])
    write_lines(tmp_path / "more.jsonl", [trace()])
    examples = examples_of(tmp_path / "traces.parquet", tmp_path / "more.jsonl", "digits")
    copy = pickle.loads(pickle.dumps(examples))
    assert [copy[i] for i in (0, 1, 2)] == [examples[i] for i in (0, 1, 2)]


def test_json_lines_find_images_beside_the_file_and_skip_blank_lines(tmp_path: Path) -> None:
    (tmp_path / "data" / "images").mkdir(parents=True)
    (tmp_path / "data" / "images" / "a.png").write_bytes(picture())
    path = tmp_path / "data" / "set.jsonl"
    turns = [{"from": "human", "value": "<image>\nSides?"}, {"from": "gpt", "value": "3"}]
    path.write_text(json.dumps({"image": "images/a.png", "conversations": turns}) + "\n\n{broken\n[1]\n")
    examples = examples_of(path)
    assert len(examples) == 3
    assert (examples[0].id, examples[0].images) == ("set.jsonl line 1", (picture(),))
    for place in (1, 2):
        with pytest.raises(Unusable, match="no JSON object: line"):
            examples[place]
    assert examples.location(1) == "set.jsonl line 3"


def test_a_folder_holds_its_split_and_rows_say_which_file(tmp_path: Path) -> None:
    for shard in range(2):
        write_parquet(tmp_path / f"data/train-0000{shard}-of-00002.parquet", [trace(f"{shard}?"), trace()])
    write_parquet(tmp_path / "data/test-00000-of-00001.parquet", [trace("held out?")])
    (tmp_path / "dataset_infos.json").write_text("{}")
    examples = examples_of(tmp_path)
    assert len(examples) == 4
    assert (examples[2].id, examples[2].turns[0].text) == ("train-00001-of-00002.parquet row 1", "1?")
    assert len(examples_of(Source(path=str(tmp_path), split="test"))) == 1
    (tmp_path / "data/train-00000-of-00002.parquet").unlink()
    with pytest.raises(DataError, match="should have 00002 shards of train; some are missing"):
        examples_of(tmp_path)


def test_a_corrupt_shard_is_named(tmp_path: Path) -> None:
    good = write_parquet(tmp_path / "a.parquet", [trace(f"{n} sides?") for n in range(500)])
    bad = write_parquet(tmp_path / "b.parquet", [trace(f"{n} sides?") for n in range(500)])
    content = bytearray(bad.read_bytes())
    content[40:400] = b"\xff" * 360
    bad.write_bytes(content)
    with pytest.raises(DataError, match=rf"^cannot read {bad}: ") as caught:
        examples_of(tmp_path)
    assert "\n" not in str(caught.value)
    bad.write_bytes(good.read_bytes()[:300])
    with pytest.raises(DataError, match=rf"^cannot read {bad}: "):
        examples_of(tmp_path)


@pytest.mark.parametrize("path", ["./absent", "~/absent", "/absent/set", "absent.csv", "set/absent.CSV", "a/b/c"])
def test_what_looks_like_a_path_is_not_asked_of_the_hub(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s1m.datasets.sources.open.from_hub", lambda source: pytest.fail(f"asked for {source.path}"))
    with pytest.raises(UsageError, match=f"^there is no file or folder {path}; check the path"):
        open_rows(Source(path=path))


@pytest.mark.parametrize(
    ("name", "content", "kind", "complaint"),
    [
        ("absent.jsonl", None, UsageError, "there is no file or folder"),
        ("absent", None, UsageError, "there is no file or folder"),
        (
            "table.csv",
            "prompt,response\n",
            UsageError,
            "is not a data file: a source is a .parquet, .jsonl, .json file, a folder of them, or a Hub id; pandas.",
        ),
        ("empty.jsonl", "\n", DataError, "is empty"),
        ("array.json", '[{"prompt": "?"}]', DataError, "is one JSON array; make lines of it: jq"),
        ("broken.jsonl", "hello\n", DataError, "is not a file of JSON lines: line 1: JSON is malformed"),
        ("pretty.json", '{\n  "prompt": "?"\n}\n', DataError, "has JSON over several lines; make one of each row"),
        (
            "nan.jsonl",
            '{"prompt": "?", "score": NaN}\n',
            DataError,
            "it holds NaN, which JSON does not have; write null",
        ),
        ("other.jsonl", '{"query": "?", "label": 3}\n', DataError, "has the columns query, label, of which no example"),
    ],
)
def test_what_is_wrong_with_a_source_is_one_line(
    tmp_path: Path, name: str, content: str | None, kind: type[Exception], complaint: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(kind, match=name) as caught:
        examples_of(path)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_of_save_to_disk_says_how_parquet_is_made_of_it(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.DatasetDict({"train": datasets.Dataset.from_dict({"prompt": ["?"]})}).save_to_disk(str(tmp_path / "saved"))
    with pytest.raises(DataError, match=r"load_from_disk\(.*\)\['train'\]\.to_parquet"):
        examples_of(tmp_path / "saved")


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no \.parquet and no \.jsonl files"):
        examples_of(tmp_path)


def test_weights_repeat_rows_and_keep_a_seeded_fraction(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [trace(f"{n}?") for n in range(1000)])

    def asked(weight: float, seed: int = 1) -> list[str]:
        source = Source(path=str(path), weight=weight)
        examples = examples_of(source, seed=seed)
        return [examples.location(i) for i in range(len(examples))]

    half = asked(0.5)
    assert len(set(half)) == len(half) == pytest.approx(500, abs=60)
    assert half == asked(0.5)
    assert half != asked(0.5, seed=2)
    assert sorted(asked(2)) == sorted(asked(1) * 2)
    assert len(asked(1.25)) == pytest.approx(1250, abs=60)
    assert len(pick_rows(10, 1.0, (1, 0))) == 10


def test_sources_follow_each_other_and_rows_limit_one(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [trace(f"{n}?") for n in range(9)])
    examples = examples_of(Source(path=str(path), rows=3), Source(path="digits", rows=4))
    assert examples.names == (str(path), "digits")
    assert [examples.source(i) for i in range(len(examples))] == [0, 0, 0, 1, 1, 1, 1]
    assert examples[6].id == "digits row 4"


def test_files_with_other_columns_or_types_are_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_parquet(tmp_path / "a.parquet", [trace()])
    other = write_parquet(tmp_path / "b.parquet", [{"prompt": "?", "answer": "3"}])
    with pytest.raises(DataError, match=rf"{other} has the columns answer, prompt, a\.parquet has image, prompt, resp"):
        examples_of(tmp_path)
    write_parquet(other, [{"prompt": "?", "response": ["3"], "image": None}], response=List(Value("string")))
    with pytest.raises(DataError, match=f"^cannot read {tmp_path}: Couldn't cast") as caught:
        examples_of(tmp_path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def load_from_hub(endpoint: str, home: Path, *, offline: bool = False) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the Hub's address is read when its library is imported."""
    code = """
from s1m.errors import DataError
from s1m.families import Delimiters
from s1m.datasets.source import Source
from s1m.datasets.sources import load_examples
try:
    examples = load_examples([Source(path="org/set")], seed=42, delimiters=Delimiters("<think>", "</think>"))
    print(len(examples), examples[0].id, examples.outline(0).sizes)
except DataError as error:
    print(error)
"""
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_OFFLINE": str(int(offline))}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_a_dataset_of_the_hub(tmp_path: Path) -> None:
    write_parquet(tmp_path / "set/data/train-00000-of-00001.parquet", [trace(image=picture()), trace()])
    with hub(tmp_path / "set", []) as endpoint:
        done = load_from_hub(endpoint, tmp_path / "home")
    assert done.stdout == "2 org/set row 1 ((40, 30),)\n", done.stderr


def test_the_hub_out_of_reach_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    done = load_from_hub("http://127.0.0.1:9", tmp_path / "home", offline=True)
    assert done.stdout.count("\n") == 1, done
    assert done.stdout.startswith("cannot load org/set from the Hub (")
    assert "hf download --repo-type dataset org/set --local-dir FOLDER" in done.stdout
