"""The forward passes of the batcher: prompts as they come, and decode steps as CUDA graphs where there is a GPU.

A decode step of a 7B model is about four hundred kernels of ten microseconds. Launched one by one from Python they keep
the GPU waiting most of the time; a CUDA graph launches all of them at once. A graph has fixed shapes and addresses, so
there is one for every number of rows and of columns read, both rounded up to a few sizes, over inputs that stay in
place; rows that are not there write to the scratch column of their slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

from s1m.engines.embedded.cache import SlotCache
from s1m.engines.embedded.checkpoint import Checkpoint
from s1m.engines.embedded.general.masks import Masks

if TYPE_CHECKING:
    import torch
    from torch import Tensor

ROW_SIZES = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Rows of a graph. Close together where batches spend their time: what is rounded up is computed for nothing."""

READ_SIZES = tuple(256 * size for size in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128))
"""Columns that a graph's attention reads. Each needs a capture (two steps without a graph), so they grow by a third
to a half."""

PADDING = -1
"""The column of a token that is not there."""

NO_STEP = (0, PADDING, 0, -1)
"""What ``step`` is given for a row that stays where it is."""


class Decoder:
    """Forward passes of one model over the rows of one cache."""

    def __init__(self, checkpoint: Checkpoint, cache: SlotCache, *, graphs: bool = True, channels: int = 3) -> None:
        """``graphs``: use CUDA graphs if the model is on a CUDA device. ``channels``: those of a position."""
        import torch

        self._checkpoint = checkpoint
        self._cache = cache
        self.channels = channels
        self._device = checkpoint.model.device
        self._use_graphs = graphs and self._device.type == "cuda"
        self._never_ids = torch.tensor(checkpoint.never_ids, dtype=torch.long, device=self._device)
        self._masks = Masks(checkpoint.model.config)
        # The last layer over a whole prompt would be (rows, time, vocabulary).
        takes = signature(checkpoint.model.forward).parameters
        self._last = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}
        self._graphs: dict[tuple[int, int], tuple[torch.cuda.CUDAGraph, Tensor]] = {}
        self._graphs_of = -1  # the cache's generation that the graphs hold addresses of
        if self._use_graphs:
            fuse_norms(checkpoint.model)
            self._inputs = torch.zeros((3, cache.slots), dtype=torch.long, device=self._device)
            self._pool = torch.cuda.graph_pool_handle()

    def read(self, first: int, ids: Tensor, columns: Tensor, positions: Tensor, vision: dict[str, Tensor]) -> Tensor:
        """Logits of shape (rows, vocabulary) after new tokens of the rows from ``first`` on.

        ``ids`` and ``columns`` have shape (rows, time), ``positions`` (channels, rows, time); a column is where its
        token goes, ``PADDING`` for none.
        """
        reach = int(columns.max()) + 1
        self._cache.reserve(reach)
        ids, columns, positions = (tensor.to(self._device) for tensor in (ids, columns, positions))
        return self._forward(first, ids, columns, positions, reach, vision)

    def step(self, steps: Sequence[tuple[int, int, int, int]], drawn: Tensor | None) -> Tensor:
        """Logits of shape (rows, vocabulary) after one more token of every row, from the first row on.

        Each step is a token id, its column, its position, and an index into ``drawn``, tokens that are on the device:
        where that is not negative, the token is taken from there.
        """
        import torch

        reach = max(column for _, column, _, _ in steps) + 1
        self._cache.reserve(reach)
        given = torch.tensor(steps).T
        on_cuda = self._device.type == "cuda"
        given = given.pin_memory().to(self._device, non_blocking=True) if on_cuda else given.to(self._device)
        ids, columns, positions, source = given
        if drawn is not None:
            ids = torch.where(source >= 0, drawn[source.clamp(min=0)], ids)
        inputs = torch.stack([ids, columns, positions])
        count = len(steps)
        rows = rounded_up(count, ROW_SIZES, self._cache.slots)
        if not self._use_graphs or rows is None:
            return self._one_each(inputs, reach)
        self._inputs[:, :count] = inputs
        self._inputs[1, count:rows] = PADDING
        graph, logits = self._graph(rows, rounded_up(reach, READ_SIZES, self._cache.columns) or self._cache.columns)
        graph.replay()
        return logits[:count]

    def _graph(self, rows: int, reach: int) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        """The graph of a step and the tensor that holds its logits after each replay."""
        import torch

        if self._graphs_of != self._cache.generation:
            self._graphs.clear()  # the cache's buffers have moved
            self._graphs_of = self._cache.generation
        if (rows, reach) not in self._graphs:
            inputs = self._inputs[:, :rows]
            stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self._one_each(inputs, reach)  # libraries set themselves up at first use, which cannot be captured
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            # In the default mode a call of another thread that allocates on the device would fail the capture.
            with torch.cuda.graph(graph, pool=self._pool, stream=stream, capture_error_mode="thread_local"):
                logits = self._one_each(inputs, reach)
            self._graphs[rows, reach] = graph, logits
        return self._graphs[rows, reach]

    def _one_each(self, inputs: Tensor, reach: int) -> Tensor:
        """A step without a graph; ``inputs`` of shape (3, rows) are ids, columns and positions."""
        ids, columns, positions = (row[:, None] for row in inputs)
        return self._forward(0, ids, columns, positions.expand(self.channels, -1, -1), reach, {})

    def _forward(
        self, first: int, ids: Tensor, columns: Tensor, positions: Tensor, reach: int, vision: dict[str, Tensor]
    ) -> Tensor:
        """Nothing in here may look at a value on the host: that cannot be captured."""
        import torch

        self._cache.aim(first, columns, reach)
        masks = self._masks.of(columns, reach)
        if self._use_graphs:  # masks to add, since attention would make one of its own in every layer
            dtype = self._checkpoint.model.dtype
            masks = {kind: torch.zeros_like(m, dtype=dtype).masked_fill_(~m, -torch.inf) for kind, m in masks.items()}
        output = self._checkpoint.model(
            input_ids=ids,
            attention_mask=self._masks.given(masks),
            position_ids=positions if len(positions) > 1 else positions[0],
            past_key_values=self._cache,
            use_cache=True,
            **self._last,
            **{name: tensor.to(self._device) for name, tensor in vision.items()},
        )
        logits: Tensor = output.logits[:, -1]
        return logits.index_fill_(1, self._never_ids, -torch.inf)


def rounded_up(count: int, sizes: Sequence[int], most: int) -> int | None:
    """The smallest of ``sizes`` that holds ``count``, at most ``most``; None when none does."""
    return next((min(size, most) for size in sizes if size >= count and count <= most), None)


def fuse_norms(model: Any) -> None:
    """Compute root-mean-square norms (arXiv 1910.07467) in one kernel each instead of six.

    transformers spells them out in elementary operations; in a decode step of a 7B model they are one kernel in three.
    """
    from torch.nn import functional as F

    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm") and hasattr(module, "variance_epsilon"):
            # The module is bound as a default: a closure would see the last one of the loop.
            def forward(hidden: Tensor, module: Any = module) -> Tensor:
                return F.rms_norm(hidden, module.weight.shape, module.weight, module.variance_epsilon)

            module.forward = forward
