"""What may be asked of a server, what is refused in one line, and what this machine fills in."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from s1m.errors import EngineUnavailable, UsageError
from s1m.files.settings import field_help, settings_from, to_toml
from s1m.serve.resolve import find_vllm, resolve
from s1m.serve.settings import ServeSettings


def settings(**values: object) -> ServeSettings:
    return settings_from(ServeSettings, {"model": "m", **values}, "x.toml")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"prt": 1}, "x.toml: there is no setting 'prt'; did you mean port?"),
        ({"port": 0}, "x.toml: port: expected int >= 1"),
        ({"port": 70000}, "x.toml: port: expected int <= 65535"),
        ({"gpu_memory_utilization": 1.5}, "gpu_memory_utilization: expected float <= 1"),
        ({"dtype": "int8"}, "dtype: invalid enum value 'int8'"),
        ({"model": ""}, "MODEL must be a folder or a Hub id"),
        ({"model": "--port"}, "MODEL must be a folder or a Hub id: '--port'"),
        ({"node_rank": 1}, "--node-rank 1 is not below --nodes 1"),
        ({"nodes": 2, "tensor_parallel_size": 4}, "--nodes needs --head-address"),
        ({"head_address": "h"}, "--head-address is for several nodes: add --nodes"),
        ({"nodes": 2, "head_address": "h"}, "--tensor-parallel-size 1 is not a multiple of --nodes 2"),
        ({"nodes": 2, "head_address": "h", "data_parallel_size": 3}, "--data-parallel-size 3 is not a multiple"),
        ({"nodes": 2, "tensor_parallel_size": 2, "backend": "ray", "node_rank": 1}, "leave out --node-rank"),
        ({"backend": "ray", "head_address": "h"}, "leave out --node-rank and --head-address"),
        ({"extra": "--enforce-eager"}, "extra: expected array"),
    ],
)
def test_nonsense_is_refused_in_one_line(values: dict[str, object], complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings(**values)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_come_back_from_their_file() -> None:
    before = settings(nodes=2, head_address="h", data_parallel_size=4, extra=["--seed", "3"], max_model_len=9)
    assert settings_from(ServeSettings, tomllib.loads(to_toml(before))) == before


def test_every_setting_has_a_line_of_help() -> None:
    texts = field_help(ServeSettings)
    assert set(texts) == {field.name for field in fields(ServeSettings)}
    assert all(text.endswith((".", ")")) for text in texts.values()), texts


@pytest.mark.parametrize(
    ("config", "longest"),
    [
        ({"max_position_embeddings": 4096}, 4096),
        ({"max_position_embeddings": 128000}, 32768),
        ({"text_config": {"max_position_embeddings": 262144}}, 32768),
        ({"text_config": {"max_position_embeddings": 2048}}, 2048),
        ({}, None),
        ([], None),
    ],
)
def test_a_local_model_gets_its_own_length_up_to_a_limit(config: object, longest: int | None, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert resolve(settings(model=str(tmp_path))).max_model_len == longest
    assert resolve(settings(model=str(tmp_path), max_model_len=77)).max_model_len == 77


def test_a_model_of_the_hub_keeps_its_own_length() -> None:
    assert resolve(settings(model="org/model")).max_model_len is None


def test_a_folder_that_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="is not a checkpoint: it lacks config"):
        resolve(settings(model=str(tmp_path)))
    with pytest.raises(EngineUnavailable, match="there is no checkpoint folder /no/such"):
        resolve(settings(model="/no/such"))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(EngineUnavailable, match=r"config\.json is damaged"):
        resolve(settings(model=str(tmp_path)))


def test_vllm_is_looked_for_here_and_then_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve(settings()).vllm == "vllm"
    beside = tmp_path / ".venv-vllm/bin/vllm"
    beside.parent.mkdir(parents=True)
    beside.touch(mode=0o755)
    assert resolve(settings()).vllm == ".venv-vllm/bin/vllm"
    assert resolve(settings(vllm="mine")).vllm == "mine"
    assert find_vllm(".venv-vllm/bin/vllm") == ".venv-vllm/bin/vllm"
    with pytest.raises(EngineUnavailable, match=r"there is no \./absent: pip install vllm .* with --vllm"):
        find_vllm("./absent")
