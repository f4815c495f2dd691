"""s1m on a GPU: the embedded engine, sweeps, training and equalities, on random weights of Qwen2-VL's shapes.

    python perf/gpu.py                        # everything, under ten minutes on one large GPU
    python perf/gpu.py --only engine 7B       # a part of it; the other parts' tables stay as they are
    python perf/gpu.py --tiny                 # the same lines of code on a CPU in under three minutes; keeps nothing

Every row is printed and kept as soon as it is measured, so that an interrupted run loses one row.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch
from gpu_checkpoints import SEVEN, SHALLOW, TINY, TWO, checkpoint
from gpu_engine import FULL, LITTLE, Row, measure_engine
from gpu_training import FEW_STEPS, MANY_STEPS, measure_equalities, measure_training

PARTS = ("engine 2B", "engine 7B", "training 2B", "training 7B", "equalities")
RESULTS = Path(__file__).parent / "results"
HEADERS = {
    "engine": ("model", "what", "rows", "measured", "ratio", "of the bandwidth limit", "peak GiB"),
    "training": ("model", "what", "tokens/s", "ratio", "FLOPs utilisation", "peak GiB", "remark"),
    "equalities": ("what", "one", "other", "difference", "noise"),
}


def main() -> None:
    """Measure the parts that are asked for, print their tables, keep them unless they are tiny."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="tiny shapes, to prove the script on a CPU")
    parser.add_argument("--only", nargs="+", metavar="WORD", default=[], help=f"words of a part: {', '.join(PARTS)}")
    given = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not given.tiny:
        parser.error("there is no GPU here: --tiny runs the same lines on a CPU")
    failed = False
    for part in PARTS:
        if set(given.only) <= set(part.split()):
            started = time.perf_counter()
            failed |= not measured(part, device, tiny=given.tiny)
            print(f"# {part}: {time.perf_counter() - started:.0f} s", flush=True)
    if failed:
        raise SystemExit(1)


def measured(part: str, device: str, *, tiny: bool) -> bool:
    """Whether a part was measured to its end; what broke it is printed, and the other parts are measured."""
    rows: list[Row] = []

    def note(row: Row) -> None:
        rows.append(row)
        print("| " + " | ".join(row) + " |", flush=True)
        if not tiny:
            keep(part, rows)

    try:
        measure(part, device, note, tiny=tiny)
    except Exception:
        traceback.print_exc()
        return False
    return True


def measure(part: str, device: str, note: Callable[[Row], None], *, tiny: bool) -> None:
    """One part; its models live no longer than it does."""
    amount, steps = (LITTLE, FEW_STEPS) if tiny else (FULL, MANY_STEPS)
    kind, _, size = part.partition(" ")
    shape = TINY if tiny else {"2B": TWO, "7B": SEVEN, "": SHALLOW}[size]
    with checkpoint(shape, device) as folder:
        if kind == "engine":
            measure_engine(shape, folder, amount, device, note)
        elif kind == "training":
            measure_training(shape, folder, steps, note, lora_rank=16 if size == "7B" else None)
        else:
            measure_equalities(folder, steps, note)


def keep(part: str, rows: Sequence[Row]) -> None:
    """Put the rows of a part beside those of others in ``gpu.json`` and write them all as ``gpu.md``."""
    RESULTS.mkdir(exist_ok=True)
    stored = RESULTS / "gpu.json"
    parts = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {}
    parts[part] = {"machine": machine(), "date": f"{datetime.now(UTC):%Y-%m-%d}", "rows": rows}
    stored.write_text(json.dumps(parts, indent=1) + "\n", encoding="utf-8")
    lines = ["# s1m on a GPU", "", "`python perf/gpu.py`; random weights of Qwen2-VL's published shapes, bfloat16.", ""]
    for name in [name for name in PARTS if name in parts]:
        header = HEADERS[name.split()[0]]
        lines += [f"## {name}", "", f"{parts[name]['date']}, {parts[name]['machine']}.", ""]
        lines += [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
        lines += [f"| {' | '.join(row)} |" for row in parts[name]["rows"]] + [""]
    lines += [f"- {remark}" for remark in parts.get("remarks", ())]  # written by hand into gpu.json
    (RESULTS / "gpu.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def machine() -> str:
    """The GPU and versions, in words."""
    import transformers

    return (
        f"{torch.cuda.get_device_name()}, Python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}"
    )


if __name__ == "__main__":
    main()
