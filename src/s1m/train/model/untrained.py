"""The shape of the bundled checkpoint: a Qwen2-VL of about a million parameters, with tokenizer and processor files.

The proportions are chosen so that transformers and vLLM both take it: head dimension 32 with an ``mrope_section`` that
sums to half of it, half as many key-value heads as heads, a vision tower of width 64 in two heads, a vocabulary padded
to a multiple of 64, and untied embeddings.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s1m.datasets.sources.digits import make_trace
from s1m.engines.builder import BUNDLED
from s1m.engines.embedded.checkpoint import place_of
from s1m.families import Delimiters
from s1m.synthetic.digits.problems import QUESTIONS
from s1m.synthetic.digits.traces import ALL_IGNORE_STRINGS

if TYPE_CHECKING:
    from transformers import Qwen2Tokenizer, Qwen2VLForConditionalGeneration

VOCABULARY = 512
SPECIAL_TOKENS = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>", "<think>", "</think>",
)  # fmt: skip

CONTEXT = 32_768
"""Far more than is trained; a default thinking budget fits, and a runaway meets its cap instead of the wall."""

MOST_PIXELS = 28 * 28 * 64
"""Pictures of the benchmark pass unresized; larger ones are scaled to 64 tokens."""

CHAT_TEMPLATE = "chat_template.jinja"
"""Of the bundled checkpoint: that of Qwen/Qwen2-VL-7B-Instruct (Apache-2.0), unchanged."""


def build_untrained(folder: Path, seed: int = 0) -> None:
    """Write a checkpoint folder, randomly initialised, that transformers and vLLM load as it is."""
    import torch
    import transformers

    untyped: Any = transformers
    untyped.logging.disable_progress_bar()
    tokenizer = write_processing(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build_model(tokenizer)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.generation_config.bos_token_id = None
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)


def write_processing(folder: Path) -> Qwen2Tokenizer:
    """Write tokenizer and image processor alone, which is all that measuring examples needs; the tokenizer."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    tokenizer = build_tokenizer(corpus())
    tokenizer.save_pretrained(folder)
    Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=MOST_PIXELS).save_pretrained(folder)
    return tokenizer


def corpus() -> Iterator[str]:
    """What the tokenizer learns its merges from: traces without their delimiters, and everything around them."""
    rng = random.Random(0)
    for kind in QUESTIONS:
        for _ in range(200):
            yield make_trace([rng.randrange(10) for _ in range(4)], 4, kind, 3, rng, Delimiters("", ""))
    around = ("system\nYou are a helpful assistant.", "user\n", "assistant\n")
    for _ in range(100):
        yield from (*QUESTIONS.values(), *ALL_IGNORE_STRINGS, *around)


def build_tokenizer(texts: Iterable[str]) -> Qwen2Tokenizer:
    """A byte-level tokenizer with Qwen2's word splitting, its merges learned from ``texts``."""
    import transformers
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.NFC()
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    learner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    merges = [tuple(merge) for merge in json.loads(learner.to_str())["model"]["merges"]]
    untyped: Any = transformers
    tokenizer: Qwen2Tokenizer = untyped.Qwen2Tokenizer(
        vocab=learner.get_vocab(),
        merges=merges,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        model_max_length=CONTEXT,
        chat_template=Path(place_of(BUNDLED), CHAT_TEMPLATE).read_text(encoding="utf-8"),
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(SPECIAL_TOKENS)})
    return tokenizer


def build_model(tokenizer: Qwen2Tokenizer) -> Qwen2VLForConditionalGeneration:
    """The randomly initialised model for a tokenizer."""
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

    ids: dict[str, Any] = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    config = Qwen2VLConfig(
        text_config={
            "vocab_size": VOCABULARY,
            "hidden_size": 128,
            "intermediate_size": 384,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": CONTEXT,
            "rms_norm_eps": 1e-6,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]},
            "bos_token_id": ids["<|endoftext|>"],
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
            "tie_word_embeddings": False,
        },
        vision_config={
            "depth": 2,
            "embed_dim": 64,
            "num_heads": 2,
            "hidden_size": 128,
            "mlp_ratio": 4,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=False,
    )
    return Qwen2VLForConditionalGeneration(config)
