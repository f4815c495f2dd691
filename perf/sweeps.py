"""Nested against independent sweep, 0-7, on the same held-out problems: tokens spent, and whether accuracies agree."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from keep import keep

from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import LevelSummary
from s1m.evaluate.store import load_run

CONFIG = Path(__file__).parent.parent / "src" / "s1m" / "assets" / "digits.toml"


def shown(level: LevelSummary) -> str:
    """An accuracy with its 95 % confidence interval, in per cent."""
    return f"{100 * level.accuracy:.1f} [{100 * level.accuracy_ci95.low:.1f}, {100 * level.accuracy_ci95.high:.1f}]"


def main() -> None:
    """Run both sweeps through the command line, then write one table."""
    with tempfile.TemporaryDirectory() as scratch:
        summaries = []
        for sweep in ("nested", "independent"):
            out = f"{scratch}/{sweep}"
            command = ["eval", "digits", "--config", str(CONFIG), "--sweep", sweep, "--out", out]
            subprocess.run([sys.executable, "-m", "s1m.cli", *command], check=True, stdout=subprocess.DEVNULL)
            summaries.append(summarize(load_run(Path(out))))
    nested, independent = summaries
    rows = []
    for at_once, apart in zip(nested.levels, independent.levels, strict=True):
        low, high = at_once.accuracy_ci95.low, at_once.accuracy_ci95.high
        meets = low <= apart.accuracy_ci95.high and apart.accuracy_ci95.low <= high
        rows.append(
            (
                at_once.level,
                shown(at_once),
                shown(apart),
                "yes" if meets else "NO",
                f"{at_once.thinking_tokens_mean:.0f}",
                f"{apart.thinking_tokens_mean:.0f}",
            )
        )
    fraction = nested.generated_tokens / independent.generated_tokens
    keep(
        "sweeps",
        "Nested and independent sweep",
        ("num_ignore", "nested, %", "independent, %", "intervals meet", "nested thinking tokens", "independent"),
        rows,
        [
            f"{nested.problems} problems; generated tokens: nested {nested.generated_tokens:,}, independent "
            f"{independent.generated_tokens:,}: a fraction of {fraction:.3f}.",
            f"Wall seconds: nested {nested.wall_seconds:.0f}, independent {independent.wall_seconds:.0f}.",
        ],
    )


if __name__ == "__main__":
    main()
