"""A tokenizer that spells any text byte by byte, with the marks of a class as special tokens, and chat templates."""

from __future__ import annotations

from typing import Any

END = "<|im_end|>"

PLAIN = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def template(image: str) -> str:
    """A ChatML template that writes ``image`` where an image stands."""
    return PLAIN.replace("IMAGE", image)


def bytewise(*marks: str, last: str = "", **named: str) -> Any:
    """A fast tokenizer: the end of a turn, padding and thinking's delimiters, ``marks``, 256 bytes, one ``last`` mark.

    ``named`` are marks that the tokenizer has as attributes, such as ``image_token``.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    specials = ["<pad>", "<s>", END, "<|im_start|>", "<think>", "</think>", *named.values(), *marks]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {
        token: number for number, token in enumerate([*dict.fromkeys(specials), *alphabet, *filter(None, [last])])
    }
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    # Delimiters of thinking are part of a text; the others are left out where special tokens are skipped.
    tokenizer.add_tokens(
        [
            AddedToken(token, special="think>" not in token, normalized=False)
            for token in dict.fromkeys([*specials, *filter(None, [last])])
        ]
    )
    fast: Any = PreTrainedTokenizerFast
    return fast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token="<pad>",
        bos_token="<s>",
        extra_special_tokens=named,
        clean_up_tokenization_spaces=False,
    )
