"""Settings: from files and flags, refused when they make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.data.distill.settings import DistillSettings, distill_settings
from s1m.errors import UsageError
from s1m.evaluate.settings import EvalSettings, eval_settings, with_origin
from s1m.evaluate.settings.parts import SamplingSettings
from s1m.evaluate.settings.spelling import levels_from
from s1m.files.settings import changed, flat, keys_of, read_toml, to_toml
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
    assert list(settings(num_ignore=given_).strategy.num_ignore) == levels


def test_ignore_strings_are_presets_or_your_own() -> None:
    assert settings(ignore_strings="s1m").strategy.ignore_strings == IGNORE_STRINGS["s1m"]
    assert settings(ignore_strings=["s1"]).strategy.ignore_strings == ("Wait,",)
    assert settings(ignore_strings="Look again.").strategy.ignore_strings == ("Look again.",)
    assert settings(ignore_strings=["Hmm,", "s1"]).strategy.ignore_strings == ("Hmm,", "s1")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"limt": 3}, "x.toml: there is no setting 'limt'; did you mean limit?"),
        ({"zzzz": 3}, "x.toml: there is no setting 'zzzz'$"),
        ({"limit": 0}, "x.toml: limit: expected int >= 1"),
        ({"temperature": "hot"}, "x.toml: temperature: expected float, got str"),
        ({"temperature": -1}, "x.toml: temperature: expected float >= 0"),
        ({"top_p": 0}, "x.toml: top_p: expected float > 0"),
        ({"engine": "vlm"}, "x.toml: there is no engine 'vlm'; did you mean vllm\\?"),
        ({"num_ignore": "a-b"}, "num_ignore takes levels such as"),
        ({"num_ignore": "3-x"}, "num_ignore takes levels such as"),
        ({"num_ignore": "7-0"}, "num_ignore '7-0': the range is empty; write 0-7"),
        ({"num_ignore": "0-1000000000"}, "num_ignore goes up to 1000"),
        ({"num_ignore": [1001]}, r"num_ignore\[0\]: expected int <= 1000"),
        ({"temperature": float("inf")}, "temperature is not a finite number: inf"),
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
        (
            {"base_url": "http://127.0.0.1:1"},
            "add --engine http or --engine llamacpp or --engine sglang or --engine vllm",
        ),
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
    with pytest.raises(UsageError, match=r"bad\.toml is not TOML"):
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
    before = changed(before, ignore_strings=("Wait,", *ignore_strings))
    assert eval_settings(tomllib.loads(to_toml(before))) == before


def test_the_digest_covers_what_a_record_depends_on_and_nothing_else() -> None:
    base = settings()
    same = changed(base, out="elsewhere", concurrency=3, limit=9)
    assert same.digest() == base.digest()
    for change in ({"temperature": 0.1}, {"num_ignore": (0,)}, {"seed": 1}, {"model": "m"}, {"answer_cue": "A: "}):
        assert changed(base, **change).digest() != base.digest()


def test_every_setting_has_a_line_of_help() -> None:
    texts = {name: key.help for name, key in keys_of(EvalSettings).items()}
    assert all(text.endswith((".", ")")) for text in texts.values()), texts


def test_the_run_folder_has_a_default() -> None:
    assert settings().run_folder == Path("runs/digits")
    assert settings(out="here").run_folder == Path("here")


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_range_of_levels_is_inclusive(first: int, more: int) -> None:
    assert levels_from(f"{first}-{first + more}") == list(range(first, first + more + 1))


def test_the_digest_does_not_change_with_how_settings_are_divided() -> None:
    # Both digests were written down before settings had parts: records of older runs are named by them.
    run = settings(split="test", model="bundled", num_ignore="0-3", limit=6)
    assert run.digest() == "b2cccd0a18d20abc74334e1f01df66a65de542918c1364bc100b8fe17742092b"
    distilled = distill_settings({"benchmark": "digits", "split": "train", "model": "bundled", "samples": 4})
    assert distilled.digest() == "7e3bd080f889ccf35fc2c48f7336eefa10f51736b136e8df1ebc5dd33ff37d88"


@pytest.mark.parametrize(
    ("kept", "origin", "engine"),
    [
        ({"engine": "imported"}, "imported", ""),
        ({"engine": "replayed", "source_engine": "vllm"}, "replayed", "vllm"),
        ({"engine": "http"}, "generated", "http"),
        ({}, "generated", None),
        ({"origin": "replayed", "engine": "http"}, "replayed", "http"),
    ],
)
def test_runs_of_earlier_versions_have_an_origin(kept: dict[str, str], origin: str, engine: str | None) -> None:
    now = with_origin(kept)
    assert (now["origin"], now.get("engine")) == (origin, engine)
    assert "source_engine" not in now


def test_a_replayed_run_cannot_be_repeated() -> None:
    with pytest.raises(UsageError, match=r"x\.toml: a replayed run cannot be repeated by s1m eval; use s1m replay"):
        settings(origin="replayed")


def test_parts_are_flat_and_shared() -> None:
    chosen = settings(temperature=0.1, engine="http", base_url="http://127.0.0.1:1")
    assert (chosen.sampling.temperature, chosen.engine.engine) == (0.1, "http")
    assert {"temperature", "engine", "benchmark", "out"} <= flat(chosen).keys()
    distilled = {name for name, key in keys_of(DistillSettings).items() if key.part is SamplingSettings}
    assert distilled == {name for name, key in keys_of(EvalSettings).items() if key.part is SamplingSettings}
    assert keys_of(DistillSettings)["temperature"].default == 0.8
