"""Settings: from files and flags, refused when they make no sense."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.errors import UsageError
from s1m.evaluate.settings import EvalSettings, eval_settings
from s1m.evaluate.spelling import levels_from
from s1m.files.settings import field_help, read_toml, to_toml
from s1m.forcing import IGNORE_STRINGS


def settings(**values: object) -> EvalSettings:
    return eval_settings({"benchmark": "digits", **values}, "x.toml")


@pytest.mark.parametrize(
    ("given_", "levels"),
    [
        ("0-7", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("4", [4]),
        ("0,2,4", [0, 2, 4]),
        ("0-1, 5", [0, 1, 5]),
        (3, [3]),
        ([0, 2], [0, 2]),
    ],
)
def test_levels_in_every_spelling(given_: object, levels: list[int]) -> None:
    assert list(settings(num_ignore=given_).num_ignore) == levels


def test_ignore_strings_are_presets_or_your_own() -> None:
    assert settings(ignore_strings="s1m").ignore_strings == IGNORE_STRINGS["s1m"]
    assert settings(ignore_strings=["s1"]).ignore_strings == ("Wait,",)
    assert settings(ignore_strings="Look again.").ignore_strings == ("Look again.",)
    assert settings(ignore_strings=["Hmm,", "s1"]).ignore_strings == ("Hmm,", "s1")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"limt": 3}, "x.toml: there is no setting 'limt'; did you mean limit?"),
        ({"zzzz": 3}, "x.toml: there is no setting 'zzzz'$"),
        ({"limit": 0}, "x.toml: limit: expected int >= 1"),
        ({"temperature": "hot"}, "x.toml: temperature: expected float, got str"),
        ({"temperature": -1}, "x.toml: temperature: expected float >= 0"),
        ({"top_p": 0}, "x.toml: top_p: expected float > 0"),
        ({"engine": "vlm"}, "x.toml: engine: invalid enum value 'vlm'"),
        ({"num_ignore": "a-b"}, "num_ignore takes levels such as"),
        ({"num_ignore": "3-x"}, "num_ignore takes levels such as"),
        ({"num_ignore": "7-0"}, "num_ignore runs backwards"),
        ({"num_ignore": "0-1000000000"}, "num_ignore goes up to 1000"),
        ({"num_ignore": [1001]}, r"num_ignore\[0\]: expected int <= 1000"),
        ({"temperature": float("inf")}, "temperature: expected float <= 100"),
        ({"answer_cue": "\udcff"}, "answer_cue is not valid text"),
        ({"num_ignore": [2, 2]}, "num_ignore must be different whole numbers"),
        ({"num_ignore": [0, -1]}, r"x.toml: num_ignore\[1\]: expected int >= 0"),
        ({"num_ignore": True}, "num_ignore"),
        ({"ignore_strings": []}, "ignore_strings"),
        ({"ignore_strings": ["Wait,", ""]}, "ignore_strings"),
        ({"ignore_strings": 3}, "ignore_strings"),
        ({"thinking_close": ""}, "thinking_close"),
        ({"min_thinking_tokens": 9, "max_thinking_tokens": 8}, "min_thinking_tokens"),
        ({"engine": "http"}, "--engine http needs --base-url"),
        ({"base_url": "http://127.0.0.1:1"}, "add --engine vllm, llamacpp or http"),
    ],
)
def test_nonsense_is_refused_in_one_line(values: dict[str, object], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        settings(**values)
    assert "\n" not in str(caught.value)


def test_a_missing_benchmark_is_named() -> None:
    with pytest.raises(UsageError, match="benchmark"):
        eval_settings({})


def test_a_file_that_is_missing_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*absent\.toml: No such file"):
        read_toml(tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("limit = = 3")
    with pytest.raises(UsageError, match=r"bad\.toml is no TOML"):
        read_toml(tmp_path / "bad.toml")


strings = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9), min_size=1, max_size=4
)


@given(st.sets(st.integers(0, 30), min_size=1), strings, st.floats(0, 2), st.integers(1, 10**6), st.booleans())
def test_settings_come_back_from_their_file(
    levels: set[int], ignore_strings: list[str], temperature: float, limit: int, limited: bool
) -> None:
    import tomllib

    before = settings(num_ignore=sorted(levels), temperature=temperature, limit=limit) if limited else settings()
    before = replace(before, ignore_strings=("Wait,", *ignore_strings))
    assert eval_settings(tomllib.loads(to_toml(before))) == before


def test_the_digest_covers_what_a_record_depends_on_and_nothing_else() -> None:
    base = settings()
    same = replace(base, out="elsewhere", concurrency=3, limit=9)
    assert same.digest() == base.digest()
    for change in ({"temperature": 0.1}, {"num_ignore": (0,)}, {"seed": 1}, {"model": "m"}, {"answer_cue": "A: "}):
        assert replace(base, **change).digest() != base.digest()


def test_every_setting_has_a_line_of_help() -> None:
    texts = field_help(EvalSettings)
    assert set(texts) == {field.name for field in fields(EvalSettings)}
    assert all(text.endswith((".", ")")) for text in texts.values()), texts


def test_the_run_folder_has_a_default() -> None:
    assert settings().run_folder == Path("runs/digits")
    assert settings(out="here").run_folder == Path("here")


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_range_of_levels_is_inclusive(first: int, more: int) -> None:
    assert levels_from(f"{first}-{first + more}") == list(range(first, first + more + 1))
