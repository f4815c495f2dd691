"""Load a checkpoint from a folder, a GGUF file or the Hub, and say in one line what is wrong when it will not load.

Of a Qwen-VL-class model tokenizer and image processor are loaded by themselves instead of through ``AutoProcessor``:
the image place-holder is expanded here, so nothing needs the video processor, and with it torchvision. Any other class
is asked through its own processor, see ``general``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from s1m.engines.builder import BUNDLED
from s1m.engines.embedded.general.processor import load_processor
from s1m.engines.embedded.libraries import libraries, without_collecting
from s1m.engines.embedded.weights import Weights, load_weights
from s1m.errors import EngineUnavailable

IMAGE_TOKEN = "<|image_pad|>"

NO_IMAGE = -1
"""The place-holder's id where there is none, or where a processor of the model's own writes it."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A loaded model with what is needed to talk to it."""

    name: str
    place: str
    """The folder or Hub id of its files."""
    model: Any
    tokenizer: Any
    image_processor: Any
    """None for a model without images."""
    end_ids: frozenset[int]
    """Tokens that end a turn."""
    image_id: int
    """The place-holder token of an image, where the prompt is laid out here."""
    never_ids: tuple[int, ...]
    """Tokens that only a prompt may hold."""
    context_tokens: int
    is_qwen: bool = True
    """Whether prompts are laid out by the rules of the Qwen-VL classes; otherwise by the model's own processor."""
    processor: Any = None
    """The model's own processor, for a class that takes images and is not laid out here."""

    @property
    def chat_template(self) -> str | None:
        """The source of the chat template."""
        template = getattr(self.processor, "chat_template", None) or self.tokenizer.chat_template
        if isinstance(template, dict):  # several by name, such as one for tools
            template = template.get("default")
        return template if isinstance(template, str) else None


