"""``s1m data pairs``: preference pairs from runs of a model, to teach it to end its thinking.

OUT/data/           the pairs: parquet in TRL's preference format, then the reason and where each is from
OUT/rejects.jsonl   the problems without a pair, and why
OUT/funnel.json     how many problems have pairs, and its figure
OUT/summary.json    pairs and lengths by reason
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from s1m.data.curate.filters.contamination import build_index
from s1m.data.funnel import Refusal, build_funnel, print_funnel
from s1m.data.funnel_plot import write_funnel
from s1m.data.preference.candidates import Candidate
from s1m.data.preference.match import Match, matches
from s1m.data.preference.rows import PairRow, features
from s1m.data.preference.settings import PairSettings
from s1m.data.preference.sources import Asked, Source, gathered, open_sources
from s1m.data.preference.summary import Summary, print_summary, summary_of
from s1m.data.shards import Sized, check_replaceable, named, write_tables
from s1m.datasets.tokens import TokenCounter
from s1m.errors import DataError, UsageError
from s1m.files.json_lines import encode_line
from s1m.files.printing import Printer
from s1m.files.progress import counted
from s1m.files.writing import check_apart, replace_file, writing

if TYPE_CHECKING:
    from s1m.data.contamination import ContaminationIndex

OWN = re.compile(r"data|rejects\.jsonl|summary\.json|funnel\.\w+")
"""What is written into the folder; one that holds anything else is left alone."""
STAGES = ("right", "worse", "contamination")
"""Of the funnel: a problem needs a response to choose and a worse one, and must not be a benchmark's."""


def make_pairs(settings: PairSettings) -> int:
    """Read the runs, write the pairs and what they are; the exit code."""
    console, out = Printer(stderr=True), Path(settings.out)
    counter = TokenCounter(settings.tokenizer).check()
    check_apart(out, [Path(run).expanduser() for run in settings.runs])
    check_own(out)
    sources = open_sources(settings)
    candidates = gathered(sources, counter)
    index = None
    if settings.targets:
        questions = (sources[asked.run].problems[asked.index].question for asked in candidates)
        index = build_index(settings.targets, questions, console)
    kept, refused = decide(candidates, sources, settings, index, console)
    with named(out), writing(out / "rejects.jsonl") as file:
        for asked, refusal in refused.items():
            problem = sources[asked.run].problems[asked.index].id
            line = {"problem": problem, "filter": refusal.filter, "reason": refusal.reason}
            file.write(encode_line(line))
    funnel = build_funnel(len(candidates), STAGES, refused.values(), unit="problems")
    write_funnel(funnel, out)
    if not kept:
        raise DataError(f"no problem has a pair; see {out / 'rejects.jsonl'}")
    summary = summary_of(kept.values(), counter.by)
    with named(out):
        replace_file(out / "summary.json", json.dumps(summary.as_json(), indent=2) + "\n")
    write_tables(_sized(kept, sources, console), out / "data", features)
    print_funnel(funnel, Printer(soft_wrap=False))
    print_summary(summary, Printer(soft_wrap=False))
    say_where(out, summary, settings, console)
    return 0


def check_own(out: Path) -> None:
    """Raise ``UsageError`` for a folder that holds anything but pairs: it would be lost."""
    check_replaceable(out / "data")
    others = sorted(path.name for path in out.iterdir() if not OWN.fullmatch(path.name)) if out.is_dir() else []
    if others or out.is_file():
        what = f"holds something else than pairs, such as {others[0]}" if others else "is a file"
        raise UsageError(f"{out} {what}; choose another --out")


def decide(
    candidates: Mapping[Asked, Sequence[Candidate]],
    sources: Sequence[Source],
    settings: PairSettings,
    index: ContaminationIndex | None,
    console: Console,
) -> tuple[dict[Asked, list[Match]], dict[Asked, Refusal]]:
    """The pairs of every problem that has some, and why the others have none."""
    kept: dict[Asked, list[Match]] = {}
    refused: dict[Asked, Refusal] = {}
    with counted(console, "pairing problems", len(candidates)) as advance:
        for asked, some in candidates.items():
            advance(1)
            made = matches(some, settings)
            if isinstance(made, str):
                refused[asked] = Refusal("worse" if _has_right(some) else "right", made)
                continue
            problem = sources[asked.run].problems[asked.index]
            match = index.check(problem.question, problem.images) if index else None
            if match:
                found = f"{match.kind}: {match.benchmark} {match.problem}, {match.detail}"
                refused[asked] = Refusal("contamination", found)
            else:
                kept[asked] = made
    return kept, refused


def say_where(out: Path, summary: Summary, settings: PairSettings, console: Console) -> None:
    """Print where the pairs are, and what was not done to them."""
    console.print(f"{summary.pairs:,} pairs of {summary.problems:,} problems: {out / 'data'}", markup=False)
    if not settings.targets:
        console.print(
            "not compared with any benchmark: add --target NAME for every benchmark that the model will be measured on"
        )


def _has_right(candidates: Iterable[Candidate]) -> bool:
    return any(each.ending == "closed" and each.right for each in candidates)


def _sized(kept: Mapping[Asked, Sequence[Match]], sources: Sequence[Source], console: Console) -> Iterator[Sized]:
    """The rows, each problem's images read once."""
    with counted(console, "writing pairs", sum(map(len, kept.values()))) as advance:
        for asked, some in kept.items():
            source = sources[asked.run]
            problem = source.problems[asked.index]
            domain = source.page.breakdowns[0] if source.page.breakdowns else ""
            facts = {
                "source": source.page.name,
                "domain": problem.metadata.get(domain, ""),
                "model": source.settings.engine.model,
                "licence": source.page.licence,
            }
            for match in some:
                row = PairRow(
                    problem=problem,
                    question=source.question(problem),
                    system_prompt=source.settings.engine.system_prompt,
                    match=match,
                    facts=facts,
                )
                yield row.sized()
                advance(1)
