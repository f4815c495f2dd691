"""Every format becomes the same conversation; what is malformed is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s1m.datasets.example import IMAGE, Turn, Unusable
from s1m.datasets.formats import Draft, pick_format, read_row
from s1m.datasets.responses import canonical
from s1m.errors import DataError
from s1m.families import Delimiters
from s1m.files.paths import Roots
from tests.datasets.sets import picture

THINKING = Delimiters("<think>", "</think>")
RESPONSE = "<think>\nCount: 1, 2, 3.\n</think>\nIt has 3."
EXPECTED = (
    Turn(role="user", content=(IMAGE, "How many sides?")),
    Turn(role="assistant", content=(RESPONSE,)),
)


def read(row: dict[str, Any], folder: Path = Path()) -> Draft:
    return read_row(row, pick_format("auto", list(row), "test"), THINKING, Roots(folder))


@pytest.mark.parametrize(
    "row",
    [
        {"image": {"bytes": picture(), "path": None}, "prompt": "How many sides?", "response": RESPONSE},
        {"images": [picture()], "prompt": "<image>\nHow many sides?", "response": RESPONSE},
        {
            "images": [picture()],
            "messages": [
                {"role": "user", "content": "<image>How many sides?"},
                {"role": "assistant", "content": RESPONSE},
            ],
        },
        {
            "images": [picture()],
            "messages": [
                {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "How many sides?"}]},
                {"role": "assistant", "content": [{"type": "text", "text": RESPONSE}]},
            ],
        },
        {
            "image": picture(),
            "conversations": [
                {"from": "human", "value": "<image>\nHow many sides?"},
                {"from": "gpt", "value": RESPONSE},
            ],
        },
    ],
    ids=["s1m", "s1m-images", "messages", "typed-parts", "sharegpt"],
)
def test_every_format_becomes_the_same_conversation(row: dict[str, Any]) -> None:
    draft = read(row)
    assert draft.turns == EXPECTED
    assert [image.size() for image in draft.images] == [(40, 30)]
    assert [image.read() for image in draft.images] == [picture()]


def test_rows_without_images_are_text_alone() -> None:
    draft = read({"image": None, "prompt": "2 + 2?", "response": RESPONSE})
    assert draft.images == ()
    assert draft.turns[0].content == ("2 + 2?",)
    s1k = {"question": "2 + 2?", "deepseek_thinking_trajectory": "It is 4.", "deepseek_attempt": "4"}
    assert read(s1k).turns[1].text == "<think>\nIt is 4.\n</think>\n4"


def test_images_stand_where_their_markers_are_and_systems_and_later_turns_are_kept() -> None:
    draft = read(
        {
            "images": [picture(), picture(28, 28)],
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Compare <image> with <image>"},
                {"role": "assistant", "content": "The marker <image> is text here."},
                {"role": "user", "content": "Sure?"},
                {"role": "assistant", "content": "Yes."},
            ],
        }
    )
    assert draft.turns[1].content == ("Compare ", IMAGE, " with ", IMAGE)
    assert [turn.role for turn in draft.turns] == ["system", "user", "assistant", "user", "assistant"]
    assert draft.turns[2].text == "The marker <image> is text here."
    assert [image.size() for image in draft.images] == [(40, 30), (28, 28)]


def test_paths_of_images_start_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(picture())
    row = {"image": "images/a.png", "prompt": "How many sides?", "response": RESPONSE}
    assert read(row, tmp_path).images[0].read() == picture()
    with pytest.raises(Unusable, match="missing image"):
        read(row, tmp_path / "elsewhere").images[0].size()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"images": [], "prompt": "<image> Which?", "response": RESPONSE}, "images and placeholders differ"),
        ({"images": [picture()] * 2, "prompt": "<image> Which?", "response": "x"}, "images and placeholders differ"),
        ({"image": {"bytes": None, "path": None}, "prompt": "Which?", "response": RESPONSE}, "missing image"),
        ({"images": [None], "prompt": "Which?", "response": RESPONSE}, "missing image"),
        ({"image": 7, "prompt": "Which?", "response": RESPONSE}, "missing image"),
        ({"prompt": 3, "response": RESPONSE}, "no text"),
        ({"messages": "hello"}, "no conversation"),
        ({"messages": [{"role": "tool", "content": "4"}]}, "unknown role"),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "unknown kind of content"),
        ({"conversations": [{"value": "hello"}]}, "unknown role"),
        ({"images": [picture()], "messages": []}, "empty question"),
        ({"prompt": "Which?", "response": "<SUMMARY>I will</SUMMARY><REASONING>and"}, "thinking not closed"),
        ({"prompt": "Which?", "response": "<|begin_of_thought|>Hm"}, "thinking not closed"),
    ],
)
def test_a_malformed_row_has_a_reason(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unusable) as caught:
        read(row)
    assert caught.value.reason == reason


def test_a_broken_image_has_a_reason() -> None:
    draft = read({"image": b"no picture", "prompt": "Which?", "response": RESPONSE})
    with pytest.raises(Unusable, match="image unreadable: it is not an image"):
        draft.images[0].size()


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (
            "<SUMMARY> I count. </SUMMARY>\n\n<CAPTION> A triangle. </CAPTION>\n\n<REASONING> 1, 2, 3. </REASONING>"
            "\n\n<CONCLUSION> 3 </CONCLUSION>",
            "<think>\nI count.\n\nA triangle.\n\n1, 2, 3.\n</think>\n3",
        ),
        (
            "<|begin_of_thought|>\n\n1, 2, 3.\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n3\n<|end_of_solution|>",
            "<think>\n1, 2, 3.\n</think>\n3",
        ),
        ("<think>1, 2, 3.</think> 3", "<think>1, 2, 3.</think> 3"),
        ("Just 3.", "Just 3."),
    ],
)
def test_responses_get_one_spelling(response: str, expected: str) -> None:
    assert canonical(response, THINKING) == expected
    other = Delimiters("[[", "]]")
    assert canonical(response, other) == expected.replace("<think>", "[[").replace("</think>", "]]")


def test_unknown_columns_are_listed_with_the_formats() -> None:
    with pytest.raises(DataError, match=r"my\.parquet has the columns query, label, .*s1m needs prompt, response"):
        pick_format("auto", ("query", "label"), "my.parquet")
    with pytest.raises(DataError, match="no example can be made: sharegpt needs conversations"):
        pick_format("sharegpt", ("prompt", "response"), "my.parquet")
