"""Settings become exactly these words, and vLLM knows every flag among them."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace

import pytest

from s1m.serve.command import local_address, serve_command, shell_line
from s1m.serve.settings import ServeSettings
from tests.vllm_server import VLLM, need_vllm

SIZE = ["--gpu-memory-utilization", "0.9", "--dtype", "auto"]
ALWAYS = ["--generation-config", "vllm", "--enable-prefix-caching", "--enable-scale-out"]
HEADLESS = ["vllm", "serve", "m", "--limit-mm-per-prompt", '{"image": 16, "video": 0}', *SIZE, *ALWAYS]
PLAIN = ["vllm", "serve", "m", "--host", "127.0.0.1", "--port", "8000", *HEADLESS[3:]]
MASTER = ["--master-addr", "10.0.0.1", "--master-port", "29550"]
HEAD = ["--data-parallel-address", "10.0.0.1", "--data-parallel-rpc-port", "29550"]


def words(**values: object) -> list[str]:
    return serve_command(replace(ServeSettings(model="m"), **values))  # type: ignore[arg-type]


def test_one_gpu() -> None:
    assert words() == PLAIN


def test_code_of_a_model_is_trusted_only_when_asked_for() -> None:
    assert set(words(trust_remote_code=True)) - set(words()) == {"--trust-remote-code"}


def test_everything_that_can_be_said_of_one_gpu() -> None:
    settings = ServeSettings(
        model="org/model",
        vllm="/opt/vllm",
        host="0.0.0.0",
        port=81,
        served_model_name="mine",
        max_model_len=4096,
        max_images=3,
        gpu_memory_utilization=0.5,
        dtype="bfloat16",
        extra=("--seed", "3"),
    )
    assert serve_command(settings) == [
        "/opt/vllm", "serve", "org/model", "--host", "0.0.0.0", "--port", "81", "--served-model-name", "mine",
        "--max-model-len", "4096", "--limit-mm-per-prompt", '{"image": 3, "video": 0}', "--gpu-memory-utilization",
        "0.5", "--dtype", "bfloat16", *ALWAYS, "--seed", "3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "added"),
    [
        ({"tensor_parallel_size": 4}, ["--tensor-parallel-size", "4"]),
        ({"data_parallel_size": 4}, ["--data-parallel-size", "4"]),
        (
            {"tensor_parallel_size": 2, "data_parallel_size": 4},
            ["--tensor-parallel-size", "2", "--data-parallel-size", "4"],
        ),
        (
            {"tensor_parallel_size": 8, "nodes": 2, "head_address": "10.0.0.1"},
            ["--tensor-parallel-size", "8", "--distributed-executor-backend", "mp", "--nnodes", "2", "--node-rank", "0",
             *MASTER],
        ),
        (
            {"tensor_parallel_size": 2, "data_parallel_size": 4, "nodes": 2, "head_address": "10.0.0.1"},
            ["--tensor-parallel-size", "2", "--data-parallel-size", "4", "--data-parallel-size-local", "2", *HEAD],
        ),
        (
            {"tensor_parallel_size": 8, "nodes": 2, "backend": "ray"},
            ["--tensor-parallel-size", "8", "--distributed-executor-backend", "ray"],
        ),
        (
            {"tensor_parallel_size": 2, "data_parallel_size": 4, "nodes": 2, "backend": "ray"},
            ["--tensor-parallel-size", "2", "--data-parallel-size", "4", "--data-parallel-size-local", "2",
             "--data-parallel-backend", "ray"],
        ),
    ],
)  # fmt: skip
def test_many_gpus_from_the_head(values: dict[str, object], added: list[str]) -> None:
    assert words(**values) == PLAIN + added
    assert words(**values, extra=("--seed", "3")) == [*PLAIN, *added, "--seed", "3"]


@pytest.mark.parametrize(
    ("values", "added"),
    [
        (
            {"tensor_parallel_size": 6, "node_rank": 1},
            ["--tensor-parallel-size", "6", "--distributed-executor-backend", "mp", "--nnodes", "3", "--node-rank", "1",
             *MASTER, "--headless"],
        ),
        (
            {"data_parallel_size": 6, "node_rank": 2},
            ["--data-parallel-size", "6", "--data-parallel-size-local", "2", *HEAD, "--data-parallel-start-rank", "4",
             "--headless"],
        ),
    ],
)  # fmt: skip
def test_the_other_nodes_open_no_port(values: dict[str, object], added: list[str]) -> None:
    assert words(**values, nodes=3, head_address="10.0.0.1") == HEADLESS + added


def test_the_printed_line_is_one_that_a_shell_takes_back() -> None:
    settings = ServeSettings(model="a model", extra=("--x", "it's"))
    assert shlex.split(shell_line(settings)) == ["VLLM_NO_USAGE_STATS=1", *serve_command(settings)]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("gpu7", "http://gpu7:8000"),
    ],
)
def test_the_address_from_here(host: str, address: str) -> None:
    assert local_address(ServeSettings(model="m", host=host)) == address


@pytest.mark.vllm
def test_vllm_knows_every_flag() -> None:
    need_vllm()
    many = {"nodes": 2, "node_rank": 1, "head_address": "h"}
    used = {
        *words(served_model_name="n", max_model_len=1, tensor_parallel_size=2, nodes=2, head_address="h"),
        *words(tensor_parallel_size=2, **many),
        *words(data_parallel_size=2, **many),
        *words(data_parallel_size=2, backend="ray"),
    }
    shown = subprocess.run([VLLM, "serve", "--help=all"], capture_output=True, text=True, check=True).stdout
    flags = {word for word in used if word.startswith("--")}
    assert len(flags) > 20
    assert flags <= set(re.findall(r"--[a-z][a-z-]+", shown))
