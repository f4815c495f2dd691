"""torch and transformers, imported in the shortest time: it is most of the wait for a first word.

Importing them is work of one processor, since Python's lock is held, with two exceptions: the shared libraries of torch
can be loaded without it, and garbage need not be looked for among a million objects that all stay.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from s1m.errors import EngineUnavailable


def libraries() -> Any:
    """Transformers, silent. Raises ``EngineUnavailable`` where it or torch is not installed."""
    found = find_spec("torch")
    if found is None:
        raise _lacking("torch")  # without it transformers would complain in its own words
    loading = threading.Thread(target=_load_shared, args=(Path(found.origin or "").parent / "lib",), daemon=True)
    loading.start()
    try:
        # Looks through the files of all models, and does not import torch yet.
        import_module("transformers.models")
        loading.join()
        import torch  # noqa: F401
        import transformers as hf
        from huggingface_hub.utils import logging as hub_logging
    except ImportError as error:
        raise _lacking(str(error.name)) from None
    transformers: Any = hf  # half of it is untyped
    loggers: tuple[Any, ...] = (transformers.logging, hub_logging)
    for logger in loggers:  # what goes wrong is said by our own errors
        logger.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers


def _lacking(name: str) -> EngineUnavailable:
    return EngineUnavailable(f"the embedded engine needs {name}: pip install 's1m[local]'")


def _load_shared(folder: Path) -> None:
    """Load torch's shared libraries from ``folder`` as importing it will, the first with its symbols open to all.

    Those that hold Python's objects are left to the import, which has Python's lock. Where a library is not there, or
    does not load, the import does without it or says why.
    """
    with contextlib.suppress(OSError):
        ctypes.CDLL(str(folder / "libtorch_global_deps.so"), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(folder / "libtorch.so"))


@contextmanager
def without_collecting() -> Iterator[None]:
    """Garbage is not collected meanwhile, nor looked for afterwards among what came.

    Importing torch and transformers makes more than half a million objects that all stay; looking through them again
    and again takes a fifth of the time until the first word.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:
            # Both together move every object into the oldest generation, as collecting would, without looking at it.
            gc.freeze()
            gc.unfreeze()
        if was_enabled:
            gc.enable()
