"""A model as a folder that serving, evaluation and plain transformers load, written whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s1m.files.run_folder import writing_folder
from s1m.train.batches.processor import ProcessorEncoder
from s1m.train.folder import writing
from s1m.train.loop.processes import broadcast_from_main
from s1m.train.model.encoder import AnyEncoder
from s1m.train.settings import TrainSettings

if TYPE_CHECKING:
    from torch import Tensor

PROCESSOR, VIDEOS, APART = "processor_config.json", "video_processor", "video_preprocessor_config.json"
"""Where a processor's settings lie, the key of those for videos, and the file that older checkpoints have for them."""

WRAPPED = "base_model.model."
"""What PEFT puts before the name of every weight."""


def save_model(
    settings: TrainSettings, trainer: Any, place: str, encoder: AnyEncoder, folder: Path, *, card: str = ""
) -> Path:
    """Write the model as it stands, its tokenizer, processor, chat template and card to ``folder``; the folder.

    Weights are gathered from all processes, so all must call it. ``place`` is the checkpoint of the start.
    Raises ``DataError`` when the disk is full; no partial folder stays.
    """
    state = trainer.accelerator.get_state_dict(trainer.model_wrapped)

    def write() -> None:
        with writing_folder(folder) as partial, writing(partial):
            save_weights(settings, trainer.accelerator.unwrap_model(trainer.model), state, place, partial)
            encoder.tokenizer.save_pretrained(partial)
            save_processor(place, encoder, partial)
            if card:
                (partial / "README.md").write_text(card, encoding="utf-8")

    broadcast_from_main(write)
    return folder


def save_weights(settings: TrainSettings, model: Any, state: Mapping[str, Tensor], place: str, folder: Path) -> None:
    """The weights in the type that they were published in, adapters merged if wanted; else the adapters, for PEFT."""
    from transformers import AutoConfig

    if settings.lora_rank is not None:
        if not settings.lora_merge:
            model.save_pretrained(folder, state_dict=dict(state))
            return
        model = model.get_base_model()
        state = merged(state, settings.lora_alpha / settings.lora_rank)
    published = AutoConfig.from_pretrained(place, trust_remote_code=settings.trust_remote_code).dtype
    tied = getattr(model, "all_tied_weights_keys", {})  # the same weight under a second name
    kept = {name: weight.cpu().to(published or weight.dtype) for name, weight in state.items() if name not in tied}
    model.save_pretrained(folder, state_dict=kept)


def merged(state: Mapping[str, Tensor], scale: float) -> dict[str, Tensor]:
    """The weights under the names they had before adapters, with W + ``scale`` B A where there is one (Hu et al. 2021).

    From gathered weights, so that it is the same however they were split.
    """
    plain: dict[str, Tensor] = {}
    for name, weight in state.items():
        if ".lora_" in name:
            continue
        stem, is_adapted, _ = name.partition("base_layer.weight")
        if is_adapted:
            down, up = (state[f"{stem}{part}.default.weight"].float() for part in ("lora_A", "lora_B"))
            weight = weight.float() + scale * up @ down
        plain[name.replace(".base_layer.", ".").removeprefix(WRAPPED)] = weight
    return plain


def save_processor(place: str, encoder: AnyEncoder, folder: Path) -> None:
    """The whole processor where its parts are installed (with torchvision, for videos), else that of images."""
    import transformers as hf

    transformers: Any = hf  # half of it is untyped
    if isinstance(encoder, ProcessorEncoder):
        encoder.processor.save_pretrained(folder)
        keep_videos(place, folder)
        return
    try:
        processor = transformers.AutoProcessor.from_pretrained(place, trust_remote_code=False)
    except (ImportError, RuntimeError, ValueError):
        encoder.image_processor.save_pretrained(folder)
    else:
        processor.image_processor = encoder.image_processor
        processor.save_pretrained(folder)


def keep_videos(place: str, folder: Path) -> None:
    """Copy what the original says of videos, where this machine could not load that half of its processor.

    A server that has torchvision asks for it before it reads any image.
    """
    from transformers.utils.hub import cached_file

    optional = {
        "_raise_exceptions_for_missing_entries": False,
        "_raise_exceptions_for_connection_errors": False,
        "_raise_exceptions_for_gated_repo": False,
    }
    whole = cached_file(place, PROCESSOR, **optional)
    videos = json.loads(Path(whole).read_text(encoding="utf-8")).get(VIDEOS) if whole else None
    saved = json.loads((folder / PROCESSOR).read_text(encoding="utf-8"))
    if videos is not None and VIDEOS not in saved:
        (folder / PROCESSOR).write_text(json.dumps({**saved, VIDEOS: videos}, indent=2), encoding="utf-8")
    apart = cached_file(place, APART, **optional)
    if apart and not (folder / APART).exists():
        shutil.copyfile(apart, folder / APART)
