"""policy.toml: what is written is read back, what is wrong with it is said, and where a run does not fit it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s1m.cli import main
from s1m.errors import UsageError
from s1m.evaluate.distributions import Distribution, distributions
from s1m.evaluate.policy import (
    Guarantee,
    Policy,
    TunedOn,
    mismatches,
    policy_text,
    read_policy,
    rule_from,
    rule_text,
)
from s1m.evaluate.settings import eval_settings
from s1m.files.settings import flat
from s1m.forcing.stopping import Features, Rule

AGREE = Rule(kind="agree", levels=tuple(range(8)), agreeing=4)


def policy(**tuned: Any) -> Policy:
    """A policy of the bundled model."""
    settings = flat(eval_settings({"benchmark": "digits", "model": "bundled", "split": "test", "temperature": 1.0}))
    names = TunedOn.__dataclass_fields__.keys() & settings.keys() - {"seed"}
    values = {name: settings[name] for name in names}
    numbers: dict[str, Any] = dict.fromkeys(
        (
            "loss_bound", "loss", "accuracy", "reference_accuracy", "tokens", "reference_tokens", "tokens_fraction",
            "tokens_fraction_low", "tokens_fraction_high",
        ),
        0.5,
    )  # fmt: skip
    counts: dict[str, Any] = dict.fromkeys(
        ("lost", "gained", "tuning_problems", "certification_problems", "candidates", "tested", "reference_level"), 7
    )
    return Policy(
        rule=AGREE,
        tuned_on=TunedOn(**{**values, "run": "mine", "problems": 512, **tuned}),
        guarantee=Guarantee(
            words="loss at most 1 point",
            certified=True,
            allowed_loss=1.0,
            confidence=0.95,
            method="exact",
            **numbers,
            **counts,
        ),
        features=distributions([known(ignored=count % 5, kind="sum" if count % 2 else "") for count in range(20)]),
    )


def known(**changed: Any) -> Features:
    values: dict[str, Any] = {
        "ignored": 2, "agreeing": 2, "lead": 1, "confidence": None, "tokens": 90, "stop": "closed", "loops": 0,
    }  # fmt: skip
    return Features(**{**values, **changed})


def test_a_policy_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    for rule in (AGREE, replace(AGREE, kind="logistic", weights={"agreeing": 1.5, "kind=sum": -0.25}, threshold=0.5)):
        written = replace(policy(weights="abc"), rule=rule)
        (tmp_path / "policy.toml").write_text(policy_text(written))
        assert read_policy(tmp_path / "policy.toml") == written
        assert rule_from(rule_text(rule)) == rule
    assert "levels = [0, 1, 2, 3, 4, 5, 6, 7]\n" in policy_text(policy())


def test_a_policy_is_read_once_until_its_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(policy_text(policy()))
    first = read_policy(path)
    assert read_policy(str(path)) is first
    path.unlink()
    path.write_text(policy_text(policy(problems=1024)))
    assert read_policy(path).tuned_on.problems == 1024


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("version = 1", "version = 2", "is a policy of version 2; give one that s1m tune wrote"),
        ("version = 1", "", "is something else than a policy"),
        ("agreeing = 4", "agreing = 4", "rule: there is no key 'agreing'; did you mean agreeing?"),
        ("agreeing = 4", "agreeing = 0", "agreeing must be at least 1, not 0"),
        ("agreeing = 4", 'agreeing = "x"', "Expected `int`"),
        ("[guarantee]", "[guaranty]", "there is no key 'guaranty'"),
        ("loss_bound = 0.5", "loss_bound = nan", "guarantee is not a finite number: nan"),
    ],
)
def test_a_damaged_policy_is_refused_in_one_line(old: str, new: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(policy_text(policy()).replace(old, new, 1))
    with pytest.raises(UsageError) as refused:
        read_policy(tmp_path / "policy.toml")
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_policy_of_another_model_family_or_sampling_does_not_fit() -> None:
    tuned = policy(weights="abc")
    fits = {**flat(eval_settings({"benchmark": "digits", "temperature": 1.0})), "model": "bundled"}
    assert mismatches(tuned, fits) == []
    assert mismatches(tuned, fits, "abc") == []
    assert mismatches(tuned, {**fits, "model": "same/elsewhere"}, "abc") == []
    assert mismatches(tuned, {**fits, "model": "other"}) == ["model bundled, not other"]
    assert mismatches(tuned, fits, "abd") == ["weights abc, not abd"]
    other = {**fits, "temperature": 0.6, "thinking_close": "[/THINK]", "max_thinking_tokens": 64}
    assert mismatches(tuned, other) == [
        "thinking_close </think>, not [/THINK]", "temperature 1.0, not 0.6", "max_thinking_tokens 8192, not 64",
    ]  # fmt: skip


def test_features_are_counted_in_bins_of_the_tuned_run() -> None:
    made = {each.name: each for each in policy().features}
    assert made["ignored"].edges == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert made["ignored"].shares == (*(0.2,) * 5, 0.0)
    assert made["ignored"].bin_of(known(ignored=9)) == 5
    assert (made["kind"].names, made["kind"].shares) == (("", "sum", "other"), (0.5, 0.5, 0.0))
    assert made["kind"].bin_of(known(kind="evens")) == 2
    assert "confidence" not in made  # the engine gave none
    half = distributions([known(confidence=0.5), known()])
    assert next(each for each in half if each.name == "confidence").missing == 0.5
    with pytest.raises(ValueError, match="a share for every bin"):
        Distribution(name="ignored", edges=(1.0,), shares=(1.0,), count=1)


def test_the_command_line_refuses_a_policy_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(policy_text(policy()))
    common = ["eval", "digits", "--policy", str(path), "--out", str(tmp_path / "run"), "--limit", "1"]
    for more, complaint in (
        (["--temperature", "0.5"], f"s1m: {path} was tuned with temperature 1.0, not 0.5: tune one for this model"),
        (["--strategy", "adaptive"], "--policy is for --strategy policy, not for adaptive"),
        (["--levels", "3"], "levels of strategy policy are those of its policy: leave out --levels"),
    ):
        assert main([*common, *more]) == 2
        said = capsys.readouterr().err
        assert complaint in said
        assert said.count("\n") == 1
    assert not (tmp_path / "run" / "records.jsonl").exists()
    assert main(["eval", "digits", "--strategy", "policy", "--out", str(tmp_path / "run")]) == 2
    assert "strategy policy needs a policy: add --policy FILE.toml" in capsys.readouterr().err
