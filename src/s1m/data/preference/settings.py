"""Settings of ``s1m data pairs``: which runs, what counts as worse, and how many pairs a problem may give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta

from s1m.data.curate.filter_settings import Target
from s1m.files.settings import Count, FilePath, settings_from

Reason = Literal["looped", "unclosed", "capped", "wrong", "long"]
"""Why a response is rejected: it repeated itself, ended the turn without closing its thinking, spent the budget without
closing it, answered wrong, or was right at far greater length."""
REASONS: tuple[Reason, ...] = get_args(Reason)


@dataclass(frozen=True, kw_only=True)
class PairSettings:
    """Settings of ``s1m data pairs``."""

    runs: tuple[str, ...]
    """Run folders of s1m eval or s1m data distill."""
    out: FilePath
    """Folder for the pairs and for what they were made of."""

    reasons: tuple[Reason, ...] = REASONS
    """What is rejected: looped, unclosed (the turn ended without the delimiter), capped (the budget was spent), wrong,
    long."""
    longer: Annotated[float, Meta(gt=1)] = 2.0
    """long: how many times as long as the chosen response a right one must be to be rejected."""
    longer_by: Count = 64
    """long: and how many tokens longer at least."""
    per_problem: Count = 4
    """Most pairs of a problem; the reasons take turns."""
    target: tuple[str, ...] = ()
    """Benchmarks of which no problem may be in a pair: NAME, NAME:SPLIT, or NAME:SPLIT=FOLDER for local data."""
    any_split: bool = False
    """Also take problems of a split that models are measured on."""
    tokenizer: str = ""
    """Folder or Hub id of what counts tokens, or bundled (empty: estimated)."""

    def __post_init__(self) -> None:
        if not self.runs:
            raise ValueError("runs: name at least one run folder")
        if not self.reasons:
            raise ValueError(f"reasons is empty; name some of {', '.join(REASONS)}")

    @property
    def targets(self) -> tuple[Target, ...]:
        """The benchmarks of ``target``."""
        return tuple(map(target_from, self.target))


def target_from(text: str) -> Target:
    """A benchmark as ``--target`` spells it."""
    name, _, folder = text.partition("=")
    # module:Class has a colon of its own, and a capital after it
    benchmark, _, split = name.rpartition(":") if ":" in name else (name, "", "")
    if split[:1].isupper():
        benchmark, split = name, ""
    return Target(benchmark=benchmark, split=split, data=folder)


def pair_settings(given: Mapping[str, Any]) -> PairSettings:
    """Settings of ``s1m data pairs`` from flags. Raises ``UsageError`` for an impossible value."""
    return settings_from(PairSettings, given, "s1m data pairs")
