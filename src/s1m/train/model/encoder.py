"""The encoder of a model, from its tokenizer and processor alone: measuring examples needs no weights."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from s1m.engines.embedded.checkpoint import place_of
from s1m.engines.embedded.general.processor import load_processor
from s1m.errors import UsageError
from s1m.train.batches.encode import Encoder
from s1m.train.batches.processor import ProcessorEncoder
from s1m.train.model.layout import is_qwen
from s1m.train.model.load import is_tiny, require_trainable
from s1m.train.settings import TrainSettings

AnyEncoder = Encoder | ProcessorEncoder

AREA = 100_000
"""A limit of images above it counts pixels; below it, it is the length of an edge."""

PARTS = {
    "AutoTokenizer": "tokenizer",
    "AutoImageProcessor": "image processor",
    "AutoConfig": "configuration",
}
"""What each of transformers' loaders loads, in words."""


def load_encoder(settings: TrainSettings) -> AnyEncoder:
    """The encoder for the model of the settings. Raises ``UsageError`` where files are missing.

    For a tiny model nothing is built or trained: its tokenizer and image processor follow from constants.
    """
    if not is_tiny(settings):
        return _encoder_in(place_of(settings.model), settings)
    from s1m.train.model.untrained import write_processing

    with tempfile.TemporaryDirectory() as folder:
        write_processing(Path(folder))
        return _of_qwen(folder, settings, _loaded("AutoTokenizer", folder, settings))


def _encoder_in(place: str, settings: TrainSettings) -> AnyEncoder:
    config, tokenizer = (_loaded(part, place, settings) for part in ("AutoConfig", "AutoTokenizer"))
    require_trainable(settings.model, config)
    if is_qwen(config, tokenizer):
        return _of_qwen(place, settings, tokenizer)
    try:
        processor = load_processor(place, trust_remote_code=settings.trust_remote_code)
    except (ImportError, OSError, ValueError) as error:
        raise UsageError(f"model: {settings.model} has no whole processor: {_first_line(error)}") from None
    if processor is None:
        raise UsageError(f"model: {settings.model} takes text alone; a model that takes images is needed")
    edge = dict(processor.image_processor.size or {}).get("longest_edge") or 0
    if settings.max_image_pixels and edge > AREA:
        processor.image_processor.size["longest_edge"] = min(edge, settings.max_image_pixels)
    return ProcessorEncoder(processor, name=settings.model, **_delimiters(settings))


def _of_qwen(place: str, settings: TrainSettings, tokenizer: Any) -> Encoder:
    image_processor = _loaded("AutoImageProcessor", place, settings)
    if settings.max_image_pixels:
        size = image_processor.size
        size["longest_edge"] = min(size["longest_edge"], settings.max_image_pixels)
    return Encoder(tokenizer, image_processor, **_delimiters(settings))


def _delimiters(settings: TrainSettings) -> dict[str, Any]:
    return {
        "thinking_open": settings.thinking_open,
        "thinking_close": settings.thinking_close,
        "ignore_strings": settings.ignore_strings if settings.forcing_targets else (),
    }


def _loaded(auto_class: str, place: str, settings: TrainSettings) -> Any:
    import transformers as hf

    transformers: Any = hf  # half of it is untyped
    try:
        return getattr(transformers, auto_class).from_pretrained(place, trust_remote_code=settings.trust_remote_code)
    except (OSError, ValueError) as error:
        reason = _first_line(error)
        raise UsageError(f"model: {settings.model} has no {PARTS[auto_class]}: {reason}") from None


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
