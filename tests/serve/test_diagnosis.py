"""One line says why a server died, and what to do where that is known."""

from __future__ import annotations

import pytest

from s1m.serve.diagnosis import why

WORKER = "(EngineCore pid=7) ERROR 11-22 16:30:00 [core.py:700] "
ECHO = "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore': 1}"


@pytest.mark.parametrize(
    ("lines", "said", "fix"),
    [
        (["OSError: [Errno 98] Address already in use"], "OSError: [Errno 98] Address", "another with --port"),
        (
            [f"{WORKER}torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.", "INFO: bye", ECHO],
            "torch.OutOfMemoryError: CUDA out of memory.",
            "lower --gpu-memory-utilization or --max-model-len",
        ),
        (
            [
                f"{WORKER}ValueError: To serve at least one request with the model's max seq len (131072), (7.0 GiB KV "
                "cache is needed, which is larger than the available KV cache memory (3.0 GiB)."
            ],
            "ValueError: To serve at least one request",
            "lower --max-model-len, raise --gpu-memory-utilization",
        ),
        (
            [f"{WORKER}ValueError: No available memory for the cache blocks. Try increasing it."],
            "ValueError: No available memory",
            "raise --gpu-memory-utilization",
        ),
        (
            ["ValueError: Free memory on device cuda:0 (3/79 GiB) is less than desired GPU memory utilization"],
            "ValueError: Free memory",
            "something else uses that memory: lower --gpu-memory-utilization",
        ),
        (
            [
                "pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig",
                "  Value error, User-specified max_model_len (9) is greater than the derived max_model_len (8)",
            ],
            "Value error, User-specified max_model_len (9)",
            "lower --max-model-len",
        ),
        (
            ["ValueError: World size (4) is larger than the number of available GPUs (1) in this node."],
            "ValueError: World size (4)",
            "lower --tensor-parallel-size",
        ),
        (["usage: vllm", "vllm: error: unrecognized arguments: --nope"], "unrecognized arguments: --nope", "vLLM 0.32"),
        (["OSError: m is not a valid model identifier listed on the Hub"], "OSError: m is not", "check MODEL's name"),
        (["ValueError: Failed to import Ray: No module named 'ray'."], "ValueError: Failed", "pip install ray"),
    ],
)
def test_known_failures_name_the_fix(lines: list[str], said: str, fix: str) -> None:
    message = why(["INFO 11-22 16:30:00 [api.py:1] hello", *lines], 1)
    assert message.startswith("vLLM ended with exit code 1: ")
    assert said in message
    assert fix in message
    assert "\n" not in message
    assert "pid=7" not in message


def test_unknown_failures_show_the_last_error_and_not_its_echo() -> None:
    message = why([f"{WORKER}KeyError: 'first'", f"{WORKER}TypeError: second", ECHO, "(APIServer pid=1) INFO bye"], 3)
    assert message == "vLLM ended with exit code 3: TypeError: second"


def test_without_an_error_the_last_line_has_to_do() -> None:
    assert why(["loading", "goodbye", ""], 0) == "vLLM ended with exit code 0: goodbye"
    assert why([], 1) == "vLLM ended with exit code 1"


def test_a_kill_is_called_one() -> None:
    assert why([], -9) == "vLLM was killed by SIGKILL; the machine may have run out of memory"
    assert why([], -15) == "vLLM was killed by SIGTERM"
