"""The model that is trained: loaded in the type it is trained in, with packed attention where the settings want it."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

from s1m.engines.embedded.checkpoint import Checkpoint, load_checkpoint, place_of
from s1m.errors import UsageError
from s1m.files.run_folder import writing_folder
from s1m.train.batches.encode import Encoder
from s1m.train.model.attention import PACKED, register
from s1m.train.settings import TrainSettings

UNTRAINED = "tiny-untrained"
"""The bundled model's architecture with random weights."""
SEEING = "tiny"
"""The same with a vision tower that has learned to tell digits apart, which takes a minute."""

ADAPTED = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
"""The modules that get low-rank adapters: every matrix of the language tower but embeddings and head."""


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
    """The encoder for the model of the settings, without its weights. Raises ``UsageError`` where files are missing.

    For a tiny model nothing is built or trained: its tokenizer and image processor follow from constants.
    """
    if not is_tiny(settings):
        return _encoder_in(place_of(settings.model), settings)
    from s1m.train.model.untrained import write_processing

    with tempfile.TemporaryDirectory() as folder:
        write_processing(Path(folder))
        return _encoder_in(folder, settings)


def _encoder_in(folder: str, settings: TrainSettings) -> Encoder:
    import transformers as hf

    transformers: Any = hf  # half of it is untyped

    trust = {"trust_remote_code": settings.trust_remote_code}
    try:
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, **trust)
        image_processor: Any = transformers.AutoImageProcessor.from_pretrained(folder, **trust)
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


def is_tiny(settings: TrainSettings) -> bool:
    """Whether the model is made here from nothing."""
    return settings.model in (UNTRAINED, SEEING)


def start_of(settings: TrainSettings) -> str:
    """The name of the checkpoint to start from; a tiny model lies beside the checkpoints once ``make_tiny`` ran."""
    return str(Path(settings.out) / settings.model) if is_tiny(settings) else settings.model


def make_tiny(settings: TrainSettings, console: Console) -> None:
    """Make the tiny model where the settings ask for one and it is not there yet, whole or not at all.

    One process must do it for all, before any loads it. The vision tower of ``tiny`` trains for a minute; ``console``
    shows how far it is.
    """
    folder = Path(start_of(settings))
    if not is_tiny(settings) or folder.exists():
        return
    from s1m.train.model.eyes import train_vision
    from s1m.train.model.untrained import build_untrained

    with writing_folder(folder) as partial:
        build_untrained(partial, settings.seed)
        if settings.model == SEEING:
            train_vision(partial, settings.seed, console)


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
