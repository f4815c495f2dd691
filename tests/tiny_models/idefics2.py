"""Idefics2: images read by a perceiver, a Mistral."""

from __future__ import annotations

from tests.tiny_models.parts import VISION, Parts, text
from tests.tiny_models.spelling import bytewise, template


def build() -> Parts:
    from transformers import Idefics2Config, Idefics2ForConditionalGeneration, Idefics2Processor
    from transformers.models.idefics2.image_processing_pil_idefics2 import Idefics2ImageProcessorPil

    tokenizer = bytewise("<end_of_utterance>", image_token="<image>", image_boundary_token="<fake_token_around_image>")
    config = Idefics2Config(
        text_config={"model_type": "mistral", **text(tokenizer), "sliding_window": None},
        vision_config={**VISION, "image_size": 56, "patch_size": 14},
        perceiver_config={
            "hidden_size": 64, "resampler_n_latents": 4, "resampler_depth": 1, "resampler_n_heads": 2,
            "resampler_head_dim": 16, "num_key_value_heads": 1,
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    return Parts(
        config=config,
        model=Idefics2ForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<image>"),
        image_processor=Idefics2ImageProcessorPil(
            size={"longest_edge": 56, "shortest_edge": 28}, do_image_splitting=False
        ),
        processor=Idefics2Processor,
        options={"image_seq_len": 4},
    )
