"""The effect of forcing-aware targets: the same training with and without them, and a forced sweep of both models.

Both start from the bundled model and see the same traces in the same order for a few minutes. Without the targets,
the model learns the ignore string at an ignored stop. `python perf/forcing_targets.py`, about ten minutes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from keep import keep

from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import LevelSummary
from s1m.evaluate.store import load_run
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.types import Record

STEPS = 150
PROBLEMS = 128
CONFIG = Path(__file__).parent.parent / "src" / "s1m" / "assets" / "digits.toml"
UNPROMPTED = re.compile(rf"^(?:{'|'.join(re.escape(text) for text in IGNORE_STRINGS['s1m'])})", re.MULTILINE)
LOOK = re.compile("so far")
"""Every look at the digits contains it once."""
TRAINING = f"""
model = "bundled"
max_tokens = 1024
pack_tokens = 8192
max_steps = {STEPS}
epochs = 1
learning_rate = 1e-3
gradient_checkpointing = false
workers = 0
precision = "fp32"
save_every = 10000
[[data]]
path = "digits"
rows = 6000
"""


def main() -> None:
    """Train, sweep and count, with the targets and without."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, flag in (("on", "--forcing-targets"), ("off", "--no-forcing-targets")):
            folder = Path(scratch) / name
            folder.mkdir()
            (folder / "train.toml").write_text(TRAINING, encoding="utf-8")
            s1m("train", str(folder / "train.toml"), flag, "--out", str(folder / "trained"))
            model = ("--model", str(folder / "trained" / "model"))
            s1m(
                "eval",
                "digits",
                "--config",
                str(CONFIG),
                *model,
                "--limit",
                str(PROBLEMS),
                "--out",
                str(folder / "run"),
            )
            run = load_run(folder / "run")
            levels = summarize(run).levels
            rows += table(name, levels, run.records)
    keep(
        "forcing_targets",
        "Forcing-aware targets, on and off",
        ("targets", "", *(str(level.level) for level in levels)),
        rows,
        [
            f"Both from the bundled model, {STEPS} steps of 8,192 tokens of digits traces at a peak of 1e-3; then "
            f"{PROBLEMS} held-out problems, temperature 1, 0 to 7 ignored stops.",
            "Looks at the digits, and unprompted: ignore strings that the model itself wrote at the beginning of a "
            "line; both per problem, up to the level. A training trace has at most 10 looks.",
            "Both start from a model that was trained with the targets: without them, ignore strings are still garbled "
            "at times, so that *unprompted* is an undercount; *looks* does not depend on it.",
        ],
    )


def s1m(*arguments: str) -> None:
    """An s1m command in a process of its own."""
    subprocess.run([sys.executable, "-m", "s1m.cli", *arguments], check=True, stdout=subprocess.DEVNULL)


def table(name: str, levels: tuple[LevelSummary, ...], records: Sequence[Record]) -> list[tuple[str, ...]]:
    """Accuracy, tokens, looks and unprompted ignore strings of one model at every level."""
    unprompted, looks = (
        [sum(len(what.findall(text)) for record in records for text in written(record, level.level)) / len(records)
         for level in levels]
        for what in (UNPROMPTED, LOOK)
    )  # fmt: skip
    return [
        (name, "accuracy, %", *(f"{100 * level.accuracy:.1f}" for level in levels)),
        (name, "thinking tokens", *(f"{level.thinking_tokens_mean:.0f}" for level in levels)),
        (name, "looks", *(f"{count:.1f}" for count in looks)),
        (name, "unprompted", *(f"{count:.2f}" for count in unprompted)),
    ]


def written(record: Record, level: int) -> list[str]:
    """The thinking that the model itself wrote, up to a level."""
    return [segment.text for segment in record.trace.chains[0][: level + 1]]


if __name__ == "__main__":
    main()
