"""The model that is trained, in the type it is trained in and with the attention that its batches need."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

from s1m.engines.embedded.checkpoint import Checkpoint, load_checkpoint
from s1m.errors import UsageError
from s1m.files.run_folder import writing_folder
from s1m.train.model.attention import PACKED, register
from s1m.train.model.layout import layout_of
from s1m.train.model.towers import decoder_name, unwrapped
from s1m.train.settings import TrainSettings

UNTRAINED = "tiny-untrained"
"""The bundled model's architecture with random weights."""
SEEING = "tiny"
"""The same with a vision tower that has learned to tell digits apart, which takes a minute."""

FLASH = "flash_attention_2"


def load_model(settings: TrainSettings) -> Checkpoint:
    """The model of the settings on the CPU; the trainer places it. Raises as ``load_checkpoint`` does.

    It attends as packed rows need it where the settings want them and its class allows them.
    """
    import torch

    flash = uses_flash(settings)
    # Masters are float32 wherever all weights are trained: updates smaller than bfloat16's step would be lost.
    frozen_base = settings.lora_rank is not None and uses_bf16(settings)
    loaded = load_checkpoint(
        start_of(settings),
        "cpu",
        dtype=torch.bfloat16 if frozen_base else torch.float32,
        attention=_plain_attention(settings),
        trust_remote_code=settings.trust_remote_code,
        any_class=True,
    )
    require_trainable(loaded.name, loaded.model.config)
    layout, _ = layout_of(settings, loaded.model, loaded.tokenizer)
    attend(loaded.model, flash=flash, packed=layout == "packed")
    return loaded


def attend(model: Any, *, flash: bool, packed: bool) -> None:
    """Let towers attend by flash attention where it is wanted and a class has it, and as packed rows need."""
    config, decoder, seeing = model.config, model.get_decoder(), model.get_encoder(modality="image")
    chosen: dict[str, str] = {}
    for name in config.sub_configs:
        tower = next((one for one in (decoder, seeing) if one.config is getattr(config, name)), None)
        if tower is None:
            continue
        if flash and getattr(tower, "_supports_flash_attn", False):
            chosen[name] = FLASH
        elif packed and tower is decoder:
            register()
            chosen[name] = PACKED
    if chosen:
        model.set_attn_implementation(chosen)


def require_trainable(name: str, config: Any) -> None:
    """Raise ``UsageError`` that says what is missing for a model that cannot be trained here, by its configuration."""
    text, kind = config.get_text_config(), config.model_type
    if getattr(config, "is_encoder_decoder", False):
        lack = "an encoder and a decoder; one that reads and writes a single text is needed"
    elif text is config:
        lack = "which takes text alone; one that takes images is needed"
    elif getattr(text, "cross_attention_layers", None):
        lack = "which sees by cross-attention; one that takes images as tokens is needed"
    else:
        return
    raise UsageError(f"model: {name} is a {kind} model, {lack}")


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


def uses_flash(settings: TrainSettings) -> bool:
    """Whether towers attend by flash attention. Raises ``UsageError`` where it is wanted and not installed."""
    import torch

    installed = find_spec("flash_attn") is not None and torch.cuda.is_available()
    if settings.attention == FLASH and not installed:
        raise UsageError("attention = flash_attention_2 needs a GPU and the package flash-attn; auto does without")
    return installed and settings.attention != "sdpa"


def _plain_attention(settings: TrainSettings) -> Any:
    """What a model is loaded with; None leaves it to transformers, which takes PyTorch's where a class has it."""
    return "sdpa" if settings.attention == "sdpa" else None


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


def adapters(settings: TrainSettings, model: Any) -> Any:
    """PEFT's description of the adapters that the settings ask for; None when the weights are trained.

    Every matrix of the language tower but embeddings and head gets one.
    """
    if settings.lora_rank is None:
        return None
    import re

    import torch
    from peft import LoraConfig

    matrices = [
        name for name, module in unwrapped(model).get_decoder().named_modules() if isinstance(module, torch.nn.Linear)
    ]
    leaves = "|".join(sorted({re.escape(name.rpartition(".")[2]) for name in matrices}))
    return LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        target_modules=rf"{re.escape(decoder_name(model))}\..*\.({leaves})",
        task_type="CAUSAL_LM",
    )
