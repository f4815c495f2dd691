"""The model that is trained: loaded in the type it is trained in, with packed attention where that is asked for."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from s1m.engines.embedded.checkpoint import Checkpoint, load_checkpoint, place_of
from s1m.errors import UsageError
from s1m.train.attention import PACKED, register
from s1m.train.encode import Encoder
from s1m.train.settings import TrainSettings

UNTRAINED = "tiny-untrained"
"""The bundled model's architecture with random weights."""
SEEING = "tiny"
"""The same with a vision tower that has learned to tell digits apart, which takes a minute."""

ADAPTED = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
"""What low-rank adapters are put on: every matrix of the language tower but embeddings and head."""


def load_model(settings: TrainSettings) -> Checkpoint:
    """The model of the settings on the CPU; the trainer places it. Raises as ``load_checkpoint`` does."""
    import torch

    if settings.batch == "packed":
        register()
    # Masters are float32 wherever all weights are trained: updates smaller than bfloat16's step would be lost.
    frozen_base = settings.lora_rank is not None and uses_bf16(settings)
    return load_checkpoint(
        start_of(settings),
        "cpu",
        dtype=torch.bfloat16 if frozen_base else torch.float32,
        attention={"text_config": attention_of(settings), "vision_config": vision_attention_of(settings)},
        trust_remote_code=settings.trust_remote_code,
    )


def load_encoder(settings: TrainSettings) -> Encoder:
    """The encoder for the model of the settings, without its weights. Raises ``UsageError`` where files are missing."""
    import transformers as hf

    transformers: Any = hf  # half of it is untyped

    place = place_of(start_of(settings))
    trust = {"trust_remote_code": settings.trust_remote_code}
    try:
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(place, **trust)
        image_processor: Any = transformers.AutoImageProcessor.from_pretrained(place, **trust)
    except (OSError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise UsageError(f"model: {settings.model} has no tokenizer or image processor: {why}") from None
    if settings.max_image_pixels:
        size = image_processor.size
        size["longest_edge"] = min(size["longest_edge"], settings.max_image_pixels)
    return Encoder(
        tokenizer,
        image_processor,
        thinking_open=settings.thinking_open,
        thinking_close=settings.thinking_close,
        ignore_strings=settings.ignore_strings if settings.forcing_targets else (),
    )


def start_of(settings: TrainSettings) -> str:
    """The name of the checkpoint to start from; the tiny model is made beside the checkpoints first."""
    if settings.model not in (UNTRAINED, SEEING):
        return settings.model
    folder = Path(settings.out) / settings.model
    if not folder.exists():
        build_tiny(folder, settings)
    return str(folder)


def build_tiny(folder: Path, settings: TrainSettings) -> None:
    """Make the tiny model, whole or not at all; the encoder is loaded first, by one process for all."""
    from s1m.train.eyes import open_eyes
    from s1m.train.untrained import build_untrained

    partial = folder.with_suffix(".partial")
    build_untrained(partial, settings.seed)
    if settings.model == SEEING:
        open_eyes(partial, settings.seed)
    partial.replace(folder)


def attention_of(settings: TrainSettings) -> str:
    """How the language tower attends. Raises ``UsageError`` for flash attention that is not installed."""
    flash = vision_attention_of(settings)
    return PACKED if flash == "sdpa" and settings.batch == "packed" else flash


def vision_attention_of(settings: TrainSettings) -> str:
    """How the vision tower attends: flash attention where it is installed and wanted, else PyTorch's."""
    import torch

    installed = find_spec("flash_attn") is not None and torch.cuda.is_available()
    if settings.attention == "flash_attention_2" and not installed:
        raise UsageError("attention = flash_attention_2 needs a GPU and the package flash-attn; auto does without")
    return "flash_attention_2" if installed and settings.attention != "sdpa" else "sdpa"


def uses_bf16(settings: TrainSettings) -> bool:
    """Whether products are computed in bfloat16."""
    import torch

    if settings.precision == "auto":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return settings.precision == "bf16"


def rules_of(model: Any) -> Any:
    """A model of the same class without a single weight, for what it knows about positions."""
    rules = without_weights(model)
    rules.model = without_weights(model.model)
    return rules


def without_weights(module: Any) -> Any:
    """An empty module of the same class and configuration; built past the constructor, which ZeRO-3 takes over."""
    import torch

    kind: Any = type(module)
    empty = kind.__new__(kind)
    torch.nn.Module.__init__(empty)
    empty.config = module.config
    return empty


def adapters(settings: TrainSettings) -> Any:
    """PEFT's description of the adapters that the settings ask for; None when the weights are trained."""
    if settings.lora_rank is None:
        return None
    from peft import LoraConfig

    return LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        target_modules=ADAPTED,
        task_type="CAUSAL_LM",
    )
