"""Training of every class that the tests have a tiny checkpoint of: layout, equality, twenty steps, resumption.

The losses are those of random models of about 150,000 weights on eight short traces. `python perf/classes.py`, about
five minutes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

from keep import keep

sys.path.insert(0, str(Path(__file__).parents[1]))

from s1m.train.batches.encode import IGNORED
from s1m.train.model.encoder import load_encoder
from s1m.train.model.layout import layout_of
from s1m.train.model.load import load_model
from s1m.train.model.towers import count_parameters
from tests.tiny_models import checkpoint
from tests.train.classes import CLASSES, STEPS, twenty_steps
from tests.train.models import CONVERSATIONS, batch_of, settings_of
from tests.train.runs import trained
from tests.train.test_pack import logits_of, loss_of

HEADER = (
    "class", "batches", "weights: vision, merger, language", "loss of a batch less that of its examples alone",
    f"loss, steps 1 and {STEPS}", "adapters: loss", "resumed less uninterrupted",
)  # fmt: skip


def main() -> None:
    """Measure each class whose processor loads here."""
    warnings.filterwarnings("ignore")
    rows, notes = [], []
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        for kind in CLASSES:
            try:
                checkpoint(kind, base)
            except ImportError as error:
                reason = next(line for line in str(error).splitlines() if line.strip()).partition(" but ")[0]
                notes.append(f"{kind}: not measured here: {reason}")
                continue
            rows.append(measured(kind, base))
    notes.append("padded: rows of like length that hold as many tokens as a packed row, padding included")
    notes.append("resumed: from the checkpoint after half of the steps, greatest difference of all later losses")
    keep("classes", "Training of model classes, tiny and random", HEADER, rows, notes)


def measured(kind: str, base: Path) -> tuple[str, ...]:
    """The row of a class."""
    settings = settings_of(base / kind)
    loaded = load_model(settings)
    layout, reason = layout_of(settings, loaded.model, loaded.tokenizer)
    weights = ", ".join(f"{everything:,}" for _, everything in count_parameters(loaded.model).values())
    full, resumed = losses(kind, base, {})
    adapted, resumed_adapted = losses(kind, base, {"lora_rank": 4, "learning_rate": 1e-2})
    return (
        type(loaded.model).__name__.removesuffix("ForConditionalGeneration"),
        f"{layout}{': ' if reason else ''}{reason}",
        weights,
        f"{difference(kind, base, packed=layout == 'packed'):.0e}",
        f"{full[0]:.2f}, {full[-1]:.2f}",
        f"{adapted[0]:.2f}, {adapted[-1]:.2f}",
        f"{max(resumed, resumed_adapted):g}",
    )


def difference(kind: str, base: Path, *, packed: bool) -> float:
    """The mean loss of a batch less that of its examples alone, by the way that transformers goes by itself."""
    settings = settings_of(base / kind)
    encoder = load_encoder(settings)
    plain = load_model(replace(settings, batch="grouped")).model
    model = load_model(settings).model if packed else plain
    batch = batch_of(CONVERSATIONS, encoder, model, packed=packed)
    count = int((batch["labels"] != IGNORED).sum())
    singles = [batch_of([each], encoder, plain, packed=False) for each in CONVERSATIONS]
    alone = sum(float(loss_of(logits_of(plain, single), single["labels"])) for single in singles)
    return abs(float(loss_of(logits_of(model, batch), batch["labels"])) - alone) / count


def losses(kind: str, base: Path, changes: dict[str, object]) -> tuple[list[float], float]:
    """The loss of every step, and the greatest difference after a resumption from the middle."""
    out = base / f"out-{kind}-{len(changes)}"
    settings = twenty_steps(kind, base, out, save_every=STEPS // 2, **changes)
    whole = trained(settings)
    shutil.rmtree(out / f"checkpoint-{STEPS}")
    shutil.rmtree(out / "model")
    again = trained(settings)
    return whole, max(abs(first - second) for first, second in zip(whole, again, strict=True))


if __name__ == "__main__":
    main()
