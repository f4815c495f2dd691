"""Shared machines are slow at times: no deadline for an example, one thread for arithmetic. One vLLM for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from html import escape
from typing import IO, Any

import pytest
from hypothesis import settings

from tests.vllm_server import REASONING, serving

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
settings.register_profile("s1m", deadline=None)
settings.load_profile("s1m")


@pytest.fixture(scope="session")
def vllm_url() -> Iterator[str]:
    """Base URL of a real vLLM that serves the bundled checkpoint, for tests marked ``vllm``."""
    with serving("--", "--reasoning-config", REASONING) as url:
        yield url


@pytest.fixture(scope="module")
def unrendered_figures() -> Iterator[None]:
    """Figures are made, but written as their texts alone: most of what a run of a few problems costs is rendering.

    For modules that end runs and look at their records; how figures look is tested in ``tests/analysis``.
    """
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    def savefig(figure: Figure, to: IO[bytes], *, format: str, **_: Any) -> None:  # noqa: A002 - as it is called
        texts = "".join(f"<text>{escape(text.get_text())}</text>" for text in figure.findobj(Text))
        to.write(f'<svg xmlns="http://www.w3.org/2000/svg">{texts}</svg>'.encode() if format == "svg" else b"")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", savefig)
        yield
