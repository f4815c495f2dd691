"""``s1m data curate``: rows of any sources through a chain of filters, each of which says why it leaves a row out.

OUT/settings.toml     what was asked for; going on with other filters is refused, choosing anew is not
OUT/findings.jsonl    what every row was found to be, in order; an interrupted run goes on behind the last
OUT/index.npz         the benchmarks that nothing may be taken from
OUT/data/             what is kept: parquet in S1-M's columns, then its origin
OUT/rejects.jsonl     what is not: where it stands, which filter left it out, why
OUT/funnel.json       how many rows each filter was shown and left out, and its figure
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from s1m.data.curate.choose import beyond_choice, duplicates
from s1m.data.curate.inspect import UNREADABLE, Finding, Inspector, row_filters
from s1m.data.curate.look import look_at_all
from s1m.data.curate.settings import CHOOSING, FILTERS, NOT_CONTENT, CurateSettings
from s1m.data.curate.solved import solved_in
from s1m.data.curate.targets import build_index
from s1m.data.funnel import Refusal, build_funnel, print_funnel
from s1m.data.funnel_plot import write_funnel
from s1m.data.shards import write_shards
from s1m.data.trace_row import TraceRow
from s1m.datasets.source import DEFAULT_SEED, label_of
from s1m.datasets.sources import Examples, load_examples
from s1m.datasets.tokens import TokenCounter
from s1m.errors import DataError, S1mError
from s1m.files import run_folder
from s1m.files.json_lines import encode_line
from s1m.files.printing import Printer
from s1m.files.settings import to_toml
from s1m.files.writing import check_apart, writing


def curate(settings: CurateSettings) -> int:
    """Look at every row that has not been looked at, decide, and write what is kept. Exit code 130 when interrupted."""
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
            console.print("\ninterrupted; the same command goes on from there")
            return 130
        refused = decide(findings, settings)
        funnel = build_funnel(len(findings), stages(settings), refused.values())
        write(inspector, findings, refused, out)
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


def prepare(settings: CurateSettings, out: Path, console: Console) -> Inspector:
    """What looks at rows, with all that it needs on disk. Raises as ``load_examples`` and ``build_index`` do."""
    index = out / "index.npz"
    try:
        # The seed of the settings chooses; it must not change what there is to choose from.
        examples = load_examples(settings.data, seed=DEFAULT_SEED, delimiters=settings.delimiters)
        solved = {run: solved_in(Path(run)) for run in settings.solved_by}
        if "contamination" in settings.filters and not index.exists():
            _save_index(settings, examples, index, console)
    except S1mError:
        if not (out / "findings.jsonl").exists():  # nothing would be mixed up: a failed start must not bind the next
            index.unlink(missing_ok=True)
            (out / run_folder.SETTINGS).unlink()
        raise
    return Inspector(examples=examples, filters=row_filters(settings, index, solved), settings=settings)


def _save_index(settings: CurateSettings, examples: Examples, index: Path, console: Console) -> None:
    build_index(settings.target, examples, console).save(index)


def stages(settings: CurateSettings) -> list[str]:
    """The filters of the funnel, in the order in which they are asked."""
    return [UNREADABLE, *(name for name in FILTERS if name in settings.filters)]


def decide(findings: Sequence[Finding], settings: CurateSettings) -> dict[int, Refusal]:
    """Which rows are left out, by their number."""
    refused = {finding.number: Refusal(finding.filter, finding.reason) for finding in findings if finding.filter}
    passing = [finding for finding in findings if not finding.filter]
    if "duplicates" in settings.filters:
        repeated = duplicates(passing, settings.per_question)
        refused |= {number: Refusal("duplicates", reason) for number, reason in repeated.items()}
        passing = [finding for finding in passing if finding.number not in repeated]
    if "choice" in settings.filters:
        unwanted = beyond_choice(passing, settings)
        refused |= {number: Refusal("choice", reason) for number, reason in unwanted.items()}
    return refused


def write(inspector: Inspector, findings: Sequence[Finding], refused: Mapping[int, Refusal], out: Path) -> None:
    """Write what is kept and what is not. Raises ``DataError`` when nothing is kept, or a row is another by now."""
    examples = inspector.examples
    with writing(out / "rejects.jsonl") as file:
        for finding in findings:
            if refusal := refused.get(finding.number):
                place, source = examples.location(finding.number), examples.names[examples.source(finding.number)]
                line = {"place": place, "source": source, "id": finding.id, "filter": refusal.filter}
                file.write(encode_line({**line, "reason": refusal.reason}))
    kept = [finding for finding in findings if finding.number not in refused]
    if not kept:
        raise DataError(f"no row is kept; see {out / 'rejects.jsonl'}")
    several = any(finding.images > 1 for finding in kept)
    write_shards(_rows(inspector, kept), out / "data", several_images=several)


def _rows(inspector: Inspector, kept: Iterable[Finding]) -> Iterator[TraceRow]:
    examples = inspector.examples
    for finding in kept:
        row = inspector.again(finding)
        source = row.origin.get("source") or label_of(examples.names[examples.source(finding.number)])
        yield replace(row, origin={**row.origin, "id": finding.id, "source": source, "tokens": finding.tokens})
