"""Print a table and keep it in perf/results, with the machine it was measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def keep(
    name: str,
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    notes: Sequence[str],
    *,
    script: str = "",
) -> None:
    """Print a Markdown table and write it to ``perf/results/NAME.md``; ``script`` made it, unless it has that name."""
    lines = [f"# {title}", "", f"`python perf/{script or name}.py`, {datetime.now(UTC):%Y-%m-%d}, {machine()}.", ""]
    lines += [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    lines += ["", *(f"- {note}" for note in notes)]
    text = "\n".join(lines).rstrip() + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")


def machine() -> str:
    """Cores, threads and versions of this machine."""
    import torch
    import transformers

    return (
        f"{os.cpu_count()} cores, {torch.get_num_threads()} torch threads, Python {platform.python_version()}, torch "
        f"{torch.__version__}, transformers {transformers.__version__}"
    )
