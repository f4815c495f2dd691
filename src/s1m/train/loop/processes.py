"""Several processes, one training: what the first does for all, and which way of sharing the work really runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from s1m.errors import S1mError, UsageError

T = TypeVar("T")

PATIENCE_SECONDS = 7200
"""Longest that processes wait for each other: while the first looks at examples, saves, or evaluates."""


def together() -> Any:
    """Where this process stands among the others, whom it joins at the first call; accelerate's ``PartialState``."""
    from accelerate import PartialState
    from accelerate.utils import parse_flag_from_env

    return PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"), timeout=timedelta(seconds=PATIENCE_SECONDS))


def is_first() -> bool:
    """Whether this process speaks and writes for all."""
    return bool(together().is_main_process)


def told_by_first(work: Callable[[], T]) -> T:
    """What ``work`` returns, done by the first process alone and told to the others.

    Its ``S1mError`` ends all of them: the first raises it, the others exit with its code and without a word.
    """
    from accelerate.utils import broadcast_object_list

    state = together()
    if state.num_processes == 1:
        return work()
    told: list[Any] = [None, None]
    if state.is_main_process:
        try:
            told[0] = work()
        except S1mError as error:
            told[1] = error
    broadcast_object_list(told)
    found, refused = told
    if refused is None:
        return found  # type: ignore[no-any-return]
    if state.is_main_process:
        raise refused
    sys.exit(refused.exit_code)


def require_spread(accelerator: Any) -> None:
    """Raise ``UsageError`` where less is spread than the launcher was asked for, which accelerate does in silence."""
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if accelerator.num_processes < started:
        raise UsageError(
            f"{started} processes were started, but each would train alone: "
            "without GPUs, set ACCELERATE_USE_CPU=true and start them with torchrun"
        )
    kind = accelerator.distributed_type.value
    for wanted, name in (("FSDP", "ACCELERATE_USE_FSDP"), ("DEEPSPEED", "ACCELERATE_USE_DEEPSPEED")):
        if os.environ.get(name, "").lower() == "true" and kind != wanted:
            raise UsageError(f"{wanted} was asked for, but {spread_of(accelerator)} would run: it needs GPUs")


def spread_of(accelerator: Any) -> str:
    """How the work is shared, in words: ``8 processes, FSDP2 over nccl``."""
    if accelerator.num_processes == 1:
        return "one process"
    import torch

    kind, state = accelerator.distributed_type.value, accelerator.state
    if kind == "FSDP":
        way = f"FSDP{state.fsdp_plugin.fsdp_version}"
    elif kind == "DEEPSPEED":
        way = f"DeepSpeed ZeRO-{state.deepspeed_plugin.zero_stage}"
    else:
        way = "DDP"
    return f"{accelerator.num_processes} processes, {way} over {torch.distributed.get_backend()}"
