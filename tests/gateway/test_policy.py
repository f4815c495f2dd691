"""A policy behind the gateway: who it decides for, whom it refuses, and what is said when requests change."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from s1m.errors import UsageError
from s1m.evaluate.distributions import distributions
from s1m.evaluate.policy import policy_text, rule_text
from s1m.files.settings import settings_from
from s1m.forcing.stopping import Features, Rule
from s1m.gateway.operation.drift import Drift, chi_squared
from s1m.gateway.settings import GatewaySettings
from s1m.gateway.work import resolved
from s1m.types import Step
from tests.evaluate.test_policy import policy
from tests.gateway.engines import THOUGHT, Writer, is_thinking
from tests.gateway.serving import Gateway, chat, serving

RULE = Rule(kind="agree", levels=tuple(range(8)), agreeing=3)


def features(ignored: int, **changed: Any) -> Features:
    given: dict[str, Any] = {
        "agreeing": 3, "lead": 3, "confidence": None, "tokens": 40 * (ignored + 1), "stop": "closed", "loops": 0
    }  # fmt: skip
    return Features(**{**given, "ignored": ignored, **changed})


@dataclass
class Served:
    """A gateway with a policy, and what its engine answers."""

    gateway: Gateway
    writer: Writer


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gateway whose policy stops at three answers in a row that agree."""
    file = tmp_path / "policy.toml"
    file.write_text(policy_text(policy()))
    writer = Writer()
    chosen = {"strategy": "policy", "policy": str(file), "policy_rule": rule_text(RULE)}
    with serving(writer, temperature=1.0, **chosen) as gateway:
        yield Served(gateway, writer)


@pytest.mark.parametrize(
    ("fields", "segments"),
    [
        ({}, 3),
        ({"model": "bundled:auto"}, 3),
        ({"reasoning_effort": "auto"}, 3),
        ({"model": "bundled:low", "reasoning_effort": "auto"}, 3),
        ({"s1m": {"strategy": "policy"}}, 3),
        ({"reasoning_effort": "low"}, 1),
        ({"model": "bundled:ignore-4"}, 5),
        ({"s1m": {"num_ignore": 1}}, 2),
        ({"temperature": 1.0}, 3),
        ({"temperature": 0.5, "reasoning_effort": "low"}, 1),
    ],
)
def test_the_policy_decides_unless_a_request_says_how_long(
    served: Served, fields: dict[str, Any], segments: int
) -> None:
    reply = served.gateway.post("chat/completions", chat(**fields)).json()
    assert len(reply["s1m"]["segments"]) == segments
    assert reply["choices"][0]["message"]["content"] == "42"


def test_it_thinks_on_while_answers_differ_and_a_client_streams_it(served: Served) -> None:
    answers = itertools.cycle(["1", "2", "2", "2"])
    served.writer.write = lambda step: THOUGHT if is_thinking(step) else next(answers)
    request = served.gateway.client().chat.completions.create(**chat(), stream=True, reasoning_effort="auto")
    chunks = list(request)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "2"
    assert len(chunks[-1].s1m["segments"]) == 4


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": 0.3}, "temperature"),
        ({"top_p": 0.9}, "top_p"),
        ({"extra_body": {"s1m": {"ignore_strings": ["Hm."]}}}, "s1m.ignore_strings"),
    ],
)
def test_a_request_that_the_policy_was_not_tuned_for_is_refused(
    served: Served, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        served.gateway.client().chat.completions.create(**chat(), **fields)
    assert caught.value.param == param


def test_without_a_policy_it_cannot_be_asked_for() -> None:
    with serving(Writer()) as gateway:
        assert gateway.post("chat/completions", chat(s1m={"strategy": "policy"})).error["param"] == "s1m.strategy"
        assert gateway.post("chat/completions", chat(reasoning_effort="auto")).error["param"] == "reasoning_effort"


@pytest.mark.parametrize(
    ("tuned", "complaint"),
    [({"model": "other"}, "model other, not bundled"), ({"temperature": 0.5}, r"temperature 0\.5, not 1\.0")],
)
def test_a_policy_of_another_model_is_refused_at_the_start(tmp_path: Path, tuned: Any, complaint: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(policy_text(policy(**tuned)))
    values = {"strategy": "policy", "policy": str(file), "policy_rule": rule_text(RULE), "temperature": 1.0}
    with pytest.raises(UsageError, match=complaint) as caught:
        asyncio.run(resolved(settings_from(GatewaySettings, values, "test")))
    assert "\n" not in str(caught.value)
    asyncio.run(resolved(settings_from(GatewaySettings, {**values, "allow_policy_mismatch": True}, "test")))


def test_requests_as_in_tuning_do_not_drift_and_others_do(caplog: pytest.LogCaptureFixture) -> None:
    draw = random.Random(0)
    tuned = [features(draw.choice([0, 0, 0, 1, 1, 2, 4]), confidence=draw.random()) for _ in range(500)]
    drift = Drift(distributions(tuned), window=400)
    most: dict[str, float] = {}
    for _ in range(2000):
        drift.count(draw.choice(tuned))
        for name, (index, limit) in drift.gauges().items():
            most[name] = max(most.get(name, 0), index / limit)
    assert max(most.values()) < 1
    assert not drift.outside
    with caplog.at_level(logging.WARNING, "s1m.gateway"):
        for _ in range(200):
            drift.count(features(draw.choice([2, 4, 7]), confidence=draw.random()))
    gauges = drift.gauges()
    assert {name for name, (index, limit) in gauges.items() if index > limit} == {"ignored", "tokens"}
    assert drift.outside > 40
    assert [message.split(" has left")[0] for message in caplog.messages] == [
        "the policy's feature ignored", "the policy's feature tokens"
    ]  # fmt: skip
    for _ in range(400):
        drift.count(draw.choice(tuned))
    assert all(index <= limit for index, limit in drift.gauges().values())


@pytest.mark.parametrize(("degrees", "quantile"), [(1, 10.828), (4, 18.467), (10, 29.588)])
def test_the_quantile_that_the_limit_rests_on(degrees: int, quantile: float) -> None:
    assert chi_squared(degrees) == pytest.approx(quantile, rel=0.04)


def test_a_shifted_stream_of_requests_shows_in_the_metrics(served: Served) -> None:
    pytest.importorskip("prometheus_client")

    def metric(name: str) -> float:
        line = re.search(rf"^{re.escape(name)} (\S+)$", served.gateway.get("metrics").text, re.MULTILINE)
        assert line, name
        return float(line[1])

    def answers(step: Step) -> str:
        return THOUGHT if is_thinking(step) else f"{next(numbers)}"  # never twice the same

    numbers = itertools.count()
    served.writer.write = answers
    for _ in range(40):
        served.gateway.post("chat/completions", chat())
    assert metric("s1m_policy_requests") == 40
    assert metric("s1m_policy_requests_outside") == 40
    assert metric('s1m_policy_drift{feature="ignored"}') > metric('s1m_policy_drift_limit{feature="ignored"}')
