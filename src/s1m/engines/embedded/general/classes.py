"""Which model classes the installed transformers can load, and how the embedded engine serves each.

All of it is read from transformers: the classes from its tables, the path from a class's default configuration, what
is missing from its processor. Only ``TESTED`` is written here, and a test compares it with the tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from s1m.engines.embedded.checkpoint import IMAGE_TOKEN
from s1m.engines.embedded.general.masks import FULL, OTHER, layer_kinds

ServedBy = Literal["qwen", "shared", "plain", "none"]

SERVED_BY: dict[ServedBy, str] = {
    "qwen": "continuous batches, prompts laid out by s1m, CUDA graphs",
    "shared": "continuous batches, prompts by the model's own processor; checked against generate when it is loaded",
    "plain": "one request at a time, through generate, the whole turn read again",
    "none": "not served: an encoder-decoder, which has no turn to continue",
}

BUNDLED = "the bundled model, in every test of the engine"
TINY = "a tiny one: images, batches and nested sweeps, all equal to generate"
TINY_QWEN = "a tiny one: images and batches, equal to generate"
TESTED = {
    "qwen2_vl": BUNDLED,
    "qwen2_5_vl": TINY_QWEN,
    "qwen3_vl": TINY_QWEN,
    "llama": "a tiny one, and SmolLM2-135M from a GGUF file",
    **dict.fromkeys(
        (
            "aya_vision", "gemma3", "gemma4", "glm4v", "idefics2", "idefics3", "internvl", "llava", "llava_next",
            "llava_onevision", "mistral3", "mllama", "ovis2", "qwen3_5", "smolvlm",
        ),
        TINY,
    ),
}  # fmt: skip
"""By model type, the checkpoint that the tests run."""

_NEEDED = re.compile(
    r"@requires\(backends=\((?P<backends>[^)]*)\)\)"  # @requires(backends=("torchvision", "torch"))
    r"|Package `(?P<package>\w+)` is required"  # raised by a processor itself: Package `num2words` is required to
)


@dataclass(frozen=True, kw_only=True)
class ModelClass:
    """A class of the installed transformers."""

    model_type: str
    """As ``config.json`` has it."""
    name: str
    takes_images: bool
    served_by: ServedBy
    missing: tuple[str, ...]
    """Packages that its processor needs and that are not installed."""
    tested: str
    """What the tests of s1m run of it; empty for nothing."""


def classes(*, images: bool = True) -> Iterator[ModelClass]:
    """The classes that write text about images, or with ``images`` off those that write text after text, by type."""
    from transformers.models.auto import modeling_auto as auto

    named: dict[str, Any] = dict(
        auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES if images else auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    )
    for model_type, name in sorted(named.items()):
        name = name if isinstance(name, str) else name[0]
        yield ModelClass(
            model_type=model_type,
            name=name,
            takes_images=images,
            served_by=served_by(model_type, name),
            missing=missing_for(model_type) if images else (),
            tested=TESTED.get(model_type, ""),
        )


def served_by(model_type: str, name: str) -> ServedBy:
    """The path of a class, from its default configuration."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    try:
        config = CONFIG_MAPPING[model_type]()
        kinds = layer_kinds(config)
    except Exception:  # a default configuration that cannot be built says nothing of the class
        return "plain"
    if getattr(config, "is_encoder_decoder", False):
        return "none"
    if OTHER in kinds:
        return "plain"
    is_qwen = (
        hasattr(config, "vision_start_token_id")
        and kinds == {FULL}
        and IMAGE_TOKEN in _processor_source(model_type)
        and _has_rope_index(name)
    )
    return "qwen" if is_qwen else "shared"


def missing_for(model_type: str) -> tuple[str, ...]:
    """Packages that the class's processor needs and that are not installed, read from its source."""
    from transformers.models.auto import image_processing_auto

    needed: list[str] = []
    tables: Any = image_processing_auto
    by_library = tables.IMAGE_PROCESSOR_MAPPING_NAMES.get(model_type)
    if isinstance(by_library, dict) and set(by_library) == {"torchvision"}:
        needed.append("torchvision")
    for need in _NEEDED.finditer(_processor_source(model_type)):
        backends = re.findall(r'"(\w+)"', need["backends"] or "")
        needed += [*backends, *([need["package"]] if need["package"] else [])]
    return tuple(sorted({package for package in needed if package != "vision" and find_spec(package) is None}))


def _processor_source(model_type: str) -> str:
    """The source of the class's processor; empty where it has none of its own."""
    from transformers.models.auto import processing_auto

    tables: Any = processing_auto
    name = tables.PROCESSOR_MAPPING_NAMES.get(model_type)
    package = find_spec("transformers.models")
    if not isinstance(name, str) or package is None or not package.submodule_search_locations:
        return ""
    folder = Path(next(iter(package.submodule_search_locations)))
    # A class may use the processor of another one: Mistral 3 that of Pixtral.
    stem = name.removesuffix("Processor").lower()
    own = [path for path in folder.glob("*/processing_*.py") if _letters(path.stem) == "processing" + _letters(stem)]
    return own[0].read_text(encoding="utf-8") if own else ""


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def _has_rope_index(name: str) -> bool:
    import transformers

    model = getattr(transformers, name.replace("ForConditionalGeneration", "Model"), None)
    return hasattr(model, "get_rope_index")
