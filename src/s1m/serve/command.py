"""From settings to the command line and environment of ``vllm serve``; the flags are those of vLLM 0.32.

Every server gets four that test-time scaling needs. ``--enable-scale-out`` opens ``/inference/v1/generate``: tokens
in, tokens out. ``--enable-prefix-caching`` makes the next round of a chain cost only its new tokens.
``--generation-config vllm`` keeps the model's own ``generation_config.json`` out, which would change sampling
unasked (Qwen2-VL's asks for top-k 1 and a repetition penalty). ``--limit-mm-per-prompt`` allows many images
and no video, for whose worst case vLLM would otherwise set memory aside.
"""

from __future__ import annotations

import json
import shlex

from s1m.serve.settings import ServeSettings

ENVIRONMENT = {"VLLM_NO_USAGE_STATS": "1"}
"""Added to the server's environment: vLLM reports no usage statistics."""


def serve_command(settings: ServeSettings) -> list[str]:
    """The words of the command. The user's own come last and so win over ours."""
    limits = json.dumps({"image": settings.max_images, "video": 0})
    words = [settings.vllm or "vllm", "serve", settings.model]
    if not settings.headless:
        words += ["--host", settings.host, "--port", str(settings.port)]
    if settings.served_model_name:
        words += ["--served-model-name", settings.served_model_name]
    if settings.max_model_len is not None:
        words += ["--max-model-len", str(settings.max_model_len)]
    words += ["--trust-remote-code"] * settings.trust_remote_code
    words += ["--limit-mm-per-prompt", limits]
    words += ["--gpu-memory-utilization", str(settings.gpu_memory_utilization)]
    words += ["--dtype", settings.dtype]
    words += ["--generation-config", "vllm", "--enable-prefix-caching", "--enable-scale-out"]
    return [*words, *parallel_flags(settings), *settings.extra]


def parallel_flags(settings: ServeSettings) -> list[str]:
    """The flags that spread the model over GPUs and nodes."""
    words: list[str] = []
    if settings.tensor_parallel_size > 1:
        words += ["--tensor-parallel-size", str(settings.tensor_parallel_size)]
    if settings.data_parallel_size > 1:
        return words + _copies(settings)
    if settings.backend == "ray":
        return [*words, "--distributed-executor-backend", "ray"]
    if settings.nodes > 1:
        words += ["--distributed-executor-backend", "mp"]
        words += ["--nnodes", str(settings.nodes), "--node-rank", str(settings.node_rank)]
        words += ["--master-addr", settings.head_address, "--master-port", str(settings.head_port)]
        words += ["--headless"] * settings.headless
    return words


def _copies(settings: ServeSettings) -> list[str]:
    """Data parallel: whole copies on every node. Ray places them itself and knows its head."""
    here = settings.data_parallel_size // settings.nodes
    words = ["--data-parallel-size", str(settings.data_parallel_size)]
    if settings.nodes > 1:
        words += ["--data-parallel-size-local", str(here)]
    if settings.backend == "ray":
        return [*words, "--data-parallel-backend", "ray"]
    if settings.nodes > 1:
        words += ["--data-parallel-address", settings.head_address]
        words += ["--data-parallel-rpc-port", str(settings.head_port)]
    if settings.headless:
        words += ["--data-parallel-start-rank", str(settings.node_rank * here), "--headless"]
    return words


def shell_line(settings: ServeSettings) -> str:
    """The command with its environment, as a shell takes it."""
    return " ".join([*(f"{name}={value}" for name, value in ENVIRONMENT.items()), shlex.join(serve_command(settings))])


def local_host(settings: ServeSettings) -> str:
    """The host by which this machine reaches the server."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)


def local_address(settings: ServeSettings) -> str:
    """Where this machine reaches the server, such as ``http://127.0.0.1:8000``."""
    host = local_host(settings)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
