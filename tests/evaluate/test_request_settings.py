"""Settings of requests: template options, system prompt and sampling, refused where an engine would drop them."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from s1m.engines.builder import EngineSettings
from s1m.engines.scripted import ScriptedEngine
from s1m.errors import UsageError
from s1m.evaluate.settings import EvalSettings, eval_settings
from s1m.files.settings import to_toml


def settings(**values: object) -> EvalSettings:
    return eval_settings({"benchmark": "digits", **values}, "x.toml")


def test_settings_that_came_later_are_neither_in_files_nor_in_digests_at_their_defaults() -> None:
    # So that runs of earlier versions are resumed, and their records found.
    later = {"template_kwargs", "system_prompt", "top_k", "min_p", "presence_penalty", "family", "sampling"}
    assert not later & tomllib.loads(to_toml(settings())).keys()
    for change in (
        {"template_kwargs": ["enable_thinking=true"]},
        {"system_prompt": "Think."},
        {"top_k": 20},
        {"min_p": 0.1},
        {"presence_penalty": 1.5},
    ):
        changed_settings = settings(**change)
        assert changed_settings.digest() != settings().digest()
        assert eval_settings(tomllib.loads(to_toml(changed_settings))) == changed_settings


@pytest.mark.parametrize(
    "given",
    [
        ["enable_thinking=true", "effort=high", "budget=3"],
        {"enable_thinking": True, "effort": "high", "budget": 3},
    ],
)
def test_template_options_are_pairs_or_a_table(given: object) -> None:
    options = settings(template_kwargs=given).engine.request_options
    assert options.template == {"enable_thinking": True, "effort": "high", "budget": 3}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["enable_thinking"], r"'enable_thinking' is not key=value; write, for example, enable_thinking=true"),
        (["=1"], "is not key=value"),
        (["a=1", "a=2"], "gives a twice"),
        (["messages=[]"], "cannot set messages"),
    ],
)
def test_template_options_that_make_no_sense_are_refused(given: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        settings(template_kwargs=given)


@pytest.mark.parametrize("given", [{"top_k": -1}, {"min_p": 1.1}, {"presence_penalty": 3}])
def test_sampling_out_of_range_is_refused(given: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(given))):
        settings(**given)


class Plain(ScriptedEngine):
    """An engine that passes nothing on, as its builder does not say that it does."""

    needs_server = False
    default_concurrency = 1
    default_model = "plain"

    @classmethod
    def build(cls, settings: EngineSettings) -> Plain:  # noqa: ARG003
        return cls(lambda _problem, _step: "")


@pytest.mark.parametrize(
    ("given", "flag"),
    [
        ({"top_k": 20}, "does not take --top-k; leave it out"),
        ({"min_p": 0.1, "presence_penalty": 1}, "does not take --min-p, --presence-penalty"),
        ({"system_prompt": "Think."}, "takes neither --template-kwargs nor --system-prompt"),
        ({"template_kwargs": ["a=1"]}, "takes neither"),
    ],
)
def test_an_engine_that_passes_no_options_refuses_them(given: dict[str, Any], flag: str) -> None:
    plain = {"engine": "tests.evaluate.test_request_settings:Plain"}
    assert settings(**plain).engine.builder.default_model == "plain"
    with pytest.raises(UsageError, match=flag):
        settings(**plain, **given)
