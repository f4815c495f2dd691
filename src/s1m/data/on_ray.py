"""The filters as a stage of Ray Data: the same looks at the same rows on as many machines as a cluster has.

Every machine must find sources and index under the same paths. See https://docs.ray.io/en/latest/data/data.html.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from s1m.data.inspect import Finding, Inspector
from s1m.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOCAL = "local"


def on_ray(inspector: Inspector, chunks: Sequence[range], address: str) -> Iterator[list[Finding]]:
    """What the rows of each chunk are found to be, in order; ``address`` is a cluster's, or ``local``.

    Raises ``UsageError`` when Ray is not installed or the cluster cannot be reached.
    """
    ray = _started(address)
    try:
        stage = ray.data.from_items([{"start": chunk.start, "stop": chunk.stop} for chunk in chunks])
        found = stage.repartition(len(chunks)).map_batches(
            Looking, fn_constructor_args=(inspector,), batch_size=1, concurrency=_workers(ray, inspector)
        )
        for row in found.iter_rows():
            yield msgspec.msgpack.decode(row["findings"], type=list[Finding])
    finally:
        ray.shutdown()


class Looking:
    """One worker of the stage; it is sent what it needs once."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector

    def __call__(self, chunk: dict[str, NDArray[np.int64]]) -> dict[str, list[bytes]]:
        """What the rows of some chunks are found to be, a message a chunk."""
        ranges = zip(chunk["start"], chunk["stop"], strict=True)
        found = (self._inspector(range(int(start), int(stop))) for start, stop in ranges)
        return {"findings": [msgspec.msgpack.encode(some) for some in found]}


def _started(address: str) -> Any:
    try:
        import ray
    except ImportError:
        raise UsageError("--ray needs Ray: pip install 's1m[ray]'") from None
    try:
        ray.init(address=None if address == LOCAL else address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"there is no Ray cluster at {address}: {reason}") from None
    ray.data.DataContext.get_current().execution_options.preserve_order = True
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray


def _workers(ray: Any, inspector: Inspector) -> int:
    """Workers of the stage: what the settings say on this machine, else every core of the cluster but one."""
    cores = int(ray.cluster_resources().get("CPU", 1))
    return max(1, min(cores, inspector.settings.workers) if inspector.settings.ray == LOCAL else cores - 1)
