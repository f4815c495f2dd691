"""The finished model: a folder that serving, evaluation and plain transformers load, written whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s1m.errors import DataError
from s1m.train.card import model_card
from s1m.train.encode import Encoder
from s1m.train.settings import TrainSettings

if TYPE_CHECKING:
    from s1m.train.survey import Survey


def save_model(settings: TrainSettings, trainer: Any, place: str, encoder: Encoder, found: Survey) -> Path:
    """Write the model, its tokenizer, processor, chat template and card to ``OUT/model``; the folder.

    Raises ``DataError`` when the disk is full; nothing half-written stays.
    """
    folder = Path(settings.out) / "model"
    partial = folder.with_suffix(".partial")
    try:
        save_weights(settings, trainer, place, partial)
        if trainer.is_world_process_zero():
            encoder.tokenizer.save_pretrained(partial)
            save_processor(place, encoder, partial)
            (partial / "README.md").write_text(model_card(settings, trainer, found), encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            partial.replace(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise DataError(f"cannot write {folder}: {error.strerror or error}; the newest checkpoint is kept") from None
    trainer.accelerator.wait_for_everyone()
    return folder


def save_weights(settings: TrainSettings, trainer: Any, place: str, folder: Path) -> None:
    """The weights in the type that they were published in; gathered from all devices, adapters merged if wanted."""
    from transformers import AutoConfig

    state = trainer.accelerator.get_state_dict(trainer.model)  # a collective: every process takes part
    if not trainer.is_world_process_zero():
        return
    model = trainer.accelerator.unwrap_model(trainer.model)
    if settings.lora_rank is not None and settings.lora_merge:
        model = model.merge_and_unload()
        state = model.state_dict()
    published = AutoConfig.from_pretrained(place).dtype
    model.save_pretrained(folder, state_dict={name: weight.cpu().to(published) for name, weight in state.items()})


def save_processor(place: str, encoder: Encoder, folder: Path) -> None:
    """The whole processor where its parts are installed (with torchvision, for videos), else that of images."""
    import transformers as hf

    transformers: Any = hf  # half of it is untyped
    try:
        processor = transformers.AutoProcessor.from_pretrained(place)
    except (ImportError, RuntimeError, ValueError):
        encoder.image_processor.save_pretrained(folder)
    else:
        processor.image_processor = encoder.image_processor
        processor.save_pretrained(folder)
