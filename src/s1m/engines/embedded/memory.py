"""Whether a model fits into the memory of its device, and the arithmetic in one line where it does not."""

from __future__ import annotations

import json
import logging
import math
import os
from pathlib import Path
from typing import Any

from s1m.errors import EngineUnavailable

logger = logging.getLogger("s1m")

WEIGHT_FILES = ("*.safetensors", "pytorch_model*.bin", "*.gguf")

ROW_TOKENS = 2048
"""Prompt, thinking and answer of one row, for the estimate: what a chain of a reasoning model with one image takes."""

BITS = {"4bit": 4.5, "8bit": 8.5}
"""Bits a weight takes, with its share of the scales of its block."""


def check_weights(name: str, place: str, device: str, dtype: Any, quantize: str) -> None:
    """Raises ``EngineUnavailable``, with the arithmetic, for weights that are larger than the memory of ``device``.

    ``place`` is a folder or file; nothing is known of a Hub id before it is downloaded, and nothing is checked.
    """
    files = _weight_files(Path(place))
    free = free_bytes(device)
    parameters = sum(_parameters(file) for file in files)
    if not parameters or free is None:
        return
    stored = sum(file.stat().st_size for file in files)
    each = BITS[quantize] / 8 if quantize else bytes_of(dtype) or stored / parameters
    needed = int(parameters * each)
    if needed > free:
        raise EngineUnavailable(
            f"{name} does not fit: {parameters / 1e9:.3g} billion weights x {each:.3g} bytes = {gigabytes(needed)}, "
            f"and {device} has {gigabytes(free)} free; {_way_out(quantize, each)}"
        )


def check_cache(name: str, model: Any, rows: int) -> None:
    """Say what the keys and values of ``rows`` rows take, where they do not fit beside the weights.

    Raises ``EngineUnavailable`` where not even one row does.
    """
    free, row = free_bytes(str(model.device)), cache_bytes(model.config, model.dtype) * ROW_TOKENS
    if free is None or not row or row * rows <= free:
        return
    sums = (
        f"{gigabytes(row)} a row of {ROW_TOKENS:,} tokens x {rows} rows = {gigabytes(row * rows)} of keys and values, "
        f"and {model.device} has {gigabytes(free)} free beside the weights"
    )
    if row > free:
        raise EngineUnavailable(f"{name} leaves no room for one row: {sums}; {_way_out('', model.dtype.itemsize)}")
    logger.warning("%s may run out of memory: %s; --concurrency %d fits", name, sums, max(1, free // row))


def cache_bytes(config: Any, dtype: Any) -> int:
    """Bytes of the keys and values of one token; 0 where the configuration does not say."""
    text = config.get_text_config().to_dict()  # its attributes refuse to be read where they differ between layers
    layers, hidden, heads = (text.get(name) for name in ("num_hidden_layers", "hidden_size", "num_attention_heads"))
    if not (isinstance(layers, int) and isinstance(hidden, int) and isinstance(heads, int)):
        return 0
    size = text.get("head_dim") or hidden // heads
    return int(2 * layers * (text.get("num_key_value_heads") or heads) * size * dtype.itemsize)


def free_bytes(device: str) -> int | None:
    """Free memory of a device; None where it cannot be asked."""
    import torch

    kind = torch.device(device).type
    if kind == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if kind == "mps":
        return int(torch.mps.recommended_max_memory()) - int(torch.mps.driver_allocated_memory())
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):  # not Linux: what is free is not known, what there is is
        names = os.sysconf_names if hasattr(os, "sysconf_names") else {}
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if "SC_PHYS_PAGES" in names else None


def bytes_of(dtype: Any) -> int:
    """Bytes of a value of a torch type; 0 for ``"auto"``, the checkpoint's own."""
    return 0 if isinstance(dtype, str) else int(dtype.itemsize)


def gigabytes(count: int) -> str:
    """A count of bytes, in gigabytes."""
    return f"{count / 1e9:.3g} GB"


def _weight_files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return next((files for pattern in WEIGHT_FILES[:2] if (files := sorted(place.glob(pattern)))), [])


def _parameters(file: Path) -> int:
    """Weights in a file; 0 where only loading it would tell."""
    if file.suffix == ".gguf":
        # Its header takes seconds to read. Two bytes are the most that a published one spends on a weight, so a model
        # that fits is never refused.
        return file.stat().st_size // 2
    if file.suffix != ".safetensors":
        return 0
    with file.open("rb") as opened:
        header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")


def _way_out(quantize: str, each: float) -> str:
    if not quantize and each > 2:
        return "add --dtype bfloat16 or --quantize 4bit, or use a smaller model"
    return "use a smaller model" if quantize == "4bit" else "add --quantize 4bit, or use a smaller model"
