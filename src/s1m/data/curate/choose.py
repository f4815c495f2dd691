"""Which of the rows that pass are kept: no duplicates, no domain beyond its quota, the long ones rather than the short.

Everything here needs only the findings, not the rows.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from s1m.data.curate.duplicates import find_duplicates
from s1m.data.curate.filter_settings import FilterSettings
from s1m.data.curate.finding import Finding
from s1m.errors import UsageError, did_you_mean


def longest_first(findings: Sequence[Finding]) -> list[Finding]:
    """The rows in the order in which one is preferred to another: longer ones first, equal lengths by their ids.

    The order of the source does not matter, so that the same rows in another order give the same choice.
    """
    return sorted(findings, key=lambda finding: (-finding.tokens, finding.id, finding.number))


def duplicates(findings: Sequence[Finding], per_question: int) -> dict[int, str]:
    """Rows whose question, with its images, ``per_question`` longer rows have already, and copies of rows."""
    preferred = longest_first(findings)
    repeats = find_duplicates([finding.signature for finding in preferred])
    refused: dict[int, str] = {}
    ids: set[str] = set()
    asked: Counter[int] = Counter()
    for index, (finding, repeated) in enumerate(zip(preferred, repeats, strict=True)):
        first = repeated.first if repeated else index
        if finding.id in ids:
            refused[finding.number] = f"the same row: {finding.id}"
        elif repeated and asked[first] >= per_question:
            refused[finding.number] = f"the same question, {repeated.kind}: of {preferred[first].id}"
        else:
            asked[first] += 1
        ids.add(finding.id)
    return refused


def beyond_choice(findings: Sequence[Finding], settings: FilterSettings) -> dict[int, str]:
    """Rows that pass every filter and are still not wanted: too many of a domain, or at all.

    Raises ``UsageError`` for a quota of a domain that none of them is of.
    """
    waiting = longest_first(findings)
    refused = _beyond_quotas(waiting, settings.quotas)
    waiting = [finding for finding in waiting if finding.number not in refused]
    if settings.keep is not None and len(waiting) > settings.keep:
        chosen = choose(waiting, settings.keep, settings.choice, random.Random(settings.seed))
        refused |= {finding.number: "not chosen" for finding in waiting if finding.number not in chosen}
    return refused


def choose(findings: Sequence[Finding], keep: int, how: str, rng: random.Random) -> set[int]:
    """The numbers of ``keep`` rows out of more."""
    preferred = longest_first(findings)
    if how == "random":
        return {finding.number for finding in rng.sample(preferred, keep)}
    if how == "longest":
        return {finding.number for finding in preferred[:keep]}
    return choose_s1(preferred, keep, rng)


def choose_s1(preferred: Sequence[Finding], keep: int, rng: random.Random) -> set[int]:
    """As s1 chooses: a domain uniformly among those left, in it the row of rank r with a weight of 2 to the power -r.

    Ranks start at the longest, and a row is chosen once (N. Muennighoff et al., arXiv 2501.19393, section 2.2).
    """
    by_domain: dict[str, list[int]] = defaultdict(list)
    for finding in preferred:
        by_domain[finding.domain].append(finding.number)
    # Sorted, since a seed draws by index: the order of the source must not change the choice.
    domains = sorted(by_domain)
    chosen: set[int] = set()
    while len(chosen) < keep and domains:
        domain = rng.choice(domains)
        waiting = by_domain[domain]
        chosen.add(waiting.pop(_rank(len(waiting), rng)))
        if not waiting:
            domains.remove(domain)
    return chosen


def _rank(count: int, rng: random.Random) -> int:
    """A rank below ``count`` with weights 1, 1/2, 1/4, …: how often a coin falls on the same side."""
    while True:
        rank = 0
        while rng.random() < 0.5:
            rank += 1
        # Drawn anew rather than cut to the last rank, which would make the shortest row as likely as all that are cut.
        if rank < count:
            return rank


def _beyond_quotas(preferred: Sequence[Finding], quotas: Mapping[str, int]) -> dict[int, str]:
    domains = sorted({finding.domain for finding in preferred})
    for name in quotas:
        if name not in domains:
            near = did_you_mean(name, domains)
            raise UsageError(
                f"[quotas]: no row that passes is of the domain {name!r}{near}; there are: {', '.join(domains)}"
            )
    seen: Counter[str] = Counter()
    refused = {}
    for finding in preferred:
        seen[finding.domain] += 1
        if finding.domain in quotas and seen[finding.domain] > quotas[finding.domain]:
            refused[finding.number] = f"beyond the quota: {finding.domain}"
    return refused
