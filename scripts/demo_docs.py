"""Write what README and docs say of the demo from a finished run of it; with --check, fail where they differ from it.

`python scripts/demo_docs.py runs/demo` after `make demo`. What is written stands between `<!-- demo: NAME -->` and
`<!-- end -->`; the figure is copied from the run, and drawn once more for phones.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from s1m.analysis.display.style import PNG_DPI, house_style
from s1m.analysis.run.plots import scaling_panels
from s1m.analysis.run.summarize import summarize
from s1m.evaluate.store import load_run

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "bundled_model.md")
FIGURE = ROOT / "docs" / "images" / "scaling.png"
NARROW = ROOT / "docs" / "images" / "scaling_narrow.png"
EXAMPLE = "digits-test-00003"
"""The problem of the transcript: the first one whose answer is wrong at level 0 and right from level 2 on."""
SHOWN_STOPS = 2
TOY = "a toy model trained to show this effect"


def caption(summary: Mapping[str, Any]) -> str:
    """What the figure shows, with the paired interval of the last level."""
    first, last = summary["levels"][0], summary["levels"][-1]
    low, high = map(points, last["gain_ci95"])
    before, after = percent(first["accuracy"]), percent(last["accuracy"])
    return (
        f"*The bundled model, {TOY}, answers {before} of {summary['problems']} held-out problems\n"
        f"right when its first stop counts and {after} with {last['level']} ignored stops: a paired "
        f"gain of {points(last['gain'])} points\n(95 % confidence interval {low} to {high}). "
        "`make demo` draws this figure on your machine.*"
    )


def levels(summary: Mapping[str, Any]) -> str:
    """A table of every level: accuracy by kind of question, gain, tokens."""
    rows = summary["levels"]
    table = [
        ("`num_ignore`", [str(row["level"]) for row in rows]),
        ("accuracy, %", [f"{100 * row['accuracy']:.1f}" for row in rows]),
        ("paired gain, points", ["", *(points(row["gain"]) for row in rows[1:])]),
        ("its 95 % interval", ["", *(f"{points(low)} to {points(high)}" for low, high in intervals(rows[1:]))]),
        ("mean thinking tokens", [f"{row['thinking_tokens_mean']:.0f}" for row in rows]),
    ]
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in table]
    return "\n".join([lines[0], "|---" * (len(rows) + 1) + "|", *lines[1:]])


def transcript(record: Mapping[str, Any]) -> str:
    """The beginning of a chain as the model wrote it, with what became of each stop."""
    metadata, answers = record["metadata"], {answer["level"]: answer["text"] for answer in record["trace"]["answers"]}
    lines = [f"{record['question']}   (a picture of handwriting: {metadata['digits']})", "<think>"]
    for number, segment in enumerate(record["trace"]["chains"][0][: SHOWN_STOPS + 1]):
        lines.append((segment["injected"] + segment["text"]).strip())
        if number < SHOWN_STOPS:
            lines.append(
                f"</think>       <- stop {number + 1} is ignored; asked here, the model answers {answers[number]}"
            )
    return "\n".join(["```text", *lines, "</think>", f"Final answer: {answers[SHOWN_STOPS]}", "```"])


def percent(fraction: float) -> str:
    """A fraction of 1 as per cent."""
    return f"{100 * fraction:.1f} %"


def points(fraction: float) -> str:
    """A difference of fractions in points, with its sign."""
    return f"{100 * fraction:+.1f}"


def intervals(rows: list[dict[str, Any]]) -> list[list[float]]:
    """The paired intervals of some levels."""
    return [row["gain_ci95"] for row in rows]


def filled(page: str, run: Path) -> str:
    """``page`` with every block written from ``run``. Raises ``KeyError`` for a block that is not known."""
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    records = map(json.loads, (run / "records.jsonl").read_text(encoding="utf-8").splitlines())
    record = next(record for record in records if record["id"] == EXAMPLE)
    blocks: dict[str, Callable[[], str]] = {
        "caption": lambda: caption(summary),
        "levels": lambda: levels(summary),
        "transcript": lambda: transcript(record),
    }

    def written(block: re.Match[str]) -> str:
        return f"{block[1]}\n{blocks[block[2]]()}\n<!-- end -->"

    return re.sub(r"(<!-- demo: (\w+) -->)\n.*?<!-- end -->", written, page, flags=re.DOTALL)


def main() -> int:
    """Write the blocks and the figure, or compare the blocks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="run folder of a finished demo")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a block differs")
    flags = parser.parse_args()
    texts = {page: page.read_text(encoding="utf-8") for page in PAGES}
    stale = [page for page, text in texts.items() if filled(text, flags.run) != text]
    if flags.check:
        for page in stale:
            print(f"{page.name} differs from {flags.run}: run python scripts/demo_docs.py {flags.run}")
        return int(bool(stale))
    for page in stale:
        page.write_text(filled(texts[page], flags.run), encoding="utf-8")
    shutil.copyfile(flags.run / "figures" / "scaling.png", FIGURE)
    with house_style():
        scaling_panels([summarize(load_run(flags.run))], narrow=True).savefig(NARROW, dpi=PNG_DPI, format="png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
