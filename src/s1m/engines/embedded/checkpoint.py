"""Load a Qwen2-VL-class checkpoint from a folder or the Hub, and say in one line what is wrong when it will not load.

Tokenizer and image processor are loaded by themselves instead of through ``AutoProcessor``: the image place-holder is
expanded here, so nothing needs the video processor, and with it torchvision.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from s1m.errors import EngineUnavailable

IMAGE_TOKEN = "<|image_pad|>"

BUNDLED = "bundled"
"""The name of the checkpoint that comes with the package."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A loaded model with what is needed to talk to it."""

    name: str
    place: str
    """The folder or Hub id of its files."""
    model: Any
    tokenizer: Any
    image_processor: Any
    end_ids: frozenset[int]
    """Tokens that end a turn."""
    image_id: int
    """The place-holder token of an image."""
    never_ids: tuple[int, ...]
    """Tokens that only a prompt may hold."""
    context_tokens: int


def load_checkpoint(
    name: str,
    device: str | None = None,
    *,
    dtype: Any = None,
    attention: str | dict[str, str] = "sdpa",
    trust_remote_code: bool = False,
) -> Checkpoint:
    """The checkpoint called ``name``: ``bundled``, a folder, or a Hub id.

    Weights are of ``dtype``: by default float32 on a CPU, elsewhere the checkpoint's own. Raises ``EngineUnavailable``
    when libraries are missing, or the checkpoint is missing, broken, of another class, or brings Python code of its
    own, which only ``trust_remote_code`` runs.
    """
    transformers, torch = _libraries()
    place = place_of(name)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        model, loaded = transformers.AutoModelForImageTextToText.from_pretrained(
            place,
            dtype=dtype or (torch.float32 if device == "cpu" else "auto"),
            attn_implementation=attention,
            output_loading_info=True,
            trust_remote_code=trust_remote_code,
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(place, trust_remote_code=trust_remote_code)
        image_processor = transformers.AutoImageProcessor.from_pretrained(place, trust_remote_code=trust_remote_code)
    except Exception as error:  # whatever a broken folder makes the loaders raise is reported alike
        raise EngineUnavailable(_why_not(name, place, error)) from error
    _check(name, model, tokenizer, absent={*loaded["missing_keys"], *(key for key, *_ in loaded["mismatched_keys"])})
    model.to(device).eval()
    return Checkpoint(
        name=name,
        place=place,
        model=model,
        tokenizer=tokenizer,
        image_processor=image_processor,
        end_ids=_end_ids(model, tokenizer),
        image_id=model.config.image_token_id,
        never_ids=_never_ids(model.config),
        context_tokens=model.config.get_text_config().max_position_embeddings,
    )


def _libraries() -> tuple[Any, Any]:
    """Transformers and torch, silent. Raises ``EngineUnavailable`` where they are not installed."""
    try:
        import torch
        import transformers as hf
        from huggingface_hub.utils import logging as hub_logging
    except ImportError as error:
        raise EngineUnavailable(f"the embedded engine needs {error.name}: pip install 's1m[local]'") from None
    transformers: Any = hf  # half of it is untyped
    loggers: tuple[Any, ...] = (transformers.logging, hub_logging)
    for logger in loggers:  # what goes wrong is said by our own errors
        logger.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers, torch


def _check(name: str, model: Any, tokenizer: Any, *, absent: set[str]) -> None:
    """Raises ``EngineUnavailable`` for a model of another class, without all its weights, or without its tokenizer."""
    if not hasattr(getattr(model, "model", None), "get_rope_index"):
        raise EngineUnavailable(
            f"{name} is a {type(model).__name__}; the embedded engine takes Qwen2-VL-class models "
            "(Qwen2-VL, Qwen2.5-VL, Qwen3-VL). Serve others and use --engine http"
        )
    if absent:
        raise EngineUnavailable(
            f"{name} is a broken checkpoint: {len(absent)} weights are missing, such as {min(absent)}"
        )
    if tokenizer.convert_tokens_to_ids(IMAGE_TOKEN) != model.config.image_token_id:
        raise EngineUnavailable(f"{name} is a broken checkpoint: its tokenizer does not know {IMAGE_TOKEN}")


def place_of(name: str) -> str:
    """The folder or Hub id of the checkpoint called ``name``."""
    return str(files("s1m").joinpath("assets/digits-qwen2vl")) if name == BUNDLED else name


def _never_ids(config: Any) -> tuple[int, ...]:
    return tuple(sorted({config.image_token_id, config.video_token_id, config.vision_start_token_id}))


def _end_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    declared = model.generation_config.eos_token_id
    ids = declared if isinstance(declared, list) else [declared]
    return frozenset(i for i in (*ids, tokenizer.eos_token_id) if i is not None)


def _why_not(name: str, place: str, error: Exception) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "trust_remote_code=True" in str(error):
        return f"{name} brings Python code of its own, which is not run unasked: read it, then add --trust-remote-code"
    folder = Path(place)
    if folder.is_dir():
        missing = [
            f for f in ("config.json", "tokenizer_config.json", "preprocessor_config.json") if not (folder / f).exists()
        ]
        if missing:
            return f"{name} is not a checkpoint: it lacks {', '.join(missing)}"
        return f"{name} is a broken checkpoint: {reason}"
    if folder.is_absolute() or name.startswith((".", "~")):
        return f"there is no checkpoint folder {name}"
    return f"cannot load {name}: it is not a folder here, and the Hub says: {reason}"
