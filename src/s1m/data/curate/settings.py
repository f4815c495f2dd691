"""Settings of ``s1m data curate``: one frozen dataclass, and one for every kind of table in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from msgspec import Meta

from s1m.data.curate.filter_settings import Choosing, Target
from s1m.data.curate.filters import FILTERS, default_filters, in_order
from s1m.datasets.source import Source, sources_from
from s1m.errors import UsageError, did_you_mean
from s1m.evaluate.settings.spelling import spell_family
from s1m.families import BY_FAMILY, DEFAULT, Delimiters
from s1m.files.settings import LATER, Count, settings_from

Fraction = Annotated[float, Meta(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class CurateSettings:
    """Settings of ``s1m data curate``; a [[data]] table for every source, a [[target]] table for every benchmark."""

    data: tuple[Source, ...]
    """Sources of rows."""
    out: str
    """Folder for what is kept, what is not, and why."""
    target: tuple[Target, ...] = ()
    """Benchmarks to decontaminate against."""

    filters: tuple[str, ...] = field(default_factory=default_filters, metadata={"names": FILTERS})
    """The filters to apply."""
    family: str = field(default="given", metadata=LATER, compare=False)
    """Whose delimiters the rows that are kept have: given (those of the two keys below, which win anyway), or a name
    that s1m families lists. Those of any family are read."""
    thinking_open: str = DEFAULT.opening
    """The delimiter that begins the thinking."""
    thinking_close: str = DEFAULT.closing
    """The delimiter that ends the thinking."""
    scripts: tuple[str, ...] = ("latin",)
    """Scripts that responses may be written in, by their Unicode names: latin, cjk, cyrillic, arabic."""
    verified: bool = False
    """Leave out rows that have no answer to compare with, too."""
    solved_by: tuple[str, ...] = ()
    """Run folders of small models (s1m eval) on the same problems: what they solve is too easy."""
    solved_share: Fraction = 0.0
    """How much of its attempts a small model may solve of a problem that is kept; 0: nothing."""
    tokenizer: str = ""
    """Folder or Hub id of what counts tokens (empty: estimated)."""

    keep: Count | None = None
    """How many rows to choose of those that pass (none: all)."""
    choice: Choosing = "s1"
    """s1: a domain at random, then one of its rows, longer ones likelier by powers of two."""
    per_question: Count = 1
    """Most responses to one question about the same images, the longest."""
    quotas: dict[str, Count] = field(default_factory=dict)
    """Most rows of a domain, by its name, as a [quotas] table."""
    seed: int = 42
    """Seed of the choice; it changes no row."""

    workers: Annotated[int, Meta(ge=0)] = 2
    """Processes that inspect rows."""
    ray: str = ""
    """Inspect rows on a Ray cluster instead: its address, or local for one on this machine."""

    @property
    def delimiters(self) -> Delimiters:
        """What thinking stands between."""
        return Delimiters(self.thinking_open, self.thinking_close)

    def __post_init__(self) -> None:
        if not self.data:
            raise ValueError("data: the list of sources is empty; add a [[data]] table with a path")
        if self.family not in ("given", *BY_FAMILY):
            near = did_you_mean(self.family, BY_FAMILY)
            raise ValueError(f"rows have no family {self.family!r}{near}; s1m families lists them")
        for kind in in_order(self.filters):
            if kind.needs and not getattr(self, kind.needs):
                raise UsageError(f"the filter {kind.name} needs {kind.needs_help}, or leave it out of filters")
        for name, kind in FILTERS.built_in().items():
            for setting in kind.own_settings:
                given = getattr(self, setting)
                if given and given != getattr(type(self), setting, None) and name not in self.filters:
                    raise UsageError(f"{setting} is for the filter {name}, which is not among the filters")


NOT_CONTENT = frozenset({"out", "workers", "ray", "family"})
"""Settings that change no row, so that a curation may be resumed with other values."""
CHOOSING = frozenset({"keep", "choice", "per_question", "quotas", "seed"})
"""Settings that change only which of the rows that pass are chosen: no row need be inspected again."""


def curate_settings(given: Mapping[str, Any], source: str = "settings") -> CurateSettings:
    """Settings of ``s1m data curate`` from plain values, as TOML or flags give them.

    Raises ``UsageError`` that names ``source`` and the key for an unknown key, a wrong type or an impossible value.
    """
    values = {**given, "data": sources_from(given.get("data", ()), source)}
    tables = given.get("target", ())
    if not isinstance(tables, list | tuple) or not all(isinstance(table, Mapping) for table in tables):
        raise UsageError(f"{source}: every target is a table of its own: [[target]], in two brackets")
    values["target"] = [
        settings_from(Target, table, f"{source}, [[target]] {number}") for number, table in enumerate(tables, start=1)
    ]
    spell_family(values, line_break=False)
    return settings_from(CurateSettings, values, source)
