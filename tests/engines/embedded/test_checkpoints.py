"""Checkpoints that are broken, incomplete, or bring code: each is refused in one line."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from s1m.engines.embedded import EmbeddedEngine
from s1m.errors import EngineUnavailable
from s1m.types import Piece, Sampling
from tests.engines.embedded.asking import GREEDY, PROBLEMS, THINK, WARM, ask, step


def test_a_checkpoint_that_lacks_weights_is_refused(tmp_path: Path, engine: EmbeddedEngine) -> None:
    from safetensors.torch import load_file, save_file

    source = Path(engine.checkpoint.model.config._name_or_path)
    broken = tmp_path / "broken"
    shutil.copytree(source, broken)
    weights = load_file(broken / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "visual" not in name}
    save_file(kept, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineUnavailable, match=r"is a broken checkpoint: \d+ weights are missing"):
        EmbeddedEngine(str(broken))


@pytest.fixture
def copied(tmp_path: Path, engine: EmbeddedEngine) -> Path:
    """A folder with a copy of the bundled checkpoint, to be broken."""
    return Path(shutil.copytree(Path(engine.checkpoint.model.config._name_or_path), tmp_path / "copied"))


@pytest.mark.parametrize("sampling", [GREEDY, WARM], ids=["greedy", "sampled"])
@pytest.mark.parametrize("broken", ["lm_head.weight", "model.layers.0.input_layernorm.weight"])
def test_weights_that_give_nan_end_the_run_in_one_line(copied: Path, sampling: Sampling, broken: str) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    name = next((name for name in weights if name.endswith(broken)), "model.embed_tokens.weight")
    weights[name].fill_(float("nan"))
    save_file(weights, copied / "model.safetensors", metadata={"format": "pt"})
    unsound = EmbeddedEngine(str(copied), max_rows=2)
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="gives NaN instead of probabilities") as caught:
            ask(unsound, [(PROBLEMS[0], step()), (PROBLEMS[1], step())], sampling)
        assert "\n" not in str(caught.value)
    asyncio.run(unsound.close())


def test_token_ids_beyond_the_embedding_end_the_run_in_one_line(copied: Path, engine: EmbeddedEngine) -> None:
    tokenizer = json.loads((copied / "tokenizer.json").read_text())
    rows = engine.checkpoint.model.get_input_embeddings().weight.shape[0]
    plain = dict.fromkeys(("special", "single_word", "lstrip", "rstrip", "normalized"), False)
    first = len(engine.checkpoint.tokenizer)
    tokenizer["added_tokens"] += [{"id": id_, "content": f"[{id_}]"} | plain for id_ in range(first, rows)]
    tokenizer["added_tokens"].append({"id": rows, "content": "beyond"} | plain)
    (copied / "tokenizer.json").write_text(json.dumps(tokenizer))
    other = EmbeddedEngine(str(copied), max_rows=2)
    asked = replace(PROBLEMS[0], question="Is it beyond?")
    for steps in (
        [(asked, step())],
        [(PROBLEMS[0], step((*THINK, Piece(text="beyond"))))],
        [(PROBLEMS[0], step((*THINK, Piece(text="", token_ids=(rows,)))))],
        [(PROBLEMS[0], step(stop=("beyond",)))],
        [(PROBLEMS[0], step(choices=("beyond", "A")))],
    ):
        with pytest.raises(EngineUnavailable, match=rf"its embedding has {rows} rows") as caught:
            ask(other, steps)
        assert "\n" not in str(caught.value)
    assert ask(other, [(PROBLEMS[0], step())])[0].finish == "stop"
    asyncio.run(other.close())


def test_code_that_a_checkpoint_brings_is_run_only_on_request(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asks(*_: object) -> str:
        raise AssertionError("asked interactively")

    monkeypatch.setattr("builtins.input", asks)
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(copied.parent / "modules"))
    config = json.loads((copied / "config.json").read_text())
    config |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.Config", "AutoModelForImageTextToText": "own.Model"},
    }
    (copied / "config.json").write_text(json.dumps(config))
    (copied / "own.py").write_text("raise RuntimeError('this code was run')\n")
    with pytest.raises(EngineUnavailable, match="read it, then add --trust-remote-code") as caught:
        EmbeddedEngine(str(copied))
    assert "\n" not in str(caught.value)
    with pytest.raises(EngineUnavailable, match="this code was run"):
        EmbeddedEngine(str(copied), trust_remote_code=True)


def test_a_checkpoint_without_a_chat_template_is_refused(tmp_path: Path, engine: EmbeddedEngine) -> None:
    mute = tmp_path / "mute"
    shutil.copytree(Path(engine.checkpoint.model.config._name_or_path), mute)
    (mute / "chat_template.jinja").unlink()
    without = EmbeddedEngine(str(mute))
    with pytest.raises(EngineUnavailable, match="has no usable chat template"):
        ask(without, [(PROBLEMS[0], step())])
    asyncio.run(without.close())


def test_checkpoints_that_will_not_load_say_why_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="there is no checkpoint folder"):
        EmbeddedEngine(str(tmp_path / "absent"))
    with pytest.raises(EngineUnavailable, match=r"is not a checkpoint: it lacks config\.json"):
        EmbeddedEngine(str(tmp_path))
    for name in ("config.json", "tokenizer_config.json", "preprocessor_config.json"):
        (tmp_path / name).write_text("{")
    with pytest.raises(EngineUnavailable, match="is a broken checkpoint") as caught:
        EmbeddedEngine(str(tmp_path))
    assert "\n" not in str(caught.value)
