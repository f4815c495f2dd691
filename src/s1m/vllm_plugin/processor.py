"""The class that vLLM loads, for both of its model runners (vLLM 0.32).

The two call it differently. The first (V1) says what changed in the batch by index and passes a list that it keeps
filling; penalties come after the processor. The second (V2, the default on GPUs) has a slot a request and says by
lengths how far each one is; penalties come before. vLLM refuses to start with a processor of the other kind, so this
class is both: how it is constructed tells which one it is.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vllm.tokenizers import cached_tokenizer_from_config
from vllm.v1.sample.logits_processor import LogitsProcessor, MoveDirectionality

from s1m.vllm_plugin.batch import Batch, Forced
from s1m.vllm_plugin.draw import Sampling
from s1m.vllm_plugin.row import Row, Rules, mixed
from s1m.vllm_plugin.wishes import Wishes, read_wishes, spelled

if TYPE_CHECKING:
    import torch

try:
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor as SlotProcessor
except ImportError:  # a vLLM with one model runner only

    class SlotProcessor:  # type: ignore[no-redef]
        """Stands for the interface that this vLLM does not have."""


logger = logging.getLogger("vllm.s1m")

MOST_RESTING = 512
"""Requests that left the batch and may come back after a preemption; more do not run at once."""


class BudgetForcing(LogitsProcessor, SlotProcessor):  # type: ignore[misc]
    """Forces the requests that ask for it; see ``wishes`` for what they can ask. All others cost nothing."""

    @classmethod
    def validate_params(cls, params: Any) -> None:
        """Raises ``ValueError`` for impossible arguments, so that the request is refused with a 400."""
        wishes = read_wishes(params.extra_args)
        if wishes is not None and params.structured_outputs is not None:
            raise ValueError("forced thinking cannot be bound to a structure; leave out structured_outputs")

    def __init__(self, vllm_config: Any, device_or_states: Any, is_pin_memory: bool | None = None) -> None:
        self._states: Any = device_or_states if is_pin_memory is None else None
        config = vllm_config.model_config
        tokenizer = cached_tokenizer_from_config(config)
        self._spell = None if tokenizer is None else lambda text: tokenizer.encode(text, add_special_tokens=False)
        self._server_seed = int(config.seed or 0)
        self._unseeded = 0
        self._batch = Batch()
        self._forced: dict[int, Forced] = {}
        self._lengths: dict[int, Sequence[int]] = {}
        """V1: vLLM's own list of the tokens of each request; place-holders in it count as well."""
        self._keys: dict[int, Any] = {}
        """V1: the parameters of each request, which stay the same object for its life."""
        self._resting: OrderedDict[int, tuple[Any, Forced]] = OrderedDict()
        self._fresh: set[int] = set()
        """V2: slots whose request has not been seen in a batch yet."""

    def is_argmax_invariant(self) -> bool:
        """Never: greedy requests are forced too."""
        return False

    def update_state(self, batch_update: Any) -> None:
        """V1: requests that came, left and moved."""
        if batch_update is None:
            return
        for index in batch_update.removed:
            self._leave(index)
        for index, params, prompt, written in batch_update.added:
            self._leave(index)
            if params.extra_args and (forced := self._taken(params, prompt or (), written)):
                self._forced[index], self._lengths[index], self._keys[index] = forced, written, params
        if self._forced:
            for one, other, direction in batch_update.moved:
                for kept in (self._forced, self._lengths, self._keys):
                    _move(kept, one, other, swap=direction == MoveDirectionality.SWAP)

    def add_request(self, slot: int, params: Any) -> bool:
        """V2: whether the request that takes this slot is forced."""
        self._forced.pop(slot, None)
        self._fresh.discard(slot)
        wishes = read_wishes(params.extra_args)
        rules = self._rules(wishes, params) if wishes else None
        if wishes is None or rules is None:
            return False
        sampling = replace(_sampling(params), repetition_penalty=1.0, presence_penalty=0.0, frequency_penalty=0.0)
        self._forced[slot] = Forced(row=self._row(rules, wishes, params), sampling=sampling)
        self._fresh.add(slot)
        return True

    def apply(self, logits: torch.Tensor, context: Any = None) -> torch.Tensor:
        """The logits, those of forced requests such that one token is left."""
        if self._forced:
            members = self._members() if context is None else self._members_of(context)
            self._batch.force(logits, members)
        return logits

    def _members(self) -> list[tuple[int, Forced]]:
        """V1: the rows that are forced in this step; those whose thinking is over are let go."""
        members = []
        for index, forced in list(self._forced.items()):
            if forced.row.advance_to(len(self._lengths[index])):
                members.append((index, forced))
            else:
                self._drop(index)
        return members

    def _members_of(self, context: Any) -> list[tuple[int, Forced]]:
        """V2: the same, for the slots of this step; a prompt that is only half read writes no token yet."""
        members = []
        states = self._states
        for at, slot in enumerate(context.idx_mapping_np.tolist()):
            forced = self._forced.get(slot)
            if forced is None:
                continue
            length = int(context.seq_lens_upper_bound_np[at])
            start = int(states.prompt_len.np[slot])
            if length < int(states.prefill_len.np[slot]):
                continue
            if slot in self._fresh:
                self._fresh.discard(slot)
                if length > start:  # it was preempted
                    written = states.all_token_ids.gpu[slot, start:length].tolist()
                    forced.row = forced.row.resumed(written)
            if forced.row.advance_to(length - start):
                members.append((at, forced))
            else:
                del self._forced[slot]
        return members

    def _taken(self, params: Any, prompt: Sequence[int], written: Sequence[int]) -> Forced | None:
        """V1: the state of a request that enters the batch, the one that it left with where it was there before."""
        _, forced = self._resting.pop(id(params), (None, None))
        if forced is not None:
            return forced
        wishes = read_wishes(params.extra_args)
        rules = self._rules(wishes, params) if wishes else None
        if wishes is None or rules is None:
            return None
        known = [token for token in written if token >= 0]
        row = self._row(rules, wishes, params).resumed(known)
        return Forced(row=row, sampling=_sampling(params), prompt=lambda: prompt)

    def _leave(self, index: int) -> None:
        forced, params = self._forced.get(index), self._keys.get(index)
        self._drop(index)
        if forced is not None and not forced.row.over:
            forced.row.rest()
            self._resting[id(params)] = (params, forced)  # with the parameters, so that their id stays theirs
            if len(self._resting) > MOST_RESTING:
                self._resting.popitem(last=False)

    def _drop(self, index: int) -> None:
        for kept in (self._forced, self._lengths, self._keys):
            kept.pop(index, None)

    def _rules(self, wishes: Wishes, params: Any) -> Rules | None:
        """The rules of a request; None, said in the log, where this model or server cannot keep them."""
        try:
            ignores, close = spelled(wishes, self._spell)
        except ValueError as error:
            logger.warning("a request is not forced: %s", error)
            return None
        return Rules(
            close=close,
            turn_ends=frozenset(params.all_stop_token_ids) - {close},
            end_of_turn=params.eos_token_id,
            ignores=ignores,
            num_ignore=wishes.num_ignore,
            min_thinking_tokens=wishes.min_thinking_tokens,
            max_thinking_tokens=wishes.max_thinking_tokens,
            take_back_turn_end=wishes.take_back_turn_end,
            watch_loops=wishes.watch_loops,
            report_digits=wishes.report_digits,
        )

    def _row(self, rules: Rules, wishes: Wishes, params: Any) -> Row:
        return Row(
            rules=rules,
            seed=self._seed(wishes, params),
            later_seeds=wishes.seeds[1:],
            drawn_before=wishes.drawn_before,
        )

    def _seed(self, wishes: Wishes, params: Any) -> int:
        if wishes.seeds:
            return wishes.seeds[0]
        if params.seed is not None:
            return int(params.seed)
        # Counted, not random: every process of a tensor-parallel server must draw the same.
        self._unseeded += 1
        return mixed(self._server_seed, self._unseeded)


def _sampling(params: Any) -> Sampling:
    return Sampling(
        temperature=params.temperature,
        top_p=params.top_p,
        top_k=params.top_k,
        min_p=params.min_p,
        repetition_penalty=params.repetition_penalty,
        presence_penalty=params.presence_penalty,
        frequency_penalty=params.frequency_penalty,
    )


def _move(kept: dict[int, Any], one: int, other: int, *, swap: bool) -> None:
    first, second = kept.pop(one, None), kept.pop(other, None)
    if first is not None:
        kept[other] = first
    if swap and second is not None:
        kept[one] = second
