"""Settings of ``s1m serve``, and which combinations are impossible.

Sizes count the whole deployment: ``tensor_parallel_size`` GPUs hold one copy of the model, ``data_parallel_size``
copies are served at one address, and ``nodes`` machines share them evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from s1m.files.settings import Count, Fraction

Port = Annotated[int, Meta(ge=1, le=65535)]


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """Settings of ``s1m serve``."""

    model: str
    """Folder or Hub id of the model."""
    vllm: str = ""
    """Path of the vllm command (empty: .venv-vllm/bin/vllm if there is one here, else the one on PATH)."""
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in."""
    port: Port = 8000
    """Port to listen on."""
    served_model_name: str = ""
    """Name that requests use (empty: MODEL as given)."""
    max_model_len: Count | None = None
    """Longest prompt and output together, in tokens (without it: the model's own; a local one's at most 32768)."""
    trust_remote_code: bool = False
    """Let vLLM run the Python code that the model brings along; read it first."""
    max_images: Count = 16
    """Most images in one prompt."""
    gpu_memory_utilization: Fraction = 0.9
    """Fraction of each GPU's memory that vLLM takes."""
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    """Type of the weights and of the arithmetic."""
    tensor_parallel_size: Count = 1
    """GPUs that hold one copy of the model together, over all nodes."""
    data_parallel_size: Count = 1
    """Copies of the model that are served at the one address, over all nodes."""
    nodes: Count = 1
    """Machines that serve together; run the command on each, with its own --node-rank (mp)."""
    node_rank: Annotated[int, Meta(ge=0)] = 0
    """Which of the machines this is; 0 is the head, the only one that listens for requests."""
    head_address: str = ""
    """Address of the head as the other nodes reach it."""
    head_port: Port = 29550
    """Port of the head where the nodes find each other; not the one for requests."""
    backend: Literal["mp", "ray"] = "mp"
    """What ties the nodes together: processes of vLLM's own, or a Ray cluster that is already running."""
    plugin: bool = True
    """Put s1m's plugin into vLLM, which ignores stops and keeps thinking budgets for the requests that ask for it."""
    ready_seconds: Annotated[float, Meta(gt=0)] = 1800
    """Longest wait until the server answers; the first start may have to download the weights."""
    extra: tuple[str, ...] = ()
    """More arguments of vllm serve, added as they are; on the command line they follow a --."""

    def __post_init__(self) -> None:
        if not self.model or self.model.startswith("-"):
            raise ValueError(f"MODEL must be a folder or a Hub id: {self.model!r}; name one")
        if self.node_rank >= self.nodes:
            raise ValueError(f"--node-rank {self.node_rank} is not below --nodes {self.nodes}; ranks count from 0")
        if self.data_parallel_size % self.nodes and self.data_parallel_size > 1:
            raise ValueError(
                f"--data-parallel-size {self.data_parallel_size} is not a multiple of --nodes {self.nodes}; change one"
            )
        if self.data_parallel_size == 1 and self.tensor_parallel_size % self.nodes:
            raise ValueError(
                f"--tensor-parallel-size {self.tensor_parallel_size} is not a multiple of --nodes {self.nodes}; "
                "change one"
            )
        if self.backend == "ray":
            self._check_ray()
        elif self.nodes > 1 and not self.head_address:
            raise ValueError("--nodes needs --head-address, the address of the node with rank 0")
        elif self.nodes == 1 and self.head_address:
            raise ValueError("--head-address is for several nodes: add --nodes")

    def _check_ray(self) -> None:
        if self.node_rank or self.head_address:
            raise ValueError(
                "--backend ray is started on one node only, and Ray knows the others: "
                "leave out --node-rank and --head-address"
            )

    @property
    def headless(self) -> bool:
        """Whether this node only lends its GPUs and has no address of its own."""
        return self.node_rank > 0
