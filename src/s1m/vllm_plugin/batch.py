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
    _barred: dict[frozenset[int], torch.Tensor] = field(default_factory=dict)

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
        self._bar([(at, forced) for at, (_, forced) in enumerate(members) if forced.row.barring], own)
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
        return self._drawer, self._index

    def _bar(self, barred: Sequence[tuple[int, Forced]], logits: torch.Tensor) -> None:
        """Take the tokens that end the thinking from those rows: one operation for all that have the same ones."""
        import torch

        alike: dict[frozenset[int], list[int]] = {}
        for at, forced in barred:
            alike.setdefault(forced.row.rules.enders, []).append(at)
        for enders, rows in alike.items():
            if enders not in self._barred:
                ids = [token for token in enders if token < logits.shape[1]]
                self._barred[enders] = torch.tensor(ids, dtype=torch.long, device=logits.device)
            logits[torch.tensor(rows, device=logits.device).unsqueeze(1), self._barred[enders]] = float("-inf")
