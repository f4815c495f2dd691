"""policy.toml: a stopping rule with what it was tuned on, what it guarantees, and how its features were distributed.

[rule]                 the rule itself, see ``s1m.forcing.stopping``
[tuned_on]             model, delimiters, sampling and budget of the run; keys as in its settings.toml
[guarantee]            in words and in numbers
[[features]]           distribution of each feature where the policy stopped, over all samples: to notice drift
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from s1m.errors import UsageError
from s1m.evaluate.distributions import Distribution
from s1m.files.decoding import Undecodable, decode_json
from s1m.files.settings import check_names, read_toml
from s1m.forcing.stopping import Rule

VERSION = 1
NOTE = "# Written by s1m tune. Use: s1m eval BENCHMARK --strategy policy --policy FILE; meaning: docs/tuning.md\n"


@dataclass(frozen=True, kw_only=True)
class TunedOn:
    """The run that a policy was tuned on; what is used with the policy must agree with it where ``MUST_AGREE`` says."""

    model: str
    weights: str = ""
    """Fingerprint of the checkpoint's files; empty where a server had them."""
    thinking_open: str
    thinking_close: str
    answer_cue: str
    ignore_strings: tuple[str, ...]
    temperature: float
    top_p: float
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    max_thinking_tokens: int
    min_thinking_tokens: int = 0
    max_answer_tokens: int
    num_ignore: tuple[int, ...]
    benchmark: str
    split: str
    run: str
    """Name of the run folder."""
    problems: int
    samples: int = 1
    """Of every problem."""
    seed: int = 0
    """Of the split into parts."""
    s1m: str = ""
    """Version."""


MUST_AGREE = (
    "model", "thinking_open", "thinking_close", "answer_cue", "ignore_strings", "temperature", "top_p", "top_k",
    "min_p", "repetition_penalty", "presence_penalty",
)  # fmt: skip
"""Settings that a policy was tuned for: with others its guarantee does not hold, and the rule may be a poor one."""


