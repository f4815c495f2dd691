"""``s1m data publish``: what others load is what was curated, and the card says what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s1m.cli import main
from s1m.data import shards
from s1m.data.shards import write_shards
from s1m.data.trace_row import TraceRow
from s1m.datasets.source import Source, label_of
from s1m.errors import DataError
from s1m.files.run_folder import held
from tests.data.rows import folder_of, trace_row_of
from tests.datasets.sets import examples_of, picture, write_lines


def publish(*sources: Path, out: Path, licence: str = "apache-2.0") -> int:
    return main(["data", "publish", *map(str, sources), "--out", str(out), "--licence", licence])


@pytest.fixture
def curated(tmp_path: Path) -> Path:
    good = [trace_row_of(licence="mit", problem=f"p{number}", prompt=f"Which of {number}?") for number in range(3)]
    mine = folder_of(tmp_path / "rows", [*good, trace_row_of(said="4")])
    config = tmp_path / "c.toml"
    config.write_text(f"""
out = "{tmp_path / "curated"}"
[[data]]
path = "{mine}"
[[target]]
benchmark = "digits"
split = "test"
""")
    assert main(["data", "curate", str(config)]) == 0
    return tmp_path / "curated"


def test_it_is_loaded_by_datasets_and_by_training(curated: Path, tmp_path: Path) -> None:
    from datasets import load_dataset

    assert publish(curated, out=tmp_path / "set") == 0
    loaded = load_dataset(str(tmp_path / "set"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.column_names[:3] == ["image", "prompt", "response"]
    assert loaded[0]["image"].size == (40, 30)
    assert {row["problem"] for row in loaded} == {"p0", "p1", "p2"}
    (tmp_path / "t.toml").write_text(
        f'model = "bundled"\nout = "{tmp_path / "t"}"\n[[data]]\npath = "{tmp_path / "set"}"\n'
    )
    assert main(["train", str(tmp_path / "t.toml"), "--check"]) == 0
    assert [example.images for example in examples_of(Source(path=str(tmp_path / "set")))] == [(picture(),)] * 3


def test_the_card_says_what_it_is(curated: Path, tmp_path: Path) -> None:
    assert publish(curated, out=tmp_path / "my-set") == 0
    card = (tmp_path / "my-set" / "README.md").read_text()
    assert card.startswith("---\nlicense: apache-2.0\n")
    assert "# my-set" in card
    assert "| answer | 4 | 1 | wrong answer (1) |" in card
    assert "3 of 4 rows are kept." in card
    assert (
        "Checked against digits test, by wording and by picture.\nRows that match a benchmark and were left out: none."
        in card
    )
    assert "| 3 | mit |" in card
    for figure in ("lengths.png", "funnel.png"):
        assert f"figures/{figure}" in card
        assert (tmp_path / "my-set" / "figures" / figure).exists()
    assert str(tmp_path.parent) not in card


def test_any_source_can_be_published_and_says_that_it_was_not_checked(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "a.jsonl", [{"question": "1+1?", "deepseek_thinking_trajectory": "I add.", "deepseek_attempt": "2"}]
    )
    assert publish(path, out=tmp_path / "set", licence="") == 0
    card = (tmp_path / "set" / "README.md").read_text()
    assert "This data was not checked against any benchmark." in card
    assert "license:" not in card
    (example,) = examples_of(Source(path=str(tmp_path / "set")))
    assert example.turns[-1].text == "<think>\nI add.\n</think>\n2"


def test_a_row_that_cannot_be_trained_on_stops_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"prompt": "?", "response": "<think>never closed"}])
    assert publish(path, out=tmp_path / "set") == 1
    assert (
        "a.jsonl line 1 cannot be published (thinking not closed); run s1m data curate on it" in capsys.readouterr().err
    )


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "thesis.tex").write_text("x")
    path = folder_of(tmp_path / "rows", [trace_row_of()])
    assert publish(path, out=tmp_path / "set") == 2
    assert "holds something else than a dataset" in capsys.readouterr().err


def test_a_curation_is_no_place_for_a_dataset_nor_for_a_run(
    curated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder_of(tmp_path / "more", [trace_row_of()])
    settings = (curated / "settings.toml").read_bytes()
    assert publish(path, out=curated) == 2
    assert main(["data", "distill", "digits", "--limit", "1", "--out", str(curated)]) == 2
    assert "holds something else than a run" in capsys.readouterr().err
    assert (curated / "settings.toml").read_bytes() == settings


def test_nothing_but_shards_is_ever_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    assert main(["data", "generate", "digits", "--rows", "2", "--out", str(tmp_path / "mine")]) == 2
    assert "holds something else than rows, such as thesis.tex" in capsys.readouterr().err
    assert (tmp_path / "mine" / "thesis.tex").exists()
    with held(tmp_path / ".new.partial"):
        assert main(["data", "generate", "digits", "--rows", "2", "--out", str(tmp_path / "new")]) == 2
    assert "in use by another process" in capsys.readouterr().err


def test_a_set_that_is_made_again_replaces_its_own_rows_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taught = folder_of(tmp_path / "taught", [trace_row_of(source="a teacher")])
    assert main(["data", "generate", "digits", "--rows", "2", "--out", str(taught)]) == 2
    assert "holds rows that are not of digits, which would be lost" in capsys.readouterr().err
    (strange := tmp_path / "strange").mkdir()
    (strange / "train-00000-of-00001.parquet").write_bytes(b"PAR1")
    assert main(["data", "generate", "digits", "--rows", "2", "--out", str(strange)]) == 2
    for rows in ("2", "3"):
        assert main(["data", "generate", "digits", "--rows", rows, "--out", str(tmp_path / "made")]) == 0


def test_a_row_is_published_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [trace_row_of(prompt=f"{number}?") for number in range(3)]
    paths = [folder_of(tmp_path / name, some) for name, some in (("a", rows), ("b", [*rows[1:], trace_row_of()]))]
    assert publish(*paths, out=tmp_path / "set") == 0
    assert "4 rows and a card, 2 copies left out" in capsys.readouterr().out
    assert len({example.facts["id"] for example in examples_of(tmp_path / "set")}) == 4


def test_the_card_says_what_was_not_checked_and_counts_as_the_curation_did(curated: Path, tmp_path: Path) -> None:
    path = folder_of(tmp_path / "more", [trace_row_of(source="a | b")])
    assert publish(curated, path, out=tmp_path / "set") == 0
    card = (tmp_path / "set" / "README.md").read_text()
    assert "curated: checked against digits test" in card
    assert f"{label_of(str(path))}: not checked against any benchmark." in card
    assert "| a \\| b | 1 | not stated |" in card
    assert "Tokens, estimated" in card
    settings = curated / "settings.toml"
    settings.write_text(settings.read_text().replace('tokenizer = ""', 'tokenizer = "bundled"'))
    assert publish(curated, out=tmp_path / "counted") == 0
    assert "Tokens, counted by bundled." in (tmp_path / "counted" / "README.md").read_text()


def test_what_is_no_licence_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder_of(tmp_path / "rows", [trace_row_of()])
    assert publish(path, out=tmp_path / "set", licence="Apache: 2") == 2
    assert "--licence is an id of the Hub, such as apache-2.0" in capsys.readouterr().err


def test_numbers_of_other_sets_become_the_texts_of_a_column(tmp_path: Path) -> None:
    line = {"prompt": "1+1?", "response": "<think>\nI add.\n</think>\n2", "answer": 2, "problem": 7, "domain": True}
    assert publish(write_lines(tmp_path / "a.jsonl", [line]), out=tmp_path / "set") == 0
    (example,) = examples_of(tmp_path / "set")
    assert (example.facts["answer"], example.facts["problem"], example.facts["domain"]) == ("2", "7", None)


def test_rows_go_into_shards_and_come_back_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_ROWS", 4)
    rows = [trace_row_of(prompt=f"{number}?") for number in range(10)]
    assert write_shards(rows, tmp_path / "data", several_images=False) == 10
    assert [path.name for path in sorted((tmp_path / "data").iterdir())] == [
        f"train-0000{i}-of-00003.parquet" for i in range(3)
    ]
    assert [example.turns[0].text for example in examples_of(tmp_path / "data")] == [row.prompt for row in rows]


def test_several_images_make_a_list_and_none_a_null(tmp_path: Path) -> None:
    rows = [
        TraceRow(prompt="Same?", response="Yes", images=(picture(), picture(red=1))),
        TraceRow(prompt="?", response="1"),
    ]
    write_shards(rows, tmp_path / "data", several_images=True)
    assert [len(example.images) for example in examples_of(tmp_path / "data")] == [2, 0]


def test_what_stood_there_is_not_lost_when_writing_fails(tmp_path: Path) -> None:
    folder_of(tmp_path / "data", [trace_row_of()])

    def failing() -> object:
        yield trace_row_of()
        raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match="No space left"):
        write_shards(failing(), tmp_path / "data", several_images=False)  # type: ignore[arg-type]
    assert len(examples_of(tmp_path / "data")) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_generated_rows_are_the_same_in_every_process_and_the_first_of_more(tmp_path: Path) -> None:
    for count, name in ((10, "few"), (70, "many")):
        assert main(["data", "generate", "digits", "--rows", str(count), "--out", str(tmp_path / name)]) == 0
    few, many = (examples_of(tmp_path / name) for name in ("few", "many"))
    assert [few[i].turns for i in range(10)] == [many[i].turns for i in range(10)]
    assert few[3].images == many[3].images
    assert few[0].facts["source"] == "digits"
    assert json.dumps(few[0].facts["id"]) != json.dumps(few[1].facts["id"])
