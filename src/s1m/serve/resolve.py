"""What this machine fills in before a command is built: which vllm, and how long a sequence may get.

Long thinking wants a long context, but vLLM refuses to start when its key-value cache cannot hold one sequence of full
length, and models claim up to 262,144 tokens, more than many a GPU has room for beside the weights. In 32,768 the
default thinking budget of 8,192 fits with a prompt of many images and much to spare, so a model in a folder gets its
own limit up to that. A model on the Hub shows its limit only once it is downloaded: there vLLM takes the model's own.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from s1m.errors import DataError, EngineUnavailable
from s1m.files.decoding import read_json
from s1m.serve.settings import ServeSettings

MOST_CONTEXT = 32768
"""Tokens; the docstring of this module says why."""
LOCAL_VLLM = Path(".venv-vllm/bin/vllm")
"""Where ``make vllm`` puts it."""


def resolve(settings: ServeSettings) -> ServeSettings:
    """Settings with ``vllm`` and, for a model in a folder, ``max_model_len`` filled in.

    Raises ``EngineUnavailable`` for a path that does not exist.
    """
    vllm = settings.vllm or (str(LOCAL_VLLM) if os.access(LOCAL_VLLM, os.X_OK) else "vllm")
    longest = settings.max_model_len
    if Path(settings.model).is_dir():
        longest = longest or longest_of(Path(settings.model))
    elif settings.model.startswith((".", "/", "~")):
        raise EngineUnavailable(f"there is no checkpoint folder {settings.model}")
    return replace(settings, vllm=vllm, max_model_len=longest)


def longest_of(folder: Path) -> int | None:
    """The context of the model in a folder, at most ``MOST_CONTEXT``; None when its config does not say.

    Raises ``EngineUnavailable`` when the folder is not a checkpoint.
    """
    if not (folder / "config.json").exists():
        raise EngineUnavailable(f"{folder} is not a checkpoint: it lacks config.json")
    try:
        config = read_json(folder / "config.json", object)
    except DataError as error:
        raise EngineUnavailable(f"{folder} is not a checkpoint: {error}") from None
    parts = [part for part in (config, *_inner(config)) if isinstance(part, dict)]
    given = [part.get("max_position_embeddings") for part in parts]
    lengths = [length for length in given if isinstance(length, int) and length > 0]
    return min(MOST_CONTEXT, lengths[0]) if lengths else None


def find_vllm(command: str) -> str:
    """The vllm command as the system finds it. Raises ``EngineUnavailable`` that says how to get one."""
    path = shutil.which(command)
    if path is None:
        raise EngineUnavailable(
            f"there is no {command}: pip install vllm into an environment of its own (make vllm without a GPU) "
            "and name its command with --vllm"
        )
    return path


def _inner(config: object) -> list[object]:
    """Where the text part of a vision-language model keeps its own numbers."""
    if not isinstance(config, dict):
        return []
    return [config[name] for name in ("text_config", "llm_config", "language_config") if name in config]
