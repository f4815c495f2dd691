"""A class, device or option that cannot work gets one line that says what is missing."""

from __future__ import annotations

import asyncio
import json
import logging
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from s1m.cli import main
from s1m.engines.builder import EngineSettings
from s1m.engines.embedded import EmbeddedEngine, memory, weights
from s1m.engines.embedded.checkpoint import load_checkpoint
from s1m.engines.embedded.general.classes import TESTED, classes
from s1m.errors import EngineUnavailable, UsageError
from tests.engines.embedded.own import PROBLEMS, ask, step
from tests.tiny_models import KINDS, checkpoint


def refused(*, name: str, **options: Any) -> str:
    """The one line with which an engine is refused."""
    with pytest.raises(EngineUnavailable) as caught:
        EmbeddedEngine(name, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


def pretending(folder: Path, **config: object) -> str:
    """A folder with a configuration alone."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return str(folder)


def test_a_model_that_reads_text_alone_refuses_images(folder: Path) -> None:
    engine = EmbeddedEngine(str(checkpoint("llama", folder)), max_rows=2)
    with pytest.raises(EngineUnavailable, match=r"has images, and .* reads text alone; use a vision-language model"):
        ask(engine, [(PROBLEMS[1], step())])
    asyncio.run(engine.close())


def test_a_class_that_writes_no_text_is_refused(tmp_path: Path) -> None:
    assert "s1m models lists those there are" in refused(name=pretending(tmp_path / "vit", model_type="vit"))


def test_an_encoder_decoder_is_refused(tmp_path: Path) -> None:
    said = refused(name=pretending(tmp_path / "udop", model_type="udop", is_encoder_decoder=True))
    assert "an encoder-decoder, which has no turn to continue" in said


def test_a_class_that_transformers_does_not_know_is_refused(tmp_path: Path) -> None:
    said = refused(name=pretending(tmp_path / "kimi", model_type="kimi_vl"))
    assert "is a kimi_vl model, which the installed transformers does not know" in said


def test_code_of_its_own_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked interactively"))
    own = {"AutoConfig": "configuration_own.OwnConfig", "AutoModelForCausalLM": "modeling_own.Own"}
    said = refused(name=pretending(tmp_path / "own", model_type="own", auto_map=own))
    assert "read it, then add --trust-remote-code" in said


def test_a_processor_that_lacks_a_package_names_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.models.smolvlm import processing_smolvlm

    place = checkpoint("smolvlm", folder)
    monkeypatch.setattr(processing_smolvlm, "num2words", None)
    assert "pip install num2words" in refused(name=str(place))


@pytest.mark.skipif(find_spec("torchvision") is not None, reason="torchvision is installed")
def test_a_processor_that_needs_torchvision_says_so(folder: Path) -> None:
    place = checkpoint("llava", folder)
    config = json.loads((place / "processor_config.json").read_text(encoding="utf-8"))
    config["processor_class"] = "PixtralProcessor"
    pixtral = folder / "pixtral"
    pixtral.mkdir()
    for file in place.iterdir():
        (pixtral / file.name).write_bytes(file.read_bytes())
    (pixtral / "processor_config.json").write_text(json.dumps(config), encoding="utf-8")
    said = refused(name=str(pixtral))
    assert "PixtralProcessor requires the Torchvision library" in said


def test_a_device_that_is_not_there_is_refused() -> None:
    if not torch.cuda.is_available():
        assert (
            refused(name="bundled", device="cuda") == "--device cuda: torch finds none here; use another, such as cpu"
        )
    assert "torch knows none of this name" in refused(name="bundled", device="gpu")


def test_quantisation_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find_spec", lambda _name: None)
    assert "pip install bitsandbytes, or pip install torchao" in refused(name="bundled", quantize="4bit")


@pytest.mark.parametrize("bits", ["8bit", "4bit"])
def test_weights_load_in_fewer_bits(bits: str, folder: Path) -> None:
    pytest.importorskip("bitsandbytes")
    engine = EmbeddedEngine(str(checkpoint("llama", folder)), max_rows=2, quantize=bits)
    (completion,) = ask(engine, [(PROBLEMS[0], step())])
    asyncio.run(engine.close())
    assert (engine.path, completion.tokens) == ("shared", 8)
    assert "bitsandbytes" in type(engine.checkpoint.model.model.layers[0].mlp.up_proj).__module__


def test_flash_attention_needs_a_package(folder: Path) -> None:
    if find_spec("flash_attn") is None:
        assert "pip install flash-attn" in refused(name=str(checkpoint("llava", folder)), attention="flash_attention_2")


def test_weights_that_do_not_fit_are_refused_with_the_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda _device: 1_000_000)
    said = refused(name="bundled")
    assert "does not fit: 0.00119 billion weights x 4 bytes = 0.00477 GB, and cpu has 0.001 GB free" in said
    assert said.endswith("add --dtype bfloat16 or --quantize 4bit, or use a smaller model")


def test_a_cache_that_does_not_fit_is_said_with_the_arithmetic(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = load_checkpoint("bundled", "cpu").model
    row = memory.cache_bytes(model.config, model.dtype) * memory.ROW_TOKENS
    monkeypatch.setattr(memory, "free_bytes", lambda _device: 5 * row)
    with caplog.at_level(logging.WARNING, "s1m"):
        memory.check_cache("m", model, 64)
    assert "a row of 2,048 tokens x 64 rows" in caplog.text
    assert "--concurrency 5 fits" in caplog.text
    monkeypatch.setattr(memory, "free_bytes", lambda _device: row - 1)
    with pytest.raises(EngineUnavailable, match="leaves no room for one row"):
        memory.check_cache("m", model, 64)


def test_the_cache_of_a_token_is_two_tensors_a_layer() -> None:
    model = load_checkpoint("bundled", "cpu").model
    text = model.config.get_text_config()
    size = text.hidden_size // text.num_attention_heads
    expected = 2 * text.num_hidden_layers * text.num_key_value_heads * size * 4
    assert memory.cache_bytes(model.config, torch.float32) == expected
    unknown = SimpleNamespace(get_text_config=lambda: SimpleNamespace(to_dict=dict))
    assert memory.cache_bytes(unknown, torch.float32) == 0


def test_a_server_takes_no_device() -> None:
    with pytest.raises(UsageError, match="--device and --quantize: a server loads its model itself"):
        EngineSettings(engine="http", base_url=("http://127.0.0.1:1/v1",), device="cpu", quantize="4bit")


def test_what_is_said_to_be_tested_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(KINDS) <= set(TESTED)
    assert set(TESTED) - set(KINDS) == {"qwen2_vl", "qwen2_5_vl", "qwen3_vl"}
    assert main(["models", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    paths = {each["model_type"]: each["served_by"] for each in printed["classes"]}
    assert (paths["qwen2_vl"], paths["smolvlm"], paths["udop"]) == ("qwen", "shared", "none")
    assert {each.model_type for each in classes()} == set(paths)
