"""Ovis2: images as rows of a visual vocabulary, a Qwen2."""

from __future__ import annotations

from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template

MARKS = ("<IMG_START>", "<IMG_GRID>", "<IMG_COL>", "<IMG_ROW>", "<IMG_END>")


def build() -> Parts:
    from transformers import Ovis2Config, Ovis2ForConditionalGeneration, Ovis2Processor
    from transformers.models.ovis2.image_processing_pil_ovis2 import Ovis2ImageProcessorPil

    tokenizer = bytewise(*MARKS, image_token="<image>", image_pad_token="<IMG_ATOM>")
    config = Ovis2Config(
        text_config={"model_type": "qwen2", **text(tokenizer)},
        vision_config={**VISION, "image_size": 28, "patch_size": 7, "vocab_size": 64, "hidden_stride": 2},
        hidden_size=64,
        vocab_size=len(tokenizer),
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_ATOM>"),
        visual_indicator_token_ids=tokenizer.convert_tokens_to_ids(list(MARKS)),
    )
    return Parts(
        config=config,
        model=Ovis2ForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<image>"),
        image_processor=Ovis2ImageProcessorPil(size={"height": 28, "width": 28}, min_patches=1, max_patches=4),
        processor=Ovis2Processor,
        options={"image_token": "<image>", "image_seq_length": 4},
    )
