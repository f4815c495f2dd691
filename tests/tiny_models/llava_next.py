"""LLaVA-NeXT: tiles of an image in a grid that fits its shape, a Mistral."""

from __future__ import annotations

from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template

GRIDS = [[28, 56], [56, 28], [56, 56]]


def build() -> Parts:
    from transformers import LlavaNextConfig, LlavaNextForConditionalGeneration, LlavaNextProcessor
    from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil

    tokenizer = bytewise(image_token="<image>")
    config = LlavaNextConfig(
        text_config={"model_type": "mistral", **text(tokenizer), "sliding_window": 48},
        vision_config={"model_type": "clip_vision_model", **VISION, "image_size": 28, "patch_size": 7},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=GRIDS,
        vision_feature_layer=-1,
    )
    return Parts(
        config=config,
        model=LlavaNextForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<image>"),
        image_processor=LlavaNextImageProcessorPil(
            size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}, image_grid_pinpoints=GRIDS
        ),
        processor=LlavaNextProcessor,
        options={"patch_size": 7, "vision_feature_select_strategy": "default", "num_additional_image_tokens": 1},
    )
