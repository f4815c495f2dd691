"""policy.toml: a stopping rule with what it was tuned on, what it guarantees, and how its features were distributed.

[rule]                 the rule itself, see ``s1m.forcing.stopping``
[tuned_on]             model, delimiters, sampling and budget of the run; keys as in its settings.toml
[guarantee]            in words and in numbers
[[features]]           distribution of each feature where the policy stopped, one value a problem: to notice drift
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from s1m.errors import UsageError, did_you_mean
from s1m.files.decoding import Undecodable, decode_json
from s1m.files.settings import read_toml
from s1m.forcing.stopping import Features, Rule

VERSION = 1
NOTE = "# Written by s1m tune. Use: s1m eval BENCHMARK --strategy policy --policy FILE; meaning: docs/tuning.md\n"
NUMBERS = ("ignored", "agreeing", "lead", "confidence", "tokens", "loops")
"""Features that are numbers; the others are words."""
WORDS = ("stop", "kind")
BINS = 10
DIGITS = 6
OTHER = "other"
"""The last word of a distribution of words: all that did not occur."""


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
    seed: int = 0
    """Of the split into halves."""
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
    """Ignored stops that the loss is against: the most accurate level on the tuning half, or the given one."""
    loss_bound: float
    """Upper confidence bound on the loss, on the certification half."""
    loss: float
    """As observed on the certification half; negative for a gain."""
    accuracy: float
    reference_accuracy: float
    tokens: float
    reference_tokens: float
    tokens_fraction: float
    tokens_fraction_low: float
    tokens_fraction_high: float
    lost: int
    """Problems that only the reference level answers correctly."""
    gained: int
    """Problems that only the policy answers correctly."""
    tuning_problems: int
    certification_problems: int
    candidates: int
    tested: int
    method: str


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """How one feature is distributed over the problems of the tuned run, at the stop where the policy stopped.

    Of numbers ``edges`` are the upper ends of all bins but the last, which is beyond the largest value; of words
    ``names`` are the bins, the last of them ``other``. ``shares`` sum to 1 over the values that are there; ``missing``
    is the share of problems without a value.
    """

    name: str
    edges: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    shares: tuple[Annotated[float, Meta(ge=0, le=1)], ...]
    missing: Annotated[float, Meta(ge=0, le=1)] = 0.0
    count: int
    """Problems."""

    def __post_init__(self) -> None:
        bins = len(self.names) if self.names else len(self.edges) + 1
        if len(self.shares) != bins or list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"feature {self.name} must have rising edges or names, and a share for every bin")

    def bin_of(self, features: Features) -> int | None:
        """The bin of a value; None where there is no value."""
        value: float | str | None = getattr(features, self.name)
        if value is None:
            return None
        if isinstance(value, str):
            return self.names.index(value) if value in self.names else len(self.names) - 1
        return _bin(value, self.edges)


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
    tables = read_toml(Path(path).expanduser())
    version = tables.get("version")
    if version != VERSION:
        given = "something else than a policy" if version is None else f"a policy of version {version!r}"
        raise UsageError(f"{path} is {given}; give one that s1m tune wrote (version {VERSION})")
    for kind, name in ((Policy, ""), (Rule, "rule"), (TunedOn, "tuned_on"), (Guarantee, "guarantee")):
        _check_keys(kind, tables[name] if name else tables, f"{path}: {name}".rstrip(": "))
    try:
        return msgspec.convert(tables, Policy)
    except (msgspec.ValidationError, ValueError) as error:
        raise UsageError(f"{path}: {error}; write it anew with s1m tune") from None


def _check_keys(kind: type, table: object, where: str) -> None:
    if not isinstance(table, Mapping):
        raise UsageError(f"{where}: it is not a table; write it anew with s1m tune")
    names = [each.name for each in fields(kind)]
    for key in table:
        if key not in names:
            raise UsageError(f"{where}: there is no key {key!r}{did_you_mean(str(key), names)}")
    absent = [name for name in ("rule", "tuned_on", "guarantee") if kind is Policy and name not in table]
    if absent:
        raise UsageError(f"{where}: [{absent[0]}] is missing; write it anew with s1m tune")


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


def distributions(features: Sequence[Features]) -> tuple[Distribution, ...]:
    """How the features are distributed over problems: numbers in bins at their deciles, words by name."""
    made = []
    for name in (*NUMBERS, *WORDS):
        values = [getattr(each, name) for each in features]
        there = [value for value in values if value is not None]
        if not there:
            continue
        if name in WORDS:
            names = (*sorted(set(there)), OTHER)
            shares = [round(sum(value == each for value in there) / len(there), DIGITS) for each in names]
            made.append(Distribution(name=name, names=names, shares=tuple(shares), count=len(values)))
            continue
        edges = _edges(there)
        index = [_bin(value, edges) for value in there]
        shares = [round(index.count(each) / len(there), DIGITS) for each in range(len(edges) + 1)]
        missing = round(1 - len(there) / len(values), DIGITS)
        made.append(Distribution(name=name, edges=edges, shares=tuple(shares), missing=missing, count=len(values)))
    return tuple(made)


def _bin(value: float, edges: Sequence[float]) -> int:
    """The place of the bin of a number: the last one is beyond all edges."""
    return sum(value > edge for edge in edges)


def _edges(values: Sequence[float]) -> tuple[float, ...]:
    """Upper ends of bins: the deciles, each once, and the largest value: beyond it lies what the run never had."""
    ordered = sorted(values)
    ends = [ordered[len(ordered) * part // BINS - 1] for part in range(1, BINS + 1) if len(ordered) * part >= BINS]
    return tuple(sorted({float(f"{end:.6g}") for end in ends}))