def load_checkpoint(
    name: str,
    device: str | None = None,
    *,
    dtype: Any = None,
    attention: str | dict[str, str] = "sdpa",
    trust_remote_code: bool = False,
    quantize: str = "",
    any_class: bool = False,
) -> Checkpoint:
    """The checkpoint called ``name``: ``bundled``, a folder, a GGUF file, or a Hub id.

    Weights are of ``dtype``: by default float32 on a CPU, elsewhere the checkpoint's own. ``quantize`` is ``4bit``,
    ``8bit`` or empty. Raises ``EngineUnavailable`` when libraries are missing, or the checkpoint is missing, broken, or
    brings Python code of its own, which only ``trust_remote_code`` runs; and, without ``any_class``, for a class that
    is not laid out here.
    """
    wanted = Weights(
        name=name,
        place=place_of(name),
        device=device,
        dtype=dtype,
        attention=attention,
        trust_remote_code=trust_remote_code,
        quantize=quantize,
    )
    try:
        with without_collecting():
            libraries()
            loaded = _load(wanted, any_class=any_class)
    except EngineUnavailable:
        raise
    except Exception as error:  # whatever a broken folder makes the loaders raise is reported alike
        raise EngineUnavailable(_why_not(name, wanted.place, error)) from error
    model, tokenizer = loaded.model, loaded.tokenizer
    if not loaded.is_qwen and not any_class:
        raise EngineUnavailable(_not_qwen(name, model, tokenizer))
    if loaded.absent:
        raise EngineUnavailable(
            f"{name} is a broken checkpoint: {len(loaded.absent)} weights are missing, such as {min(loaded.absent)}"
        )
    return Checkpoint(
        name=name,
        place=wanted.place,
        model=model.eval(),
        tokenizer=tokenizer,
        image_processor=loaded.image_processor,
        end_ids=_end_ids(model, tokenizer),
        image_id=model.config.image_token_id if loaded.is_qwen else NO_IMAGE,
        never_ids=_never_ids(model, loaded.processor),
        context_tokens=_context(model.config),
        is_qwen=loaded.is_qwen,
        processor=loaded.processor,
    )


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What the files of a checkpoint became."""

    model: Any
    absent: set[str]
    """Weights that the files lack, or have in another shape."""
    tokenizer: Any
    image_processor: Any
    processor: Any
    is_qwen: bool


def _load(wanted: Weights, *, any_class: bool) -> Loaded:
    """Raises whatever the loaders raise."""
    import transformers as hf

    transformers: Any = hf
    model, said = load_weights(wanted)
    tokenizer = transformers.AutoTokenizer.from_pretrained(*wanted.source, **wanted.options)
    is_qwen = is_laid_out_here(model, tokenizer)
    if is_qwen:
        images = transformers.AutoImageProcessor.from_pretrained(*wanted.source, **wanted.options)
        processor = None
    else:
        processor = own_processor(wanted, model) if any_class else None
        images = getattr(processor, "image_processor", None)
    return Loaded(
        model=model,
        absent={*said["missing_keys"], *(key for key, *_ in said["mismatched_keys"])},
        tokenizer=tokenizer if processor is None else processor.tokenizer,  # which may have added tokens
        image_processor=images,
        processor=processor,
        is_qwen=is_qwen,
    )


def is_laid_out_here(model: Any, tokenizer: Any) -> bool:
    """Whether prompts of this model follow the rules of ``placeholders``, and its cache those of ``cache``."""
    from s1m.engines.embedded.general.masks import layer_kinds

    return (
        hasattr(getattr(model, "model", None), "get_rope_index")
        and tokenizer.convert_tokens_to_ids(IMAGE_TOKEN) == getattr(model.config, "image_token_id", None)
        and hasattr(model.config, "vision_start_token_id")
        and layer_kinds(model.config) == {"full_attention"}
    )


def own_processor(wanted: Weights, model: Any) -> Any:
    """The model's own processor, None for a model that takes text alone.

    Raises ``EngineUnavailable``, which names what is missing, where it takes images and its processor does not load.
    """
    if getattr(model.config, "vision_config", None) is None and wanted.gguf:
        return None
    try:
        return load_processor(wanted.place, trust_remote_code=wanted.trust_remote_code)
    except ImportError as error:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise EngineUnavailable(f"{wanted.name}: its processor is not complete: {reason}") from error


def place_of(name: str) -> str:
    """The folder or Hub id of the checkpoint called ``name``."""
    return str(files("s1m").joinpath("assets/digits-qwen2vl")) if name == BUNDLED else name


def _not_qwen(name: str, model: Any, tokenizer: Any) -> str:
    """Why a checkpoint is refused where only the classes that are laid out here are taken."""
    known = tokenizer.convert_tokens_to_ids(IMAGE_TOKEN) == getattr(model.config, "image_token_id", None)
    if hasattr(getattr(model, "model", None), "get_rope_index") and not known:
        return f"{name} is a broken checkpoint: its tokenizer does not know {IMAGE_TOKEN}"
    return (
        f"{name} is a {type(model).__name__}; Qwen2-VL-class models are taken here (Qwen2-VL, Qwen2.5-VL, Qwen3-VL). "
        "Serve others and use --engine http"
    )


def _never_ids(model: Any, processor: Any) -> tuple[int, ...]:
    """Place-holders of pictures and sounds: what a configuration and a processor name so."""
    # Some classes have embeddings of marks that the last layer cannot write.
    config, rows = model.config, (model.get_output_embeddings() or model.get_input_embeddings()).weight.shape[0]
    marks = ("image", "video", "audio", "vision_start", "boi", "eoi", "image_start")
    names = [f"{mark}_token_{part}" for mark in marks for part in ("id", "index")]
    ids = [getattr(holder, name, None) for holder in (config, processor) for name in names]
    return tuple(sorted({number for number in ids if isinstance(number, int) and 0 <= number < rows}))


def _context(config: Any) -> int:
    text = config.get_text_config()
    names = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length")
    return next((int(value) for name in names if (value := getattr(text, name, None))), 2048)


def _end_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    declared = model.generation_config.eos_token_id if model.generation_config is not None else None
    ids = declared if isinstance(declared, list) else [declared]
    return frozenset(i for i in (*ids, tokenizer.eos_token_id) if i is not None)


def _why_not(name: str, place: str, error: Exception) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "trust_remote_code=True" in str(error):
        return f"{name} brings Python code of its own, which is not run unasked: read it, then add --trust-remote-code"
    unknown = re.search(r"model type `(\S+)`", str(error))  # The checkpoint ... has model type `kimi_vl` but
    if unknown:
        return (
            f"{name} is a {unknown[1]} model, which the installed transformers does not know: pip install -U "
            "transformers, or serve it and use --engine vllm"
        )
    folder = Path(place)
    if folder.is_dir():
        missing = [f for f in ("config.json", "tokenizer_config.json") if not (folder / f).exists()]
        if "preprocessor_config.json" in str(error):
            missing.append("preprocessor_config.json")
        if missing:
            return f"{name} is not a checkpoint: it lacks {', '.join(missing)}"
        return f"{name} is a broken checkpoint: {reason}"
    if folder.is_file():
        return f"{name} is not a checkpoint: {reason}"
    if folder.is_absolute() or name.startswith((".", "~")):
        return f"there is no checkpoint folder {name}"
    return f"cannot load {name}: it is not a folder here, and the Hub says: {reason}"
