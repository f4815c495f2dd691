"""InternVL in the layout of transformers: patches of an image, pixels shuffled into fewer tokens, a Qwen2."""

from __future__ import annotations

from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template


def build() -> Parts:
    from transformers import InternVLConfig, InternVLForConditionalGeneration, InternVLProcessor
    from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil

    tokenizer = bytewise(
        start_image_token="<img>", end_image_token="</img>", context_image_token="<IMG_CONTEXT>", video_token="<video>"
    )
    config = InternVLConfig(
        text_config={"model_type": "qwen2", **text(tokenizer)},
        vision_config={**VISION, "image_size": [28, 28], "patch_size": [7, 7]},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    return Parts(
        config=config,
        model=InternVLForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<IMG_CONTEXT>\n"),
        image_processor=GotOcr2ImageProcessorPil(
            size={"height": 28, "width": 28}, crop_to_patches=True, min_patches=1, max_patches=4
        ),
        processor=InternVLProcessor,
        options={"image_seq_length": 4},
    )
