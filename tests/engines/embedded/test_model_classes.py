"""The younger siblings of Qwen2-VL, small and with random weights: greedy tokens equal those of `generate`."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from s1m.benchmarks.digits import Digits
from s1m.engines.embedded import EmbeddedEngine
from s1m.types import Completion, Piece, Sampling, Step
from tests.engines.embedded.reference import reference

PROBLEMS = Digits().load(split="test", limit=4, data=None)
TOKENS = 16
VISION = {
    "depth": 2, "hidden_size": 64, "num_heads": 2, "intermediate_size": 128, "out_hidden_size": 128, "patch_size": 14,
    "spatial_merge_size": 2, "temporal_patch_size": 2,
}  # fmt: skip


def build(kind: str, like: Any) -> Any:
    """A random model of a class, with the vocabulary and place-holders of ``like``."""
    import transformers

    config, model, vision = {
        "Qwen2.5-VL": (
            transformers.Qwen2_5_VLConfig,
            transformers.Qwen2_5_VLForConditionalGeneration,
            {"window_size": 112, "fullatt_block_indexes": [1]},
        ),
        "Qwen3-VL": (
            transformers.Qwen3VLConfig,
            transformers.Qwen3VLForConditionalGeneration,
            {"deepstack_visual_indexes": [0], "num_position_embeddings": 64},
        ),
    }[kind]
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    text = {
        "vocab_size": 512, "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "head_dim": 32,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 4096,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]},
    }  # fmt: skip
    torch.manual_seed(0)
    built = model(
        config(text_config=text, vision_config=VISION | vision, **{n: getattr(like.config, n) for n in names})
    )
    built.generation_config = like.generation_config
    return built


@pytest.fixture(params=["Qwen2.5-VL", "Qwen3-VL"])
def sibling(request: pytest.FixtureRequest, engine: EmbeddedEngine, tmp_path: Path) -> Iterator[EmbeddedEngine]:
    bundled = Path(engine.checkpoint.model.config._name_or_path)
    build(request.param, engine.checkpoint.model).save_pretrained(tmp_path)
    engine.checkpoint.tokenizer.save_pretrained(tmp_path)
    shutil.copy(bundled / "preprocessor_config.json", tmp_path)
    loaded = EmbeddedEngine(str(tmp_path), max_rows=4)
    yield loaded
    asyncio.run(loaded.close())


def test_greedy_tokens_equal_those_of_generate(sibling: EmbeddedEngine) -> None:
    think = Step(prefix=(Piece(text="<think>\n"),), stop=(), max_tokens=TOKENS, min_tokens=TOKENS)

    async def together() -> list[Completion]:
        return list(await asyncio.gather(*(sibling.generate(p, think, Sampling(temperature=0)) for p in PROBLEMS)))

    suppressed = (*sibling.checkpoint.never_ids, *sibling.checkpoint.end_ids)
    for problem, completion in zip(PROBLEMS, asyncio.run(together()), strict=True):
        assert completion.token_ids == tuple(reference(sibling, problem, TOKENS, suppressed))


def test_after_an_image_shown_again_they_equal_those_of_generate_too(sibling: EmbeddedEngine) -> None:
    turn = ("<think>\nI look", "Once more:")
    pieces = (Piece(text=turn[0], images=True), Piece(text=turn[1]))
    think = Step(prefix=pieces, stop=(), max_tokens=TOKENS, min_tokens=TOKENS)
    suppressed = (*sibling.checkpoint.never_ids, *sibling.checkpoint.end_ids)
    completion = asyncio.run(sibling.generate(PROBLEMS[0], think, Sampling(temperature=0)))
    assert completion.token_ids == tuple(reference(sibling, PROBLEMS[0], TOKENS, suppressed, turn))
