"""``s1m data curate``: rows of any sources through a chain of filters, each of which says why it leaves a row out.

OUT/settings.toml     the settings; resuming with other filters is refused, with another choice it is not
OUT/findings.jsonl    what inspection found in every row, in order; an interrupted run resumes after the last
OUT/index.npz         the benchmarks to decontaminate against
OUT/data/             what is kept: parquet in S1-M's columns, then its origin
OUT/rejects.jsonl     what is not: its file and row, which filter left it out, why
OUT/funnel.json       how many rows each filter was shown and left out, and its figure
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from s1m.data.curate.filters import in_order
from s1m.data.curate.finding import Finding
from s1m.data.curate.inspect import UNREADABLE, Inspector
from s1m.data.curate.look import look_at_all
from s1m.data.curate.prepare import prepare
from s1m.data.curate.settings import CHOOSING, NOT_CONTENT, CurateSettings
from s1m.data.funnel import Refusal, build_funnel, print_funnel
from s1m.data.funnel_plot import write_funnel
from s1m.data.shards import write_shards
from s1m.data.trace_row import TraceRow
from s1m.datasets.source import label_of
from s1m.datasets.tokens import TokenCounter
from s1m.errors import DataError
from s1m.files import run_folder
from s1m.files.json_lines import encode_line
from s1m.files.printing import Printer
from s1m.files.progress import counted
from s1m.files.settings import to_toml
from s1m.files.writing import check_apart, writing


def curate(settings: CurateSettings) -> int:
    """Inspect every row that has not been inspected, decide, write what is kept. Exit code 130 when interrupted."""
    console = Printer(stderr=True)
    TokenCounter(settings.tokenizer).check()
    out = Path(settings.out)
    check_apart(out / "data", [Path(source.path).expanduser() for source in settings.data])
    with run_folder.held(out):
        run_folder.claim(out, to_toml(settings), loose=NOT_CONTENT | CHOOSING, work="curation")
        try:
            inspector = prepare(settings, out, console)
            findings = look_at_all(inspector, out / "findings.jsonl", console)
        except KeyboardInterrupt:
            console.print("\ninterrupted; re-run the command to resume")
            return 130
        refused = decide(findings, settings)
        funnel = build_funnel(len(findings), stages(settings), refused.values())
        write(inspector, findings, refused, out, console)
        write_funnel(funnel, out)
    print_funnel(funnel, Printer(soft_wrap=False))
    console.print(
        f"{funnel.kept:,} of {funnel.rows:,} rows are kept in {out / 'data'}; why not: {out / 'rejects.jsonl'}"
    )
    if settings.solved_by and not any(refusal.filter == "easy" for refusal in refused.values()):
        console.print("nothing was too easy: is the column problem of the rows the id of the problems in solved_by?")
    if settings.keep is not None and funnel.kept < settings.keep:
        console.print(f"fewer than keep = {settings.keep:,}: no more rows pass")
    return 0


def stages(settings: CurateSettings) -> list[str]:
    """The filters of the funnel, in their order."""
    return [UNREADABLE, *(kind.name for kind in in_order(settings.filters))]


def decide(findings: Sequence[Finding], settings: CurateSettings) -> dict[int, Refusal]:
    """Which rows are left out, by their number."""
    refused = {finding.number: Refusal(finding.filter, finding.reason) for finding in findings if finding.filter}
    passing = [finding for finding in findings if not finding.filter]
    for kind in in_order(settings.filters):
        if kind.looks_at == "rows":
            reasons = kind.build(settings, Path(settings.out)).refuses_among(passing)
            refused |= {number: Refusal(kind.name, reason) for number, reason in reasons.items()}
            passing = [finding for finding in passing if finding.number not in reasons]
    return refused


def write(
    inspector: Inspector, findings: Sequence[Finding], refused: Mapping[int, Refusal], out: Path, console: Console
) -> None:
    """Write what is kept and what is not. Raises ``DataError`` when nothing is kept, or a row has changed."""
    examples = inspector.examples
    with writing(out / "rejects.jsonl") as file:
        for finding in findings:
            if refusal := refused.get(finding.number):
                location, source = examples.location(finding.number), examples.names[examples.source(finding.number)]
                line = {"place": location, "source": source, "id": finding.id, "filter": refusal.filter}
                file.write(encode_line({**line, "reason": refusal.reason}))
    kept = [finding for finding in findings if finding.number not in refused]
    if not kept:
        raise DataError(f"no row is kept; see {out / 'rejects.jsonl'}")
    several = any(finding.images > 1 for finding in kept)
    with counted(console, "writing rows", len(kept)) as advance:
        write_shards(_rows(inspector, kept, advance), out / "data", several_images=several)


def _rows(inspector: Inspector, kept: Iterable[Finding], advance: Callable[[int], None]) -> Iterator[TraceRow]:
    examples = inspector.examples
    for finding in kept:
        row = inspector.again(finding)
        source = row.origin.get("source") or label_of(examples.names[examples.source(finding.number)])
        yield replace(row, origin={**row.origin, "id": finding.id, "source": source, "tokens": finding.tokens})
        advance(1)
