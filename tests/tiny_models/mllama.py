"""Mllama (Llama 3.2 Vision): text attends to images in layers of its own, whose keys are the images'."""

from __future__ import annotations

from tests.tiny_models.parts import Parts, text
from tests.tiny_models.spelling import bytewise, template

GRIDS = [[1, 1], [1, 2], [1, 3], [1, 4], [2, 1], [2, 2], [3, 1], [4, 1]]


def build() -> Parts:
    from transformers import MllamaConfig, MllamaForConditionalGeneration, MllamaProcessor
    from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil

    # The place-holder's embedding is one beyond the vocabulary of the last layer.
    tokenizer = bytewise("<|python_tag|>", last="<|image|>")
    config = MllamaConfig(
        text_config={
            **text(tokenizer), "vocab_size": len(tokenizer) - 1, "num_hidden_layers": 3, "cross_attention_layers": [1],
            "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_global_layers": 1,
            "attention_heads": 2, "image_size": 28, "patch_size": 14, "vision_output_dim": 64,
            "intermediate_layers_indices": [1], "supported_aspect_ratios": GRIDS, "max_num_tiles": 4,
        },
        image_token_index=tokenizer.convert_tokens_to_ids("<|image|>"),
    )  # fmt: skip
    return Parts(
        config=config,
        model=MllamaForConditionalGeneration,
        tokenizer=tokenizer,
        template=template("<|image|>"),
        image_processor=MllamaImageProcessorPil(size={"height": 28, "width": 28}, max_image_tiles=4),
        processor=MllamaProcessor,
    )
