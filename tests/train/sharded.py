"""``s1m`` in two processes over gloo that accelerate takes for GPUs: it shards models on nothing else.

Everything after that one decision is real: the plugin, ``fully_shard``, the gathering and scattering, the checkpoints.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import DistributedType

from s1m.cli import main

VARIABLES = {
    "ACCELERATE_TORCH_DEVICE": "cpu",
    "ACCELERATE_USE_FSDP": "true",
    "FSDP_VERSION": "2",
    "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
    "FSDP_STATE_DICT_TYPE": "FULL_STATE_DICT",
}
"""What ``accelerate launch`` makes of configs/accelerate/fsdp2.yaml, on a CPU."""


def over_gloo(*_: Any, **__: Any) -> tuple[str, DistributedType]:
    """Join the other process; the backend, and a kind of device that accelerate shards on."""
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo")
    return "gloo", DistributedType.MULTI_GPU


if __name__ == "__main__":
    PartialState._prepare_backend = over_gloo
    sys.exit(main(sys.argv[1:]))
