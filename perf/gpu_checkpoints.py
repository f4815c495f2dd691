"""Checkpoints of Qwen2-VL's published shapes with random weights: speed and memory do not depend on what they say.

The shapes are those of the config.json of Qwen/Qwen2-VL-2B-Instruct and Qwen/Qwen2-VL-7B-Instruct. The tokenizer is
the bundled model's, whose 512 tokens name the first of the vocabulary; what lies beyond them is generated like any
other token and decodes to nothing. The head is scaled up, so that the distribution of the next token is about as peaked
as a trained model's.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

from s1m.engines.builder import BUNDLED
from s1m.engines.embedded.checkpoint import place_of

PEAKED = 12.0
"""Factor of the head: logits with a standard deviation near 12 leave most probability to a few hundred tokens."""
LONGEST_EDGE = 12_845_056
"""Pixels up to which Qwen2-VL's own processor leaves a picture its size; the bundled model's scales to 64 tokens."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What differs between the published sizes."""

    name: str
    hidden: int
    intermediate: int
    layers: int
    heads: int
    key_value_heads: int
    vocabulary: int
    tied: bool
    vision_width: int = 1280
    vision_depth: int = 32
    vision_heads: int = 16

    @property
    def matrix_parameters(self) -> int:
        """Parameters that every token is multiplied with: those of the language tower but the embeddings."""
        size = self.hidden // self.heads
        attention = self.hidden * size * (2 * self.heads + 2 * self.key_value_heads)
        return self.layers * (attention + 3 * self.hidden * self.intermediate) + self.hidden * self.vocabulary

    @property
    def cache_bytes(self) -> int:
        """Bytes of keys and values that a token takes, in bfloat16."""
        return 2 * 2 * self.layers * self.key_value_heads * (self.hidden // self.heads)


TWO = Shape(
    name="2B", hidden=1536, intermediate=8960, layers=28, heads=12, key_value_heads=2, vocabulary=151_936, tied=True
)
SEVEN = Shape(
    name="7B", hidden=3584, intermediate=18_944, layers=28, heads=28, key_value_heads=4, vocabulary=152_064, tied=False
)
SHALLOW = Shape(
    name="2B, 4 layers deep", hidden=1536, intermediate=8960, layers=4, heads=12, key_value_heads=2,
    vocabulary=151_936, tied=True, vision_depth=4,
)  # fmt: skip
TINY = Shape(
    name="tiny", hidden=64, intermediate=128, layers=2, heads=2, key_value_heads=1, vocabulary=4096, tied=False,
    vision_width=64, vision_depth=2, vision_heads=2,
)  # fmt: skip


def config_of(shape: Shape) -> Qwen2VLConfig:
    """The configuration, with the special tokens of the bundled tokenizer."""
    bundled = Qwen2VLConfig.from_pretrained(place_of(BUNDLED))
    special = {name: getattr(bundled, name) for name in vars(bundled) if name.endswith("_token_id")}
    size = shape.hidden // shape.heads
    sections = [size // 8, size * 3 // 16, size // 2 - size // 8 - size * 3 // 16]
    return Qwen2VLConfig(
        text_config={
            "hidden_size": shape.hidden,
            "intermediate_size": shape.intermediate,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "num_key_value_heads": shape.key_value_heads,
            "vocab_size": shape.vocabulary,
            "max_position_embeddings": 65_536,
            "tie_word_embeddings": shape.tied,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": sections},
            **{name: bundled.get_text_config().to_dict().get(name) for name in ("bos_token_id", "eos_token_id")},
        },
        vision_config={
            "depth": shape.vision_depth,
            "embed_dim": shape.vision_width,
            "num_heads": shape.vision_heads,
            "hidden_size": shape.hidden,
            "mlp_ratio": 4,
        },
        tie_word_embeddings=shape.tied,
        **special,
    )


def write_checkpoint(shape: Shape, folder: Path, device: str) -> None:
    """Write a checkpoint folder in bfloat16, its weights drawn on the device."""
    bundled = Path(place_of(BUNDLED))
    shutil.copytree(bundled, folder, ignore=shutil.ignore_patterns("*.safetensors", "config.json", "README*"))
    config = config_of(shape)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        torch.manual_seed(0)
        with torch.device(device):
            model = Qwen2VLForConditionalGeneration(config)
    finally:
        torch.set_default_dtype(before)
    with torch.no_grad():
        model.get_output_embeddings().weight.mul_(PEAKED)
    model.generation_config.eos_token_id = config.get_text_config().eos_token_id
    model.save_pretrained(folder)
    processor = folder / "preprocessor_config.json"
    values = json.loads(processor.read_text(encoding="utf-8"))
    values["size"]["longest_edge"] = LONGEST_EDGE
    processor.write_text(json.dumps(values), encoding="utf-8")


@contextmanager
def checkpoint(shape: Shape, device: str) -> Iterator[str]:
    """The folder of such a checkpoint, in memory where there is room, gone afterwards."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 40 * 2**30
    with tempfile.TemporaryDirectory(dir=memory if roomy else None) as scratch:
        folder = Path(scratch) / "model"
        write_checkpoint(shape, folder, device)
        if device == "cuda":
            torch.cuda.empty_cache()
        yield str(folder)
