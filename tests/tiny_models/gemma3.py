"""Gemma 3: every image sixteen tokens that see each other, layers with a sliding window between full ones."""

from __future__ import annotations

from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template


def build() -> Parts:
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration, Gemma3Processor
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

    tokenizer = bytewise(boi_token="<start_of_image>", eoi_token="<end_of_image>", image_token="<image_soft_token>")
    config = Gemma3Config(
        tie_word_embeddings=False,  # tied, a random model of this class repeats its last token
        # The window is shorter than the prompts of the tests.
        text_config={
            **text(tokenizer), "head_dim": 16, "query_pre_attn_scalar": 16, "num_hidden_layers": 3,
            "sliding_window": 32, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
        },
        vision_config={**VISION, "image_size": 28, "patch_size": 7},
        mm_tokens_per_image=4,
        boi_token_index=tokenizer.convert_tokens_to_ids("<start_of_image>"),
        eoi_token_index=tokenizer.convert_tokens_to_ids("<end_of_image>"),
        image_token_index=tokenizer.convert_tokens_to_ids("<image_soft_token>"),
    )  # fmt: skip
    return Parts(
        config=config,
        model=Gemma3ForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<start_of_image>"),
        image_processor=Gemma3ImageProcessorPil(size={"height": 28, "width": 28}),
        processor=Gemma3Processor,
        options={"image_seq_length": 4},
    )
