"""Mistral 3 with a Pixtral tower: images of any size, a mark at the end of every line of patches."""

from __future__ import annotations

from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template


def build() -> Parts:
    from transformers import Mistral3Config, Mistral3ForConditionalGeneration, PixtralProcessor
    from transformers.models.pixtral.image_processing_pil_pixtral import PixtralImageProcessorPil

    tokenizer = bytewise("[IMG]", "[IMG_BREAK]", "[IMG_END]")
    config = Mistral3Config(
        text_config={"model_type": "mistral", **text(tokenizer), "head_dim": 16, "sliding_window": None},
        vision_config={"model_type": "pixtral", **VISION, "image_size": 56, "patch_size": 7, "head_dim": 16},
        image_token_index=tokenizer.convert_tokens_to_ids("[IMG]"),
        spatial_merge_size=2,
        vision_feature_layer=-1,
    )
    return Parts(
        config=config,
        model=Mistral3ForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("[IMG]"),
        image_processor=PixtralImageProcessorPil(size={"longest_edge": 56}, patch_size={"height": 7, "width": 7}),
        processor=PixtralProcessor,
        options={"patch_size": 7, "spatial_merge_size": 2},
    )
