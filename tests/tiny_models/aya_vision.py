"""Aya Vision: tiles of an image, a Cohere 2 with sliding windows."""

from __future__ import annotations

from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template

MARKS = ("<image>", "<|START_OF_IMG|>", "<|END_OF_IMG|>", "<|IMG_PATCH|>", "<|IMG_LINE_BREAK|>")


def build() -> Parts:
    from transformers import AyaVisionConfig, AyaVisionForConditionalGeneration, AyaVisionProcessor
    from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil

    tokenizer = bytewise(*MARKS)
    config = AyaVisionConfig(
        text_config={
            "model_type": "cohere2", **text(tokenizer), "sliding_window": 32, "num_hidden_layers": 3,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"], "logit_scale": 1.0,
            "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id,
        },
        vision_config={"model_type": "siglip_vision_model", **VISION, "image_size": 28, "patch_size": 7},
        image_token_index=tokenizer.convert_tokens_to_ids("<|IMG_PATCH|>"),
        vision_feature_layer=-1,
        adapter_layer_norm_eps=1e-6,
    )  # fmt: skip
    return Parts(
        config=config,
        model=AyaVisionForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<image>"),
        image_processor=GotOcr2ImageProcessorPil(
            size={"height": 28, "width": 28}, crop_to_patches=True, min_patches=1, max_patches=4
        ),
        processor=AyaVisionProcessor,
        options={"patch_size": 7, "img_size": 28, "downsample_factor": 2},
    )
