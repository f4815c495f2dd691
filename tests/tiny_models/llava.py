"""LLaVA: a CLIP tower and a Llama, one size of image."""

from __future__ import annotations

from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template


def build() -> Parts:
    from transformers import LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = bytewise(image_token="<image>")
    config = LlavaConfig(
        text_config={"model_type": "llama", **text(tokenizer)},
        vision_config={"model_type": "clip_vision_model", **VISION, "image_size": 28, "patch_size": 7},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    return Parts(
        config=config,
        model=LlavaForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<image>"),
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}),
        processor=LlavaProcessor,
        options={"patch_size": 7, "vision_feature_select_strategy": "default", "num_additional_image_tokens": 1},
    )
