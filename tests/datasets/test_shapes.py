"""Rows in the shapes that training sets have today: images and thinking arrive, or the row is refused with a reason."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from s1m.datasets.checks import check_example
from s1m.datasets.example import IMAGE, Example, Unusable
from s1m.datasets.formats import Draft, pick_format, read_responses, read_row
from s1m.datasets.source import Source
from s1m.datasets.sources import load_examples
from s1m.datasets.sources.stream import open_stream
from s1m.families import Delimiters
from s1m.files.paths import Roots
from tests.cases import cases
from tests.datasets.sets import picture, write_lines

THINKING = Delimiters("<think>", "</think>")
PNG = base64.b64encode(picture()).decode()
URI = f"data:image/png;base64,{PNG}"
ASKED = {"role": "user", "content": "How many?"}
SAID = {"role": "assistant", "content": "<think>I count.</think>3"}
TEXT = {"type": "text", "text": "How many?"}


def read(row: dict[str, Any], folder: Path = Path()) -> Draft:
    """The conversation of a row that training would keep."""
    pick_format("auto", list(row), "test")
    draft = read_row(row, "auto", THINKING, Roots(folder))
    sizes = tuple(image.size() for image in draft.images)
    check_example(Example(id="test", turns=draft.turns, sizes=sizes), THINKING)
    return draft


def kept(row: dict[str, Any], folder: Path = Path()) -> tuple[str, str]:
    """Thinking and answer that are learned from a row."""
    response = read(row, folder).turns[-1].text
    assert read_responses(row, "auto", THINKING) == response
    thinking, closed, answer = response.removeprefix("<think>").partition("</think>")
    return (thinking.strip(), answer.strip()) if closed else ("", response)


def refused(row: dict[str, Any], folder: Path = Path()) -> str:
    with pytest.raises(Unusable) as caught:
        read(row, folder)
    return caught.value.reason


def with_real_png(value: Any) -> Any:
    return json.loads(json.dumps(value).replace("<a real PNG>", PNG))


def test_every_shared_case_has_its_outcome(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    rows = cases("training_rows")
    path = write_lines(tmp_path / "rows.jsonl", [with_real_png(case["row"]) for case in rows])
    examples = load_examples([Source(path=str(path))], seed=0, delimiters=THINKING)
    for number, case in enumerate(rows):
        assert case["expected"].startswith("kept"), "only kept rows are listed so far"
        example = examples[number]
        check_example(example, THINKING)
        assert kept(with_real_png(case["row"]), tmp_path) == ("I count.", "3"), case["why"]
        assert len(example.images) == ("one image" in case["expected"]), case["why"]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "image": "a.png"},
        {"type": "image", "path": "a.png"},
        {"type": "image", "url": "file://a.png"},
        {"type": "image", "url": URI},
        {"type": "image", "base64": PNG},
        {"type": "image", "image": PNG},
        {"type": "image", "image": {"bytes": picture(), "path": None}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "image_url", "image_url": {"url": URI}},
        {"type": "image_url", "image_url": URI.replace("png", "PNG")},
        {"type": "input_image", "image_url": URI},
        {"image": "a.png"},
        {"type": None, "text": None, "image": "a.png"},
    ],
)
def test_a_part_with_an_image_of_its_own_is_that_image(part: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    draft = read({"messages": [{"role": "user", "content": [part, TEXT]}, SAID]}, tmp_path)
    assert draft.turns[0].content == (IMAGE, "How many?")
    assert [image.read() for image in draft.images] == [picture()]
    assert [image.size() for image in draft.images] == [(40, 30)]


@pytest.mark.parametrize("image", [PNG, URI, {"url": URI}, {"bytes": PNG}, {"image_url": {"url": URI}}, [URI]])
@pytest.mark.parametrize("column", ["image", "images", "image_url", "image_urls", "image_path", "img"])
def test_a_column_holds_an_image_in_any_spelling(column: str, image: object) -> None:
    draft = read({column: image, "prompt": "How many?", "response": "3"})
    assert [shown.read() for shown in draft.images] == [picture()]
    assert column not in draft.facts


@pytest.mark.parametrize("written", [PNG, URI])
@pytest.mark.parametrize("column", ["image_base64", "decoded_image_1"])
def test_an_image_written_as_text_in_an_unread_column_is_not_overlooked(column: str, written: str) -> None:
    assert "image in a column that is not read" in refused({"prompt": "How many?", "response": "3", column: written})


def test_thinking_in_any_case_or_in_a_column_of_analysis_is_not_lost() -> None:
    assert kept({"prompt": "How many?", "response": "<THINK>I count.</Think>3"}) == ("I count.", "3")
    row = {"prompt": "How many?", "response": "3", "analysis": "I count them all."}
    assert "thinking in a field that is not read" in refused(row)
    assert kept(row | {"response": "<think>I count.</think>3"}) == ("I count.", "3")


def test_images_of_turns_and_of_columns_keep_their_order(tmp_path: Path) -> None:
    sizes = [(40, 30), (41, 30), (42, 30)]
    first, second, third = (picture(*size) for size in sizes)
    parts = [{"type": "image"}, TEXT, {"type": "image", "image": {"bytes": second}}, {"type": "image"}]
    draft = read({"messages": [{"role": "user", "content": parts}, SAID], "images": [first, third]})
    assert [image.size() for image in draft.images] == sizes
    own = {"role": "user", "content": "Is <image> larger than <image>?", "images": [first, second]}
    draft = read({"messages": [own, SAID]})
    assert draft.turns[0].content == ("Is ", IMAGE, " larger than ", IMAGE, "?")
    assert [image.size() for image in draft.images] == sizes[:2]
    draft = read({"messages": [{**ASKED, "images": [first]}, SAID]})
    assert draft.turns[0].content == (IMAGE, "How many?")


def test_a_column_that_repeats_the_images_of_the_turns_shows_them_once() -> None:
    content = [{"type": "image", "image": "not/here.png"}, TEXT]
    draft = read({"messages": [{"role": "user", "content": content}, SAID], "images": [picture()]})
    assert [image.read() for image in draft.images] == [picture()]


@pytest.mark.parametrize(
    "field",
    [
        {"reasoning_content": "I count."},
        {"reasoning": "I count."},
        {"thinking": "I count."},
        {"thinking": "<think>\nI count.\n</think>"},
        {"reasoning": "I count.", "reasoning_content": "I count."},
        {"reasoning_details": [{"type": "reasoning.text", "text": "I count."}]},
        {"thoughts": ["I count."]},
        {"thinking": {"type": "text", "text": "I count."}, "reasoning": None},
        {"cot": "I count."},
    ],
)
def test_thinking_beside_an_answer_is_learned_with_it(field: dict[str, Any]) -> None:
    for answer in ("3", "<think>I count.</think>3", "<think>\n\n</think>\n\n3", "I count.\n</think>\n\n3"):
        turn = {"role": "assistant", "content": answer, **field}
        assert kept({"messages": [ASKED, turn]}) == ("I count.", "3")
        assert kept({"conversations": [{"from": "human", "value": "How many?"}, turn]}) == ("I count.", "3")
        assert kept({"prompt": [ASKED], "completion": [turn]}) == ("I count.", "3")
        for question, response in (("prompt", "response"), ("problem", "solution"), ("instruction", "output")):
            assert kept({question: "How many?", response: answer, **field}) == ("I count.", "3")
        assert kept({"messages": [ASKED, {"role": "assistant", "content": answer}], **field}) == ("I count.", "3")


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "thinking", "thinking": "I count."}, {"type": "text", "text": "3"}],
        [{"type": "thinking", "thinking": [{"type": "text", "text": "I count."}]}, {"type": "text", "text": "3"}],
        [{"type": "reasoning", "summary": [{"text": "I count."}]}, {"type": "output_text", "text": "3"}],
        ["<think>I count.</think>", "3"],
        "◁think▷I count.◁/think▷3",
        "[THINK]I count.[/THINK]3",
    ],
)
def test_thinking_among_the_parts_of_a_response_is_learned(content: object) -> None:
    assert kept({"messages": [ASKED, {"role": "assistant", "content": content}]}) == ("I count.", "3")
    assert kept({"prompt": "How many?", "response": content}) == ("I count.", "3")


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "How many?", "completion": "<think>I count.</think>3"},
        {"prompt": [ASKED], "completion": [SAID]},
        {"prompt": ASKED, "completion": SAID},
        {"prompt": [{"type": "text", "text": "How many?"}], "response": "<think>I count.</think>3"},
        {"problem": "How many?", "solution": "<think>I count.</think>3", "answer": "3"},
        {"question": "How many?", "solution": "<think>I count.</think>3", "answer": "3"},
        {"instruction": "How many?", "input": "", "output": "<think>I count.</think>3"},
        {"instruction": "How many?", "response": "<think>I count.</think>3"},
        {"question": "How many?", "response": "<think>I count.</think>3"},
        {"query": "How many?", "response": "<think>I count.</think>3", "messages": None},
        {"conversations": [ASKED, SAID]},
        {"messages": [{"from": "human", "value": "How many?"}, {"from": "gpt", "value": SAID["content"]}]},
        {"messages": [{"role": "User", "content": "How many?"}, {"role": "model", "content": SAID["content"]}]},
        {"question": "How many?", "thinking_trajectories": ["I count."], "attempt": "3", "cot_type": "math"},
        {"question": "How many?", "gemini_thinking_trajectory": "I count.", "gemini_attempt": "3"},
    ],
)
def test_pairs_and_turns_become_the_same_conversation(row: dict[str, Any]) -> None:
    draft = read(row)
    assert [turn.role for turn in draft.turns] == ["user", "assistant"]
    assert draft.turns[0].text == "How many?"
    assert kept(row) == ("I count.", "3")
    assert draft.facts.get("answer", "3") == "3"


def test_instructions_have_inputs_history_and_a_system_prompt() -> None:
    row = {"instruction": "Count.", "input": "a b c", "output": "3", "system": "Be brief.", "history": [["Hi", "Yes?"]]}
    draft = read(row)
    assert [(turn.role, turn.text) for turn in draft.turns] == [
        ("system", "Be brief."), ("user", "Hi"), ("assistant", "Yes?"), ("user", "Count.\na b c"), ("assistant", "3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "How many?", "response": "3", "teacher_rationale": "I count."},
        {"prompt": "How many?", "response": "3", "gemini_thinking_trajectory": "I count."},
        {"problem": "How many?", "solution": "3", "longCot": "I count them all."},
        {"problem": "How many?", "solution": "3", "generations": ["<think>I count.</think>3"]},
        {"problem": "How many?", "solution": "3", "meta": {"r1": "◁think▷I count.◁/think▷3"}},
        {"messages": [ASKED, {"role": "assistant", "content": "3", "internal_reasoning": "I count."}]},
        {"messages": [ASKED, {"role": "assistant", "content": "3"}], "rationale": "I count."},
        {"messages": [ASKED, {"role": "assistant", "content": "3", "reasoning": {"hidden": "I count."}}]},
        {"messages": [ASKED, SAID, ASKED, SAID], "thinking": "I count."},
    ],
)
def test_thinking_that_is_not_read_refuses_the_row(row: dict[str, Any]) -> None:
    assert refused(row) == "thinking in a field that is not read"


@pytest.mark.parametrize(
    "extra",
    [
        {"cot_type": "math word problem"}, {"reasoning_effort": "high"}, {"num_reasoning_tokens": 7},
        {"thinking": None}, {"thinking": False}, {"enable_thinking": True}, {"reasoning_type": "numeric common sense"},
        {"think_level": "high"},
    ],
)  # fmt: skip
def test_fields_about_thinking_are_no_thinking(extra: dict[str, Any]) -> None:
    assert kept({"prompt": "How many?", "response": "3", **extra}) == ("", "3")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"messages": [ASKED, {**SAID, "reasoning": "I guess."}]}, "thinking given twice"),
        ({"prompt": "How many?", "response": "3", "thinking": "I count.", "cot": "I guess."}, "thinking given twice"),
        ({"messages": [{**ASKED, "thinking": "I count."}, SAID]}, "thinking outside a response"),
        ({"messages": [ASKED, {"role": "assistant", "content": None, "reasoning": "I count."}]}, "empty answer"),
        ({"messages": [ASKED, {"role": "assistant", "tool_calls": [{"id": 1}]}]}, "unknown kind of content"),
        ({"messages": [ASKED, {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "x"}]}]},
         "unknown kind of content"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}, SAID]}, "unknown kind of content"),
        ({"messages": [ASKED, {"role": "assistant", "content": [{"type": "image", "image": URI}]}]},
         "an image outside a question"),
        ({"messages": [ASKED, SAID], "videos": ["a.mp4"]}, "unknown kind of content"),
        ({"prompt": "How many?", "response": "3", "screenshot": "a.png"}, "an image in a column that is not read"),
        ({"prompt": "How many?", "response": "3", "photo": picture()}, "an image in a column that is not read"),
        ({"prompt": "How many?", "response": "3", "image": "https://example.org/a.png"}, "missing image"),
        ({"prompt": "How many?", "response": "3", "image": "data:image/png;base64,%%"}, "image unreadable"),
        ({"prompt": "How many?", "response": "3", "image": "data:image/svg+xml,<svg/>"}, "image unreadable"),
        ({"prompt": "How many?", "response": "3", "image": "a\0.png"}, "missing image"),
        ({"prompt": "How many?", "response": "3", "image": {"height": 3}}, "missing image"),
        ({"prompt": "How many?", "completion": [{"content": "3"}]}, "unknown kind of content"),
        ({"instruction": "How many?", "output": "3", "history": "none"}, "no conversation"),
    ],
)  # fmt: skip
def test_what_would_be_learned_wrongly_is_refused(row: dict[str, Any], reason: str) -> None:
    assert refused(row) == reason


def test_a_file_may_hold_rows_of_several_shapes_and_unknown_ones_are_named(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"utterance": "How many?"},
        {"messages": [ASKED, SAID]},
        {"prompt": "How many?", "completion": "<think>I count.</think>3"},
        {"prompt": "How many?", "response": "3", "thinking": "I count."},
    ]
    path = write_lines(tmp_path / "a.jsonl", rows)
    examples = load_examples([Source(path=str(path))], seed=0, delimiters=THINKING)
    assert [examples[number].turns[-1].text.count("I count.") for number in (1, 2, 3)] == [1, 1, 1]
    with pytest.raises(Unusable, match="columns of no known format: utterance"):
        examples[0]
    stream = open_stream(Source(path=str(path)))
    (batch,) = stream.batches
    assert [stream.read(row).count("I count.") for row in batch[1:]] == [1, 1, 1]


def test_lengths_are_measured_with_the_thinking_beside(tmp_path: Path) -> None:
    from datasets import Dataset

    rows = [{"problem": "How many?", "solution": "3", "reasoning": "I count.", "image": None}]
    Dataset.from_list(rows).to_parquet(tmp_path / "a.parquet")
    for path in (tmp_path / "a.parquet", write_lines(tmp_path / "b.jsonl", rows)):
        stream = open_stream(Source(path=str(path)))
        assert [stream.read(row) for batch in stream.batches for row in batch] == ["<think>\nI count.\n</think>\n3"]


def test_typed_parts_in_parquet_have_their_images(tmp_path: Path) -> None:
    from datasets import Dataset

    content = [{"type": "image", "image": {"bytes": picture(), "path": None}, "text": None}, {**TEXT, "image": None}]
    answer = [{"type": "text", "text": "3", "image": None}]
    turns = [
        {"role": "user", "content": content, "reasoning_content": None},
        {"role": "assistant", "content": answer, "reasoning_content": "I count."},
    ]
    Dataset.from_list([{"messages": turns}]).to_parquet(tmp_path / "a.parquet")
    (example,) = load_examples([Source(path=str(tmp_path / "a.parquet"))], seed=0, delimiters=THINKING)
    assert example.images == (picture(),)
    assert example.turns[1].text == "<think>\nI count.\n</think>\n3"