@dataclass(frozen=True, kw_only=True)
class Guarantee:
    """What is known of the loss. Accuracies and losses are in points, tokens per problem."""

    words: str
    certified: bool
    allowed_loss: float
    confidence: float
    reference_level: int
    """Ignored stops that the loss is against: the most accurate level on the tuning part, or the given one."""
    loss_bound: float
    """Upper confidence bound on the loss, on the certification part."""
    loss: float
    """As observed on the certification part; negative for a gain."""
    accuracy: float
    reference_accuracy: float
    tokens: float
    reference_tokens: float
    tokens_fraction: float
    tokens_fraction_low: float
    tokens_fraction_high: float
    lost: float
    """Problems that only the reference level answers correctly; one with several samples counts in part."""
    gained: float
    """Problems that only the policy answers correctly, counted in the same way."""
    tuning_problems: int
    certification_problems: int
    candidates: int
    tested: int
    method: str


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The content of a policy file."""

    version: int = VERSION
    rule: Rule
    tuned_on: TunedOn
    guarantee: Guarantee
    features: tuple[Distribution, ...] = field(default=())


def read_policy(path: Path | str) -> Policy:
    """The policy in a file. Raises ``UsageError`` for a file that cannot be read or holds something else."""
    try:
        known = Path(path).expanduser().stat()
    except (OSError, ValueError):  # what is wrong is said where it is read
        return _read(str(path), ())
    return _read(str(path), (known.st_dev, known.st_ino, known.st_mtime_ns, known.st_size))


@lru_cache(maxsize=8)
def _read(path: str, _which: tuple[int, ...]) -> Policy:
    """The policy in a file of which ``_which`` changes with the content: one start asks for it several times."""
    tables = read_toml(Path(path).expanduser())
    version = tables.get("version")
    if version != VERSION:
        given = "something else than a policy" if version is None else f"a policy of version {version!r}"
        raise UsageError(f"{path} is {given}; give one that s1m tune wrote (version {VERSION})")
    _check_tables(tables, path)
    try:
        return msgspec.convert(tables, Policy)
    except (msgspec.ValidationError, ValueError) as error:
        raise UsageError(f"{path}: {error}; write it anew with s1m tune") from None


def _check_tables(tables: Mapping[str, Any], path: str) -> None:
    """Raises ``UsageError`` for a missing table and an unknown key."""
    check_names(tables, [each.name for each in fields(Policy)], path, noun="key")
    for name, kind in (("rule", Rule), ("tuned_on", TunedOn), ("guarantee", Guarantee)):
        if name not in tables:
            raise UsageError(f"{path}: [{name}] is missing; write it anew with s1m tune")
        if not isinstance(tables[name], Mapping):
            raise UsageError(f"{path}: {name}: it is not a table; write it anew with s1m tune")
        check_names(tables[name], [each.name for each in fields(kind)], f"{path}: {name}", noun="key")


def policy_text(policy: Policy) -> str:
    """A policy as the TOML that ``read_policy`` reads back."""
    import tomli_w

    tables = {name: _plain(value) for name, value in asdict(policy).items()}
    tables["rule"] = _set_values(policy.rule)
    tables["features"] = [
        {name: value for name, value in feature.items() if value != []} for feature in tables["features"]
    ]
    # tomli_w writes an array over as many lines as it has items; arrays of plain values read better in one.
    text = re.sub(r"\[\n((?: {4}[^\n{}\[\]]+,\n)+)\]", lambda match: _in_one_line(match[1]), tomli_w.dumps(tables))
    return NOTE + text


def _in_one_line(items: str) -> str:
    return f"[{', '.join(item.strip().removesuffix(',') for item in items.splitlines())}]"


def rule_text(rule: Rule) -> str:
    """A rule in one line, as the settings of a run keep it."""
    return msgspec.json.encode(_set_values(rule), order="sorted").decode()


def rule_from(text: str) -> Rule:
    """The rule in one line. Raises ``ValueError``."""
    try:
        return decode_json(text.encode(), Rule)
    except Undecodable as error:
        raise ValueError(f"policy_rule is not a stopping rule: {error}; give --policy FILE.toml") from None


def _set_values(rule: Rule) -> dict[str, Any]:
    """The fields of a rule but those that are left at their defaults."""
    defaults = {each.name: each.default for each in fields(Rule)}
    values = {each.name: getattr(rule, each.name) for each in fields(Rule)}
    return {name: _plain(value) for name, value in values.items() if value and value != defaults[name]}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def mismatches(policy: Policy, settings: Mapping[str, Any], weights: str = "") -> list[str]:
    """Where a run differs from what the policy was tuned for, each in a few words; empty where it does not.

    ``settings`` are flat, as ``s1m.files.settings.flat`` gives them; ``weights`` is the fingerprint of the checkpoint
    where it is known. The same weights may have another name.
    """
    tuned = policy.tuned_on
    is_same_checkpoint = bool(weights) and weights == tuned.weights
    differing = []
    for name in MUST_AGREE:
        wanted, given = getattr(tuned, name), settings.get(name)
        if name == "model" and is_same_checkpoint:
            continue
        if given != wanted and not (isinstance(wanted, tuple) and tuple(given or ()) == wanted):
            differing.append(f"{name} {_shown(wanted)}, not {_shown(given)}")
    if weights and tuned.weights and weights != tuned.weights:
        differing.append(f"weights {tuned.weights}, not {weights}")
    most = settings.get("max_thinking_tokens")
    if isinstance(most, int) and most < tuned.max_thinking_tokens:
        differing.append(f"max_thinking_tokens {tuned.max_thinking_tokens}, not {most}")
    return differing


def refusal(path: str, differing: Sequence[str], flag: str = "--allow-policy-mismatch") -> str:
    """Why a policy is refused, in one line."""
    return (
        f"{path} was tuned with {'; '.join(differing)}: tune one for this model, use the same settings, or add {flag}"
    )


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return " | ".join(map(str, value))
    return repr(value) if isinstance(value, str) and not value.isprintable() else str(value)
