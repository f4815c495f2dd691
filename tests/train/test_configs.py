"""Every file under configs/ and every script of training is what its reader takes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from s1m.files.settings import read_toml
from s1m.train.settings import train_settings

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "configs" / "train").glob("*.toml"))
ESTIMATED = ("smolvlm", "qwen3vl_2b", "qwen3vl_8b", "internvl3_2b", "internvl3_8b")
WAYS = sorted((ROOT / "configs" / "accelerate").glob("*.yaml"))
SCRIPTS = sorted((ROOT / "scripts").glob("qwen2vl_sft.*"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_are_settings(path: Path) -> None:
    settings = train_settings(read_toml(path), path.name)
    assert settings.data


def test_there_are_recipes_and_ways() -> None:
    assert {path.stem for path in RECIPES} >= {"tiny", "qwen2vl_7b", "qwen2vl_7b_lora", "qwen2_5vl_7b", *ESTIMATED}
    assert [path.stem for path in WAYS] == ["ddp", "fsdp2", "zero2", "zero3"]


def test_the_recipe_of_s1m_is_theirs() -> None:
    settings = train_settings(read_toml(ROOT / "configs" / "train" / "qwen2vl_7b.toml"))
    assert (settings.learning_rate, settings.scheduler, settings.warmup_share) == (2e-5, "cosine", 0.03)
    assert (settings.epochs, settings.beta2, settings.weight_decay, settings.max_tokens) == (3, 0.95, 0, 32_000)
    assert settings.freeze == ("vision",)


@pytest.mark.parametrize("name", ESTIMATED)
def test_a_recipe_that_was_not_run_says_so_and_what_memory_it_takes(name: str) -> None:
    text = (ROOT / "configs" / "train" / f"{name}.toml").read_text()
    assert "Not run yet" in text
    assert "Memory, by arithmetic" in text


@pytest.mark.parametrize("path", WAYS, ids=lambda path: path.stem)
def test_ways_are_read_by_accelerate(path: Path) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    config: Any = load_config_from_file(str(path))
    kind = {"ddp": "MULTI_GPU", "fsdp2": "FSDP", "zero2": "DEEPSPEED", "zero3": "DEEPSPEED"}[path.stem]
    assert config.distributed_type == kind
    assert (config.num_processes, config.mixed_precision) == (8, "bf16")


@pytest.mark.parametrize("path", WAYS, ids=lambda path: path.stem)
def test_every_key_of_a_way_is_one_that_the_launcher_passes_on(path: Path) -> None:
    """accelerate drops a misspelt key beneath fsdp_config or deepspeed_config in silence."""
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import launch_command_parser

    known = set(vars(launch_command_parser().parse_args(["script"])))
    config: Any = load_config_from_file(str(path))
    assert {*config.fsdp_config, *config.deepspeed_config} <= known


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_bash(path: Path) -> None:
    bash = shutil.which("bash")
    assert bash
    assert subprocess.run([bash, "-n", str(path)], check=False).returncode == 0


def test_the_script_launches_the_recipe(tmp_path: Path) -> None:
    """With an accelerate that only says what it was asked for."""
    launcher = tmp_path / "accelerate"
    launcher.write_text('#!/usr/bin/env bash\necho "$@"\n')
    launcher.chmod(0o755)
    said = subprocess.run(
        [str(ROOT / "scripts" / "qwen2vl_sft.sh"), "--epochs", "1"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "SPREAD": "zero3"},
    ).stdout.split()
    assert said == [
        *("launch", "--config_file", "configs/accelerate/zero3.yaml"),
        *("-m", "s1m.cli", "train", "configs/train/qwen2vl_7b.toml", "--epochs", "1"),
    ]
    assert (ROOT / said[2]).exists()
    assert (ROOT / said[6]).exists()
