"""The card of a dataset: what is in it, how long it is, how it came to be, what was left out, and whose it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from s1m import __version__
from s1m.data.funnel import Funnel
from s1m.data.measure import Spread
from s1m.data.trace_row import ORIGIN
from s1m.examples.lengths import LONG, describe

MEANINGS = {
    "id": "hash of question, response and images",
    "source": "where the row is from",
    "problem": "id of the problem there",
    "domain": "what it is about",
    "answer": "the right answer",
    "answer_type": "how it is compared: choice, integer, number, list, yes_no, text or expression",
    "teacher": "the model that wrote the response",
    "described_by": "the model that described the images to a teacher which saw none",
    "composed_of": "how many attempts the thinking was put together from, wrong ones first",
    "num_ignore": "how often the end of thinking was ignored",
    "samples": "chains that the teacher thought about this problem",
    "samples_right": "how many of them ended with the right answer",
    "tokens": "length of the response",
    "licence": "of the source",
}
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True, kw_only=True)
class Card:
    """What the card says."""

    name: str
    licence: str
    rows: int
    spread: Spread
    counted: str
    sources: Counter[tuple[str, str]]
    """Rows by source and its licence."""
    origins: Sequence[tuple[str, Funnel | None, dict[str, Any] | None]]
    """What was published, with funnel and settings where it has some."""
    contaminated: Counter[str]
    several_images: bool

    def funnel_figure(self, place: int) -> str:
        """The file of the funnel of what was published in this place."""
        return "funnel.png" if len(self.origins) == 1 else f"funnel_{place + 1}.png"

    def text(self) -> str:
        """The card, in the Markdown of the Hub."""
        parts = [
            self._head(),
            self._lengths(),
            self._columns(),
            *self._funnels(),
            self._contamination(),
            self._licences(),
        ]
        return "\n\n".join(part.strip("\n") for part in parts) + "\n"

    def _head(self) -> str:
        size = next((name for limit, name in SIZES if self.rows < limit), "n>1M")
        licence = f"license: {self.licence}\n" if self.licence else ""
        return f"""
---
{licence}task_categories:
- image-text-to-text
tags:
- reasoning
- chain-of-thought
- test-time-scaling
- s1m
size_categories:
- {size}
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*.parquet
---

# {self.name}

{self.rows:,} questions about images with long chains of thought, in the columns of
[S1-M's data](https://huggingface.co/datasets/PKU-Alignment/s1-m_beta), made with s1m {__version__}.

```python
from datasets import load_dataset
rows = load_dataset("YOUR_NAME/{self.name}", split="train")
```

To train on it, name it in a settings file of `s1m train`:

```toml
[[data]]
path = "YOUR_NAME/{self.name}"
```
"""

    def _lengths(self) -> str:
        spreads = [("all", describe(self.spread.lengths()))]
        groups = self.spread.groups
        if len(groups) > 1:
            spreads += [(group, describe(self.spread.lengths(group))) for group in groups]
        head = ("", "rows", "mean", "median", "p90", "p99", "longest", *(f"over {limit:,}" for limit in LONG))
        lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
        for name, found in spreads:
            numbers = (found.mean, found.median, found.p90, found.p99, found.longest)
            cells = [f"{found.examples:,}", *(f"{number:,.0f}" for number in numbers)]
            lines.append(
                f"| {name} | {' | '.join(cells)} | " + " | ".join(f"{100 * s:.1f} %" for s in found.above) + " |"
            )
        table = "\n".join(lines)
        return (
            f"## Length of the responses\n\nTokens, {self.counted}.\n\n{table}\n\n![Token lengths](figures/lengths.png)"
        )

    def _columns(self) -> str:
        shown = "`images`: a list of images" if self.several_images else "`image`: the image; null for text alone"
        lines = [
            f"- {shown}",
            "- `prompt`: the question",
            "- `response`: `<think>`, the thinking, `</think>`, then the answer",
            *(f"- `{name}`: {MEANINGS[name]}" for name in ORIGIN),
        ]
        return "## Columns\n\n" + "\n".join(lines) + "\n\nWhat a row's source does not say is null."

    def _funnels(self) -> list[str]:
        parts = []
        for place, (name, funnel, _) in enumerate(self.origins):
            if funnel is None:
                continue
            lines = [
                f"## How {name} came to be",
                "",
                f"| filter | {funnel.unit} shown | left out | for |",
                "|---|---|---|---|",
            ]
            for stage in funnel.stages:
                why = "; ".join(f"{reason} ({count:,})" for reason, count in list(stage.reasons.items())[:5])
                lines.append(f"| {stage.name} | {stage.shown:,} | {stage.left_out:,} | {why} |")
            lines += ["", f"{funnel.kept:,} of {funnel.rows:,} {funnel.unit} are kept.", ""]
            lines.append(f"![Funnel](figures/{self.funnel_figure(place)})")
            parts.append("\n".join(lines))
        return parts

    def _contamination(self) -> str:
        targets = [
            f"{target['benchmark']} {target.get('split', '')}".strip()
            for _, _, settings in self.origins
            for target in (settings or {}).get("target", [])
        ]
        if not targets:
            return "## Contamination\n\nThis data was not checked against any benchmark."
        found = "; ".join(f"{kind}: {count:,}" for kind, count in self.contaminated.most_common()) or "none"
        return (
            f"## Contamination\n\nChecked against {', '.join(dict.fromkeys(targets))}, by wording and by picture. "
            f"Rows that were found there and left out: {found}."
        )

    def _licences(self) -> str:
        lines = ["## Sources and licences", "", "| source | rows | licence |", "|---|---|---|"]
        lines += [
            f"| {source} | {count:,} | {licence or 'not stated'} |"
            for (source, licence), count in self.sources.most_common()
        ]
        return "\n".join(lines)
