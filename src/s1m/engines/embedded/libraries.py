"""torch and transformers, whose import is most of the wait for a first word."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from s1m.errors import EngineUnavailable


def libraries() -> Any:
    """Transformers, silent. Raises ``EngineUnavailable`` where it or torch is not installed."""
    try:
        import torch  # noqa: F401
        import transformers as hf
        from huggingface_hub.utils import logging as hub_logging
    except ImportError as error:
        raise EngineUnavailable(f"the embedded engine needs {error.name}: pip install 's1m[local]'") from None
    transformers: Any = hf  # half of it is untyped
    loggers: tuple[Any, ...] = (transformers.logging, hub_logging)
    for logger in loggers:  # what goes wrong is said by our own errors
        logger.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers


@contextmanager
def without_collecting() -> Iterator[None]:
    """Garbage is not collected meanwhile: importing torch and transformers makes more than half a million objects that
    all stay, and looking through them again and again takes a fifth of the time until the first word.

    They leave it old, so the next collection of young objects, which comes at once, does not look through them either.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.freeze()  # both take no time: the first sets all objects aside, the second puts them with the oldest
            gc.unfreeze()
            gc.enable()
