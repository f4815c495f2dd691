"""What a data file names stays within its folder, and only images are read there."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from s1m.benchmarks.custom import Custom
from s1m.datasets.example import Unusable
from s1m.datasets.source import Source
from s1m.datasets.sources import load_examples
from s1m.errors import DataError, UsageError
from s1m.families import DEFAULT
from s1m.files.paths import ForeignPath, Roots, allowed_folder, read_image, user_path
from tests.files.pictures import drawn, encoded

IMAGE = encoded(drawn())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of data in which everything hostile lies, beside a picture; outside it another one."""
    inner = tmp_path / "data"
    (inner / "pictures").mkdir(parents=True)
    (inner / "pictures" / "1.png").write_bytes(IMAGE)
    (tmp_path / "secret.png").write_bytes(IMAGE)
    (inner / "text.png").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (inner / "empty.png").write_bytes(b"")
    (inner / "out.png").symlink_to(tmp_path / "secret.png")
    (inner / "round.png").symlink_to(inner / "round.png")
    (inner / "passwd.png").symlink_to("/etc/passwd")
    os.mkfifo(inner / "pipe.png")
    (inner / "zero.png").symlink_to("/dev/zero")
    return inner


HOSTILE = [
    "../secret.png", "../../../../../../etc/passwd", "/etc/passwd", "/proc/kmsg", "/proc/self/environ", "/dev/zero",
    "/dev/stdin", "out.png", "passwd.png", "zero.png", "pipe.png", "text.png", "empty.png", "round.png", "pictures", "",
    ".", "absent.png", "a" * 5000, "a\0b.png", "~root/x.png", "pictures/../../secret.png", "file:///etc/passwd",
]  # fmt: skip


@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_path_leads_outside_or_to_what_is_not_an_image(folder: Path, name: str) -> None:
    with pytest.raises(ForeignPath) as caught:
        read_image(Roots(folder).find(name))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_socket_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.png")
        with pytest.raises(ForeignPath, match="not a regular file"):
            Roots(folder).find("s.png")


def test_images_in_the_folder_and_in_the_allowed_one_are_read(folder: Path) -> None:
    assert read_image(Roots(folder).find("pictures/1.png")) == IMAGE
    assert read_image(Roots(folder, folder.parent).find("../secret.png")) == IMAGE
    assert read_image(Roots(folder, folder.parent).find("out.png")) == IMAGE
    assert read_image(Roots(folder, folder.parent).find(str(folder.parent / "secret.png"))) == IMAGE
    with pytest.raises(ForeignPath, match="leads outside"):
        Roots(folder, folder / "pictures").find("../secret.png")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", HOSTILE)
def test_custom_questions_show_no_foreign_file(folder: Path, name: str) -> None:
    row = {"id": "1", "question": "?", "answer": "7", "images": [name]}
    path = folder / "mine.jsonl"
    path.write_text(json.dumps(row))
    with pytest.raises(DataError):
        _ = Custom().load(split="all", limit=None, data=str(path))[0].images


def test_custom_questions_may_name_images_of_the_allowed_folder(folder: Path) -> None:
    path = folder / "mine.jsonl"
    path.write_text(json.dumps({"id": "1", "question": "?", "answer": "7", "images": ["../secret.png"]}))
    with pytest.raises(DataError, match=r"mine\.jsonl, row 1, column 'images': .* outside .*--allow-outside PATH"):
        Custom().load(split="all", limit=None, data=str(path))
    problems = Custom().allowing(str(folder.parent)).load(split="all", limit=None, data=str(path))
    assert problems[0].images == (IMAGE,)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", [name for name in HOSTILE if name])
def test_training_rows_show_no_foreign_file(folder: Path, name: str) -> None:
    examples = rows(folder, name)
    with pytest.raises(Unusable, match=r"^(missing image|image unreadable)"):
        _ = examples[0]
    with pytest.raises(Unusable, match=r"^(missing image|image unreadable)"):
        examples.outline(0)


def test_training_rows_may_name_images_of_the_allowed_folder(folder: Path) -> None:
    assert rows(folder, "pictures/1.png")[0].images == (IMAGE,)
    assert rows(folder, "../secret.png", allow_outside=str(folder.parent))[0].images == (IMAGE,)


@pytest.mark.parametrize("text", ["~nobody-of-this-name/x", "a" * 5000, "a\0b", "/" + "b/" * 3000])
def test_impossible_paths_are_one_line(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        user_path(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_the_allowed_folder_must_be_one(tmp_path: Path) -> None:
    assert allowed_folder("") is None
    with pytest.raises(UsageError, match="is not a folder; name the folder of the images"):
        allowed_folder(str(tmp_path / "absent"))


def rows(folder: Path, image: str, **table: Any) -> Any:
    path = folder / "rows.jsonl"
    path.write_text(json.dumps({"image": image, "prompt": "?", "response": DEFAULT.around("a", "b")}))
    return load_examples([Source(path=str(path), **table)], seed=0, delimiters=DEFAULT)
