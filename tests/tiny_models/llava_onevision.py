"""LLaVA-OneVision: a SigLIP tower, tiles of an image, a Qwen2."""

from __future__ import annotations

from tests.tiny_models.llava_next import GRIDS
from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template


def build() -> Parts:
    from transformers import LlavaOnevisionConfig, LlavaOnevisionForConditionalGeneration, LlavaOnevisionProcessor
    from transformers.models.llava_onevision.image_processing_pil_llava_onevision import LlavaOnevisionImageProcessorPil

    tokenizer = bytewise(image_token="<image>", video_token="<video>")
    config = LlavaOnevisionConfig(
        text_config={"model_type": "qwen2", **text(tokenizer)},
        vision_config={"model_type": "siglip_vision_model", **VISION, "image_size": 28, "patch_size": 7},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=GRIDS,
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )
    return Parts(
        config=config,
        model=LlavaOnevisionForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<image>"),
        image_processor=LlavaOnevisionImageProcessorPil(size={"height": 28, "width": 28}, image_grid_pinpoints=GRIDS),
        processor=LlavaOnevisionProcessor,
        options={"num_image_tokens": 16, "vision_feature_select_strategy": "full"},
    )
