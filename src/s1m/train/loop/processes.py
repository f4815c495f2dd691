"""Several processes, one training: what the main one does for all, and which way of distributing really runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from s1m.errors import S1mError, UsageError

T = TypeVar("T")

TIMEOUT_SECONDS = 7200
"""Longest that processes wait for each other: while the main one surveys the examples, saves, or evaluates."""


def process_state() -> Any:
    """The place of this process among the others, which it joins at the first call; accelerate's ``PartialState``."""
    from accelerate import PartialState
    from accelerate.utils import parse_flag_from_env

    return PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"), timeout=timedelta(seconds=TIMEOUT_SECONDS))


def is_main_process() -> bool:
    """Whether this process prints and writes for all."""
    return bool(process_state().is_main_process)


def broadcast_from_main(work: Callable[[], T]) -> T:
    """What ``work`` returns, done by the main process alone and sent to the others.

    Its ``S1mError`` ends all of them: the main process raises it, the others exit with its code and print nothing.
    """
    from accelerate.utils import broadcast_object_list

    state = process_state()
    if state.num_processes == 1:
        # Without the detour through a broadcast, which needs a process group.
        return work()
    sent: list[Any] = [None, None]  # the result, or the error
    if state.is_main_process:
        try:
            sent[0] = work()
        except S1mError as error:
            sent[1] = error
    broadcast_object_list(sent)
    result, refused = sent
    if refused is None:
        return result  # type: ignore[no-any-return]
    if state.is_main_process:
        raise refused
    sys.exit(refused.exit_code)


def require_distributed(accelerator: Any) -> None:
    """Raise ``UsageError`` where less is distributed than the launcher asked for; accelerate falls back in silence."""
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if accelerator.num_processes < started:
        raise UsageError(
            f"{started} processes were started, but each would train alone: "
            "without GPUs, set ACCELERATE_USE_CPU=true and start them with torchrun"
        )
    kind = accelerator.distributed_type.value
    for wanted, name in (("FSDP", "ACCELERATE_USE_FSDP"), ("DEEPSPEED", "ACCELERATE_USE_DEEPSPEED")):
        if os.environ.get(name, "").lower() == "true" and kind != wanted:
            raise UsageError(f"{wanted} was asked for, but {describe_processes(accelerator)} would run: it needs GPUs")


def leave_others() -> None:
    """Wait until every process has come to its end, and close what connects them.

    A process that exits with open connections is now and then aborted by their threads, and its launcher then takes a
    finished training for a failed one.
    """
    import torch

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def describe_processes(accelerator: Any) -> str:
    """How the training is distributed, in words: ``8 processes, FSDP2 over nccl``."""
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
