"""A Llama: text alone."""

from __future__ import annotations

from tests.tiny_models.parts import Parts, text
from tests.tiny_models.spelling import bytewise, template


def build() -> Parts:
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = bytewise()
    config = LlamaConfig(**text(tokenizer), pad_token_id=tokenizer.pad_token_id)
    return Parts(config=config, model=LlamaForCausalLM, tokenizer=tokenizer, template=template(""))
