"""Where files of a split are looked for, and what is said when they are not all there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from huggingface_hub.utils._paths import filter_repo_objects

from s1m.benchmarks.reading import files as module
from s1m.benchmarks.reading.files import find_files
from s1m.errors import DataError


def touch(root: Path, *names: str) -> str:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return str(root)


def files_of_split(data: str, names: Sequence[str] = ("test",), configs: Sequence[str] = ()) -> list[str]:
    paths = find_files(data, source="org/set", names=names, configs=configs)
    return [path.relative_to(data).as_posix() for path in paths]


@pytest.mark.parametrize(
    "layout",
    [
        ["test-00000-of-00002.parquet", "test-00001-of-00002.parquet"],
        ["data/test-00000-of-00002-725687bf7a18d64b.parquet", "data/test-00001-of-00002-66db7d59ab5ce6c7.parquet"],
        ["test.parquet"],
        ["data/test.parquet"],
        ["default/test/0000.parquet", "default/test/0001.parquet"],
    ],
)
def test_the_layouts_of_the_hub(tmp_path: Path, layout: list[str]) -> None:
    data = touch(tmp_path, *layout, "testmini-00000-of-00001.parquet", "data/train-00000-of-00009.parquet", "README.md")
    assert files_of_split(data) == layout


def test_folders_of_configs_in_their_order_or_one_file_for_all(tmp_path: Path) -> None:
    data = touch(tmp_path / "a", "Art/test-00000-of-00001.parquet", "Math/test-00000-of-00001.parquet")
    both = ["Math/test-00000-of-00001.parquet", "Art/test-00000-of-00001.parquet"]
    assert files_of_split(data, configs=("Math", "Art")) == both
    with pytest.raises(DataError, match=r"lacks Law; --data may also be"):
        files_of_split(data, configs=("Math", "Art", "Law"))
    merged = touch(tmp_path / "b", "data/test-00000-of-00001.parquet")
    assert files_of_split(merged, configs=("Math", "Art")) == ["data/test-00000-of-00001.parquet"]
    deep = touch(tmp_path / "c", "Set/OE_en/OE_en.parquet")
    assert files_of_split(deep, names=("train", "OE_en"), configs=("OE_en",)) == ["Set/OE_en/OE_en.parquet"]


@pytest.mark.parametrize(
    "layout",
    [
        ["test-00000-of-00003.parquet", "test-00002-of-00003.parquet"],
        ["test-00000-of-00001.parquet", "test-00000-of-00002.parquet", "test-00001-of-00002.parquet"],
        ["test.parquet", "test-00000-of-00001.parquet"],
    ],
)
def test_a_split_with_a_shard_missing_or_two_uploads_is_refused(tmp_path: Path, layout: list[str]) -> None:
    with pytest.raises(DataError, match="should have all shards of test, each once; there is test"):
        files_of_split(touch(tmp_path, *layout))


def test_one_file_may_be_named_and_what_is_not_there_is_said(tmp_path: Path) -> None:
    data = touch(tmp_path, "mine.parquet")
    assert find_files(f"{data}/mine.parquet", source="org/set", names=("test",)) == (tmp_path / "mine.parquet",)
    with pytest.raises(DataError, match=r"has no test-\*\.parquet, .* it is not org/set"):
        files_of_split(data)
    with pytest.raises(DataError, match=r"there is no .*nowhere; --data is a folder with the files of org/set"):
        files_of_split(f"{data}/nowhere")


def test_without_a_network_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match=r"cannot download org/set from the Hub .*and give --data FOLDER"):
        find_files(None, source="org/set", names=("test",))
    assert not module.cached("org/set")
    touch(tmp_path, "datasets--org--set/snapshots/abc/data/test-00000-of-00001.parquet")
    assert module.cached("org/set")


@pytest.mark.parametrize(
    ("names", "configs", "wanted"),
    [
        (["test"], [], ["data/test-00000-of-00002-6b81bd7f7e2065e6.parquet", "test.parquet", "test/0000.parquet"]),
        (["testmini"], ["testmini"], ["testmini.parquet", "testmini/testmini-00000-of-00001.parquet"]),
        (["validation"], ["Art", "Math"], ["Art/validation-00000-of-00001.parquet"]),
        (["test"], ["standard (10 options)"], ["standard (10 options)/test-00000-of-00001.parquet"]),
        (["train", "OE_en"], ["OE_en"], ["Set/OE_en/OE_en.parquet"]),
    ],
)
def test_only_the_files_of_the_split_are_downloaded(names: list[str], configs: list[str], wanted: list[str]) -> None:
    others = ["testmini-00000-of-00001.parquet", "testmini_text_only.parquet", "Law/validation-00000-of-00001.parquet"]
    others += ["images.zip", "README.md", "dev/x.parquet", "vision/test-00000-of-00001.parquet", "Set/TP/TP.parquet"]
    others = [other for other in others if other != "testmini-00000-of-00001.parquet" or "testmini" not in names]
    assert list(filter_repo_objects([*wanted, *others], allow_patterns=module.patterns(names, configs))) == wanted
