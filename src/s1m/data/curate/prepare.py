"""What filters need before the first row is inspected: the rows, and whatever each filter puts beside them."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from s1m.data.curate.filters import in_order
from s1m.data.curate.filters.contamination import INDEX
from s1m.data.curate.inspect import Inspector, row_filters
from s1m.data.curate.settings import CurateSettings
from s1m.datasets.source import DEFAULT_SEED
from s1m.datasets.sources import load_examples
from s1m.errors import S1mError
from s1m.files import run_folder


def prepare(settings: CurateSettings, out: Path, console: Console) -> Inspector:
    """What inspects rows, with all that it needs on disk. Raises as ``load_examples`` and the filters do."""
    try:
        # The seed of the settings is for the choice; it must not change the rows to choose from.
        examples = load_examples(settings.data, seed=DEFAULT_SEED, delimiters=settings.delimiters)
        filters = row_filters(settings, out)
        for kind in in_order(settings.filters):
            kind.prepare(settings, examples, out, console)
    except S1mError:
        if not (out / "findings.jsonl").exists():  # a failed start must not tie the folder to its settings
            (out / INDEX).unlink(missing_ok=True)
            (out / run_folder.SETTINGS).unlink()
        raise
    return Inspector(examples=examples, filters=filters, settings=settings)
