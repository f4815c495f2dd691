"""A policy at work: whether it was tuned for the model at hand, and what kind of question a problem is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s1m.engines.builder import EngineSettings
from s1m.errors import UsageError
from s1m.evaluate.policy import mismatches, read_policy, refusal
from s1m.evaluate.settings.parts import StrategySettings
from s1m.files.settings import flat
from s1m.types import Benchmark


def check_policy(settings: Any, strategy: StrategySettings, engine: EngineSettings) -> None:
    """Raises ``UsageError`` for a policy that was tuned for another model, family or sampling, unless that is allowed.

    ``settings`` are those of the verb, in which model, delimiters and sampling are known by now.
    """
    if not strategy.policy or strategy.allow_policy_mismatch:
        return
    from s1m.evaluate.provenance import checkpoint  # the benchmarks come with it, which s1m ask does without

    weights = "" if engine.builder.needs_server else checkpoint(engine.model or engine.builder.default_model)
    values = flat(settings)
    values["model"] = engine.model or engine.builder.default_model
    if differing := mismatches(read_policy(strategy.policy), values, weights):
        raise UsageError(refusal(strategy.policy, differing))


def kind_key(benchmark: Benchmark) -> str:
    """The key of a problem's metadata that holds its kind: the first of the benchmark's breakdowns; empty for none."""
    breakdowns: tuple[str, ...] = getattr(benchmark, "breakdowns", ())
    return breakdowns[0] if breakdowns else ""


def kind_key_of(strategy: StrategySettings, benchmark: str) -> str:
    """The same by the name of the benchmark, where the strategy looks at kinds; its package is not needed otherwise."""
    if not strategy.policy_rule:
        return ""
    from s1m.benchmarks import find_benchmark

    return kind_key(find_benchmark(benchmark))


def kind_of(metadata: Mapping[str, str], key: str) -> str:
    """The kind of a question; empty where the benchmark has none."""
    return metadata.get(key, "")
