"""The filters as a stage of Ray Data: the same inspection on as many machines as a cluster has.

Every machine must have sources and index under the same paths. See https://docs.ray.io/en/latest/data/data.html.
"""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from s1m.data.curate.finding import Finding
from s1m.data.curate.inspect import Inspector
from s1m.datasets.sources.open import reason_of
from s1m.errors import DataError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOCAL = "local"
FAULT = re.compile(r"(?!ray\.)\S*(?:Error|Exception): ")
"""How the line begins in which a traceback names the error; Ray's own only wrap it."""


def on_ray(inspector: Inspector, chunks: Sequence[range], address: str) -> Iterator[list[Finding]]:
    """The findings of the rows of each chunk, in order; ``address`` is a cluster's, or ``local``.

    Raises ``UsageError`` when Ray is not installed or the cluster cannot be reached, ``DataError`` for a failure.
    """
    ray = _started(address, inspector.settings.workers)
    try:
        sent = ray.put(inspector)  # once, not with every chunk
        ranges = [{"start": chunk.start, "stop": chunk.stop} for chunk in chunks]
        stage = ray.data.from_items(ranges, override_num_blocks=len(ranges))
        most = min(len(chunks), max(1, inspector.settings.workers)) if address == LOCAL else None
        for row in stage.map_batches(look, fn_args=(sent,), batch_size=1, concurrency=most).iter_rows():
            yield msgspec.msgpack.decode(row["findings"], type=list[Finding])
    except ray.exceptions.RayError as error:
        lines = [line for line in str(error).splitlines() if FAULT.match(line)]  # the others say where, and advise
        raise DataError(f"inspecting rows on Ray failed: {lines[-1] if lines else type(error).__name__}") from None
    finally:
        ray.shutdown()


def look(chunk: dict[str, NDArray[np.int64]], sent: Any) -> dict[str, list[bytes]]:
    """The findings of the rows of some chunks, one message for each chunk."""
    import ray

    inspector: Inspector = ray.get(sent)
    ranges = zip(chunk["start"], chunk["stop"], strict=True)
    findings = (inspector(range(int(start), int(stop))) for start, stop in ranges)
    return {"findings": [msgspec.msgpack.encode(chunk) for chunk in findings]}


def _started(address: str, workers: int) -> Any:
    try:
        import ray
        import ray.data
    except ImportError:
        raise UsageError("--ray needs Ray: pip install 's1m[ray]'") from None
    _check_reachable(address)
    options = {"num_cpus": max(1, workers), "include_dashboard": False} if address == LOCAL else {"address": address}
    try:
        ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"there is no Ray cluster at {address}: {reason_of(error)}") from None
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # our own error reports what goes wrong
    return ray


def _check_reachable(address: str) -> None:
    """Raise ``UsageError`` where no server answers; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError as error:
        raise UsageError(f"there is no Ray cluster at {address}: {reason_of(error)}") from None
