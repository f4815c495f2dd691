"""GLM-4.1V: positions in three dimensions, images of any size."""

from __future__ import annotations

from typing import Any

from tests.tiny_models.parts import Parts, text
from tests.tiny_models.spelling import bytewise, template

MARKS = ("<|image|>", "<|video|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>")


def build() -> Parts:
    from transformers import Glm4vConfig, Glm4vForConditionalGeneration, Glm4vProcessor
    from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil

    pil: Any = Glm4vImageProcessorPil  # which takes more than it declares
    tokenizer = bytewise(*MARKS)
    image, video, image_start, image_end, video_start, video_end = tokenizer.convert_tokens_to_ids(list(MARKS))
    config = Glm4vConfig(
        text_config={
            **text(tokenizer),
            "pad_token_id": tokenizer.pad_token_id,
            "rope_parameters": {
                "rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2], "partial_rotary_factor": 0.5,
            },
        },
        vision_config={
            "depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 64,
            "patch_size": 7, "image_size": 56,
        },
        image_token_id=image, video_token_id=video, image_start_token_id=image_start, image_end_token_id=image_end,
        video_start_token_id=video_start, video_end_token_id=video_end,
    )  # fmt: skip
    return Parts(
        config=config,
        model=Glm4vForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<|begin_of_image|><|image|><|end_of_image|>"),
        image_processor=pil(patch_size=7, size={"shortest_edge": 28 * 28, "longest_edge": 56 * 56}),
        processor=Glm4vProcessor,
    )
