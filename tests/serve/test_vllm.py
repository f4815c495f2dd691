"""A real vLLM through ``s1m serve``: it answers, also in tokens, and leaves no process behind."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.vllm_server import ENVIRONMENT, MODEL, ask, descendants, free_port, gone, need_vllm, serve_words

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(400)]


def test_it_serves_the_model_as_asked(vllm_url: str) -> None:
    assert ask(vllm_url.removesuffix("/v1") + "/health").status == 200
    (model,) = ask(f"{vllm_url}/models").json()["data"]
    assert (model["id"], model["max_model_len"]) == (MODEL, 4096)


def test_it_takes_tokens_and_gives_tokens(vllm_url: str) -> None:
    body = {"token_ids": [1, 2, 3], "sampling_params": {"max_tokens": 4, "ignore_eos": True}, "return_token_ids": True}
    answer = ask(vllm_url.removesuffix("/v1") + "/inference/v1/generate", body)
    assert answer.status == 200, answer.text
    assert len(answer.json()["choices"][0]["token_ids"]) == 4


def test_it_takes_sixteen_images_and_no_more(vllm_url: str) -> None:
    picture = BytesIO()
    Image.new("RGB", (28, 28)).save(picture, "PNG")
    url = "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
    for count, status in ((16, 200), (17, 400)):
        content = [{"type": "image_url", "image_url": {"url": url}}] * count
        body = {"model": MODEL, "messages": [{"role": "user", "content": content}], "max_tokens": 1}
        answer = ask(f"{vllm_url}/chat/completions", body)
        assert answer.status == status, answer.text


def test_ctrl_c_ends_it_and_all_its_workers(tmp_path: Path) -> None:
    need_vllm()
    words = serve_words(free_port(), ("--served-model-name", "mine"))
    with (tmp_path / "err").open("w") as err:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=err, env={**os.environ, **ENVIRONMENT})
        assert process.stdout is not None
        with process.stdout as said:
            assert said.readline().startswith(b"ready: http://127.0.0.1:"), (tmp_path / "err").read_text()[-2000:]
            family = descendants(process.pid)
            assert len(family) >= 3
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
    assert gone(family)


def test_what_vllm_refuses_is_one_line(tmp_path: Path) -> None:
    need_vllm()
    words = serve_words(free_port(), ("--max-model-len", "99999999"))
    shown = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, **ENVIRONMENT})
    assert shown.returncode == 1
    last = shown.stderr.splitlines()[-1]
    assert last.startswith("s1m: vLLM ended with exit code 1: Value error, User-specified max_model_len (99999999)")
    assert last.endswith("lower --max-model-len")
