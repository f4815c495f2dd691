"""SmolVLM: tiles of an image, pixels shuffled into fewer tokens, a Llama."""

from __future__ import annotations

from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template

ROWS = tuple(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7))


def build() -> Parts:
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration, SmolVLMProcessor
    from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

    tokenizer = bytewise(
        "<global-img>", "<fake_token_around_image>", "<end_of_utterance>", *ROWS, image_token="<image>"
    )
    config = SmolVLMConfig(
        text_config={"model_type": "llama", **text(tokenizer)},
        vision_config={**VISION, "image_size": 28, "patch_size": 7},
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return Parts(
        config=config,
        model=SmolVLMForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<image>"),
        image_processor=SmolVLMImageProcessorPil(size={"longest_edge": 56}, max_image_size={"longest_edge": 28}),
        processor=SmolVLMProcessor,
        options={"image_seq_len": 4},
    )
