"""The requests of a batch that are forced, and one step of all of them: tensors in, tensors out, no vLLM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from s1m.vllm_plugin.draw import Drawer, Sampling, penalise
from s1m.vllm_plugin.row import Row

if TYPE_CHECKING:
    import torch


@dataclass(kw_only=True, eq=False)
class Forced:
    """A forced request as it stands in the batch."""

    row: Row
    sampling: Sampling
    prompt: Callable[[], Sequence[int]] = tuple
    """Its prompt's token ids, for penalties."""


@dataclass
class Batch:
    """Draws and forces; keeps what it needs of the requests' settings while they stay the same."""

    _members: tuple[tuple[int, Forced], ...] = ()
    _drawer: Drawer | None = None
    _index: torch.Tensor | None = None
    _barred: dict[int, torch.Tensor] = field(default_factory=dict)

    def force(self, logits: torch.Tensor, members: Sequence[tuple[int, Forced]]) -> None:
        """One step: ``members`` are rows of ``logits`` (requests, vocabulary) with the request of each.

        Every row is changed such that only one token can follow, the one that was drawn or that is forced.
        """
        import torch

        if not members:
            return
        drawer, index = self._prepared(tuple(members), logits.device)
        own = logits[index].float()
        for at, (_, forced) in enumerate(members):
            if forced.sampling.penalises:
                penalise(own[at], forced.sampling, forced.prompt(), forced.row.ids)
            if forced.row.barring:
                own[at, self._enders(forced, own)] = float("-inf")
        drawn = drawer.draw(own, lambda at, tried: members[at][1].row.uniform(tried))
        taken = [forced.row.take(token) for (_, forced), token in zip(members, drawn, strict=True)]
        if len(index) == len(logits):
            logits.fill_(float("-inf"))
        else:
            logits.index_fill_(0, index, float("-inf"))
        logits[index, torch.tensor(taken, device=logits.device)] = 0.0

    def _prepared(self, members: tuple[tuple[int, Forced], ...], device: torch.device) -> tuple[Drawer, torch.Tensor]:
        import torch

        if self._drawer is None or self._index is None or members != self._members:
            self._members = members
            self._drawer = Drawer([forced.sampling for _, forced in members], device)
            self._index = torch.tensor([at for at, _ in members], device=device)
            self._barred = {}
        return self._drawer, self._index

    def _enders(self, forced: Forced, logits: torch.Tensor) -> torch.Tensor:
        import torch

        barred = self._barred.get(id(forced))
        if barred is None:
            ids = [token for token in forced.row.rules.enders if token < logits.shape[1]]
            barred = self._barred[id(forced)] = torch.tensor(ids, dtype=torch.long, device=logits.device)
        return barred
