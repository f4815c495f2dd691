"""Gemma 4: sliding windows, keys shared between layers, an embedding for every layer."""

from __future__ import annotations

from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template


def build() -> Parts:
    from transformers import (
        Gemma4AudioFeatureExtractor,
        Gemma4Config,
        Gemma4ForConditionalGeneration,
        Gemma4Processor,
    )
    from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil

    tokenizer = bytewise(
        "<|video|>", boi_token="<|image>", eoi_token="<image|>", image_token="<|image|>", audio_token="<|audio|>",
        boa_token="<|audio>", eoa_token="<audio|>",
    )  # fmt: skip
    image, start, end, video = tokenizer.convert_tokens_to_ids(["<|image|>", "<|image>", "<image|>", "<|video|>"])
    config = Gemma4Config(
        tie_word_embeddings=False,  # tied, a random model of this class repeats its last token
        text_config={
            **text(tokenizer), "head_dim": 16, "global_head_dim": 32, "num_hidden_layers": 4, "sliding_window": 32,
            "layer_types": ["sliding_attention", "full_attention"] * 2, "num_kv_shared_layers": 2,
            "vocab_size_per_layer_input": len(tokenizer), "hidden_size_per_layer_input": 16,
        },
        vision_config={**VISION, "num_key_value_heads": 2, "head_dim": 16, "patch_size": 4, "pooling_kernel_size": 2},
        audio_config=None,
        image_token_id=image, boi_token_id=start, eoi_token_id=end, video_token_id=video,
        audio_token_id=tokenizer.convert_tokens_to_ids("<|audio|>"),
    )  # fmt: skip
    return Parts(
        config=config,
        model=Gemma4ForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<|image|>"),
        image_processor=Gemma4ImageProcessorPil(patch_size=4, pooling_kernel_size=2, max_soft_tokens=70),
        processor=Gemma4Processor,
        options={"image_seq_length": 70, "feature_extractor": Gemma4AudioFeatureExtractor()},
    )
