"""``s1m data publish``: rows as a dataset that others can load, with a card that says what it is and how it came to be.

OUT/data/train-00000-of-0000N.parquet   S1-M's columns, then the origin of every row
OUT/figures/                            token lengths, and the funnel where there was one
OUT/README.md                           the card
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from s1m.analysis.display.style import save_figure
from s1m.benchmarks import find_benchmark
from s1m.data.funnel import Funnel
from s1m.data.publish.card import Card, Published
from s1m.data.shards import named, write_shards
from s1m.data.stats.measure import Spread
from s1m.data.stats.plot import plot_lengths
from s1m.data.trace_row import TraceRow, trace_row
from s1m.datasets.example import Unusable
from s1m.datasets.source import DEFAULT_SEED, Source, label_of
from s1m.datasets.sources import Examples, load_examples
from s1m.datasets.tokens import TokenCounter
from s1m.errors import DataError, UsageError
from s1m.families import DEFAULT
from s1m.files.decoding import read_json
from s1m.files.json_lines import read_lines
from s1m.files.paths import user_path
from s1m.files.printing import Printer
from s1m.files.run_folder import SETTINGS
from s1m.files.settings import read_toml
from s1m.files.writing import check_apart, replace_file


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A source as it was named: its rows, and how they came to be, for the folder of a curation or distillation."""

    name: str
    source: Source
    funnel: Funnel | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def targets(self) -> list[str]:
        """The benchmarks, and their splits, that it was checked against."""
        tables = self.settings.get("target", [])
        checked = [(table["benchmark"], table.get("split")) for table in tables]
        return [f"{benchmark} {split or find_benchmark(benchmark).splits[0]}" for benchmark, split in checked]


def publish_dataset(
    paths: Sequence[str], out: Path, *, name: str, licence: str, counter: TokenCounter, allow_outside: str = ""
) -> int:
    """Write the dataset. Exit code 0; raises ``UsageError`` for a folder that holds something else.

    Tokens are counted as the curations counted them where ``counter`` has no tokenizer and they agree on one.
    """
    check_given(out, licence)
    origins = [find_origin(path, allow_outside) for path in paths]
    check_apart(out / "data", [user_path(origin.source.path) for origin in origins])
    counter = counter if counter.tokenizer else TokenCounter(_tokenizer(origins))
    counter.check()
    examples = load_examples([origin.source for origin in origins], seed=DEFAULT_SEED, delimiters=DEFAULT)
    said, spread = Counter[tuple[str, str]](), Spread(name=name or out.resolve().name)
    several = _several_images(examples)
    count = write_shards(_rows(examples, counter, said, spread), out / "data", several_images=several)
    if not count:
        raise DataError(f"{' '.join(paths)}: there is no row to publish")
    card = Card(
        name=spread.name,
        licence=licence,
        rows=count,
        spread=spread,
        counted=counter.by,
        sources=said,
        origins=[
            Published(
                name=origin.name, funnel=origin.funnel, figure=_figure(index, len(origins)), targets=origin.targets
            )
            for index, origin in enumerate(origins)
        ],
        contaminated=sum((_contaminated(origin) for origin in origins), Counter()),
        several_images=several,
    )
    _write_card(card, origins, out)
    console = Printer()
    copies = len(examples) - count
    console.print(f"{count:,} rows and a card{f', {copies:,} copies left out' if copies else ''}: {out}")
    console.print(f"upload them with: hf upload --repo-type dataset YOUR_NAME/{card.name} {out}")
    return 0


def _write_card(card: Card, origins: Sequence[Origin], out: Path) -> None:
    """Write the card and its figures."""
    figures = out / "figures"
    with named(out):
        save_figure(plot_lengths([card.spread], card.counted), figures / "lengths")
        for origin, published in zip(origins, card.origins, strict=True):
            if origin.folder and (origin.folder / "funnel.png").exists():
                replace_file(figures / published.figure, (origin.folder / "funnel.png").read_bytes())
        replace_file(out / "README.md", card.text())


def check_given(out: Path, licence: str) -> None:
    """Raise ``UsageError`` for a folder that holds something else, and for what is not the id of a licence."""
    if licence and not re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", licence):
        raise UsageError(f"--licence is an id of the Hub, such as apache-2.0 or cc-by-4.0, not {licence!r}")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; choose another --out")
    if (out / SETTINGS).exists() or (out.exists() and any(out.iterdir()) and not (out / "data").is_dir()):
        raise UsageError(f"{out} holds something else than a dataset; choose another --out")


def find_origin(path: str, allow_outside: str = "") -> Origin:
    """What a source named on the command line is. Raises ``DataError`` for a damaged folder."""
    folder = user_path(path)
    if not (folder / "funnel.json").exists():
        return Origin(name=label_of(path), source=Source(path=path, allow_outside=allow_outside or None))
    funnel = read_json(folder / "funnel.json", Funnel)
    settings = read_toml(folder / SETTINGS)
    return Origin(
        name=folder.name, source=Source(path=str(folder / "data")), funnel=funnel, settings=settings, folder=folder
    )


def _tokenizer(origins: Sequence[Origin]) -> str:
    """The tokenizer that everything was counted by before; nothing where there are several, or none."""
    names = {origin.settings.get("tokenizer", "") for origin in origins}
    return names.pop() if len(names) == 1 else ""


def _figure(index: int, count: int) -> str:
    """The file of the funnel of what was published in this place."""
    return "funnel.png" if count == 1 else f"funnel_{index + 1}.png"


def _rows(
    examples: Examples, counter: TokenCounter, said: Counter[tuple[str, str]], spread: Spread
) -> Iterator[TraceRow]:
    """All rows, in order, each once. Where each says to be from, and its licence, is counted in ``said``, how long the
    rows of a source are in ``spread``.
    """
    delimiters = DEFAULT
    written: set[str] = set()
    for number in range(len(examples)):
        try:
            row = trace_row(examples[number], delimiters)
        except Unusable as error:
            raise DataError(
                f"{examples.location(number)} cannot be published ({error}); run s1m data curate on it first"
            ) from None
        if row.id in written:
            continue
        written.add(row.id)
        source = row.origin.get("source") or label_of(examples.names[examples.source(number)])
        said[source, row.origin.get("licence", "")] += 1
        tokens = counter(row.response)
        spread.counts[source, tokens] += 1
        facts = {"id": row.id, "source": source, "tokens": tokens}
        yield replace(row, origin={**row.origin, **facts})


def _several_images(examples: Examples) -> bool:
    """Whether any row has more than one image."""
    for number in range(len(examples)):
        try:
            if len(examples.outline(number).sizes) > 1:
                return True
        except Unusable:
            continue
    return False


def _contaminated(origin: Origin) -> Counter[str]:
    """How many rows of a curation were left out for standing in a benchmark, by how that was found."""
    path = origin.folder and origin.folder / "rejects.jsonl"
    kinds: Counter[str] = Counter()
    if path and path.exists():
        lines = read_lines(path, dict[str, Any])
        kinds.update(
            str(line.get("reason", "")).partition(":")[0] for line in lines if line.get("filter") == "contamination"
        )
    return kinds
