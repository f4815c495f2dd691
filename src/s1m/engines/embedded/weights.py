"""The weights of a checkpoint: which class takes them, on which device, in which type, and whether they fit there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from s1m.engines.embedded.memory import check_weights
from s1m.errors import EngineUnavailable

GGUF = ".gguf"

TYPES = ("auto", "float32", "bfloat16", "float16")
"""What ``--dtype`` takes."""

FLASH = "flash_attention_2"


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Which weights are wanted, and how. See ``load_checkpoint`` for the fields."""

    name: str
    place: str
    device: str | None
    dtype: Any
    attention: str | dict[str, str]
    trust_remote_code: bool
    quantize: str = ""

    @property
    def gguf(self) -> str:
        """The name of the GGUF file; empty for a folder or Hub id."""
        return Path(self.place).name if self.place.endswith(GGUF) else ""

    @property
    def source(self) -> tuple[str]:
        """What loaders take first: a folder or Hub id."""
        return (str(Path(self.place).parent) if self.gguf else self.place,)

    @property
    def options(self) -> dict[str, Any]:
        """What all loaders take."""
        gguf = {"gguf_file": self.gguf} if self.gguf else {}
        return {"trust_remote_code": self.trust_remote_code, **gguf}

    @cached_property
    def on(self) -> str:
        """The device: the one asked for, or the fastest there is."""
        import torch

        if self.device:
            return self.device
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"

    @property
    def in_type(self) -> Any:
        """The data type: the one asked for; else float32 on a CPU, where others are slow, and its own elsewhere."""
        import torch

        if self.dtype in (None, "auto"):
            return torch.float32 if self.on == "cpu" else "auto"
        return getattr(torch, self.dtype) if isinstance(self.dtype, str) else self.dtype


def load_weights(wanted: Weights) -> tuple[Any, dict[str, Any]]:
    """The model on its device, and which of its weights were missing.

    Raises ``EngineUnavailable`` for a class that writes no text, a device that is not there, an option whose package is
    not installed, and weights that do not fit; and whatever the loaders of transformers raise.
    """
    import transformers

    check_device(wanted.on)
    if wanted.gguf and not Path(wanted.place).is_file():
        raise EngineUnavailable(f"there is no GGUF file {wanted.name}")
    if wanted.gguf and find_spec("gguf") is None:
        raise EngineUnavailable(f"{wanted.name} is a GGUF file, and reading it needs: pip install gguf")
    config = transformers.AutoConfig.from_pretrained(*wanted.source, **wanted.options)
    auto_class = text_writer(wanted.name, config)
    check_weights(wanted.name, wanted.place, wanted.on, wanted.in_type, wanted.quantize)
    options = {
        "config": config,
        "dtype": wanted.in_type,
        "attn_implementation": attention_of(wanted.attention, config),
        "output_loading_info": True,
        **wanted.options,
    }
    if wanted.quantize:
        return _in_fewer_bits(auto_class, wanted, options)
    model, loaded = auto_class.from_pretrained(*wanted.source, **options)
    return model.to(wanted.on), loaded


def _in_fewer_bits(auto_class: Any, wanted: Weights, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """As ``load_weights``, quantised while it loads."""
    placed = quantized(wanted.quantize, wanted.on)
    try:
        model, loaded = auto_class.from_pretrained(*wanted.source, **options, **placed)
    except Exception as error:  # the packages refuse shapes and devices in ways of their own
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        package = type(placed["quantization_config"]).__name__.removesuffix("Config")
        raise EngineUnavailable(
            f"{wanted.name} does not load with --quantize {wanted.quantize} by {package}: {reason[0]}; use 8bit, the "
            "other of bitsandbytes and torchao, or --dtype bfloat16"
        ) from error
    return model, loaded


def text_writer(name: str, config: Any) -> Any:
    """The auto class that loads a model which writes text about images, or after text, for a configuration.

    Raises ``EngineUnavailable`` where transformers has none.
    """
    import transformers
    from transformers.models.auto import modeling_auto as auto

    if getattr(config, "is_encoder_decoder", False):
        raise EngineUnavailable(
            f"{name} is a {config.model_type} model, an encoder-decoder, which has no turn to "
            "continue; use a chat model"
        )
    own_code = getattr(config, "auto_map", None) or {}
    for auto_class, known in (
        (transformers.AutoModelForImageTextToText, auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING),
        (transformers.AutoModelForCausalLM, auto.MODEL_FOR_CAUSAL_LM_MAPPING),
    ):
        if type(config) in known or auto_class.__name__ in own_code:
            return auto_class
    raise EngineUnavailable(
        f"{name} is a {config.model_type} model, and transformers has no class of it that writes text about images or "
        "after text; s1m models lists those there are"
    )


def check_device(device: str) -> None:
    """Raises ``EngineUnavailable`` for a device that torch does not have here."""
    import torch

    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise EngineUnavailable(f"--device {device}: torch knows none of this name; use cuda:0, mps or cpu") from None
    there: dict[str, Any] = {
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
        "cpu": lambda: True,
    }
    if kind in there and not there[kind]():
        raise EngineUnavailable(f"--device {device}: torch finds none here; use another, such as cpu")


def attention_of(wanted: str | dict[str, str], config: Any) -> str | dict[str, str]:
    """How the towers compute attention.

    Rows of different lengths share a batch by a mask, which flash attention takes none of, so with it the language
    model keeps scaled dot-product attention and the vision tower alone is changed.
    """
    if wanted != FLASH:
        return wanted
    import transformers.utils as installed

    libraries: Any = installed
    if not libraries.is_flash_attn_2_available():
        raise EngineUnavailable(f"--attention {FLASH} needs a CUDA GPU and: pip install flash-attn")
    if getattr(config, "vision_config", None) is None:
        return "sdpa"
    return {"vision_config": FLASH, "text_config": "sdpa"}


def quantized(bits: str, device: str) -> dict[str, Any]:
    """Options that load weights in 4 or 8 bits: by bitsandbytes (NF4, arXiv 2305.14314; LLM.int8, arXiv 2208.07339)
    where it is installed, else by torchao (weights alone). Raises ``EngineUnavailable`` without either.
    """
    import torch
    import transformers as hf

    transformers: Any = hf
    placed = {"device_map": {"": device}}
    four = bits == "4bit"
    if find_spec("bitsandbytes") is not None:
        computing = {"bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": torch.bfloat16} if four else {}
        config = transformers.BitsAndBytesConfig(load_in_4bit=four, load_in_8bit=not four, **computing)
        return {**placed, "quantization_config": config}
    if find_spec("torchao") is not None:
        from torchao import quantization

        chosen: Any = quantization.Int4WeightOnlyConfig() if four else quantization.Int8WeightOnlyConfig()
        return {**placed, "quantization_config": transformers.TorchAoConfig(chosen)}
    raise EngineUnavailable(f"--quantize {bits} needs one of: pip install bitsandbytes, or pip install torchao")
