"""Qwen3.5: layers with linear attention, whose state cannot be cut back, between full ones."""

from __future__ import annotations

from tests.tiny_models.parts import Parts, text
from tests.tiny_models.spelling import bytewise, template

MARKS = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")


def build() -> Parts:
    from transformers import Qwen3_5Config, Qwen3_5ForConditionalGeneration, Qwen3VLProcessor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    tokenizer = bytewise(*MARKS)
    image, video, start, end = tokenizer.convert_tokens_to_ids(list(MARKS))
    config = Qwen3_5Config(
        text_config={
            **text(tokenizer), "head_dim": 16, "layer_types": ["linear_attention", "full_attention"],
            "linear_key_head_dim": 16, "linear_value_head_dim": 16, "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "rope_parameters": {
                "rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2],
                "partial_rotary_factor": 0.5,
            },
        },
        vision_config={
            "depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 64,
            "patch_size": 7, "num_position_embeddings": 64,
        },
        image_token_id=image, video_token_id=video, vision_start_token_id=start, vision_end_token_id=end,
    )  # fmt: skip
    return Parts(
        config=config,
        model=Qwen3_5ForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<|vision_start|><|image_pad|><|vision_end|>"),
        image_processor=Qwen2VLImageProcessorPil(
            patch_size=7, size={"shortest_edge": 28 * 28, "longest_edge": 56 * 56}
        ),
        processor=Qwen3VLProcessor,
    )
