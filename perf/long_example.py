"""Peak memory of a step on one long example: `python perf/long_example.py`, about five minutes.

Each row is a forward and a backward pass of the bundled architecture in a process of its own. *chunked* is the
trainer's loss, computed from the hidden states a few tokens at a time; *full* first builds the logits of all tokens in
float32. The second half gives the model a vocabulary of Qwen's size, where the logits exceed everything else.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from keep import keep
from transformers import TrainerCallback

from s1m.datasets.source import Source
from s1m.engines.embedded.checkpoint import place_of
from s1m.train.loop.arguments import training_arguments
from s1m.train.loop.trainer import TowerTrainer, without_default_log
from s1m.train.model.encoder import load_encoder
from s1m.train.model.load import load_model
from s1m.train.settings import TrainSettings

LONG = 32_768
QWEN_VOCABULARY = 151_936
CASES = (
    ("chunked", "kept", 512, LONG),
    ("chunked", "checkpointed", 512, LONG),
    ("full", "kept", 512, LONG),
    ("chunked", "checkpointed", QWEN_VOCABULARY, 4096),
    ("full", "checkpointed", QWEN_VOCABULARY, 4096),
    ("chunked", "checkpointed", QWEN_VOCABULARY, LONG),
)


def main() -> None:
    """Every case in a fresh process."""
    rows = []
    for loss, activations, vocabulary, tokens in CASES:
        command = [sys.executable, __file__, loss, activations, str(vocabulary), str(tokens)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            rows.append((loss, activations, f"{vocabulary:,}", f"{tokens:,}", "-", f"exit {done.returncode}", "-"))
            continue
        before, peak, seconds, value = (float(number) for number in done.stdout.split()[-4:])
        cells = (f"{(peak - before) / 1e9:.2f}", f"{seconds:.0f}", f"{value:.5f}")
        rows.append((loss, activations, f"{vocabulary:,}", f"{tokens:,}", *cells))
        print(rows[-1], flush=True)
    logits = LONG * QWEN_VOCABULARY * 4 / 1e9
    keep(
        "long_example",
        "One example of 32,768 tokens",
        ("loss", "activations", "vocabulary", "tokens", "GB above the loaded model", "processor s", "value"),
        rows,
        [
            "Memory is the maximum resident memory during forward and backward, minus the resident memory before them.",
            f"Full logits of {LONG:,} tokens over {QWEN_VOCABULARY:,} words are {LONG:,} x {QWEN_VOCABULARY:,} x 4 "
            f"bytes = {logits:.1f} GB in float32, three times that with softmax and gradient: {3 * logits:.0f} GB, "
            "more than this machine has. Measured are 4,096 tokens, an eighth.",
            "The chunked loss works in tiles of 4,096 tokens: its memory does not grow beyond that length.",
            "Two examples are packed in each row, of a quarter and three quarters of its tokens.",
        ],
    )


class FullLogits(TowerTrainer):
    """The unfused loss: all logits at once."""

    def compute_loss(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
        """The same value as the trainer's."""
        labels = inputs.pop("labels")
        logits = model(**inputs, use_cache=False).logits.float()
        return torch.nn.functional.cross_entropy(logits[0, :-1], labels[0, 1:])


class Peak(TrainerCallback):
    """Prints resident bytes before the step, their maximum up to the gradients, seconds, and the loss."""

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Read the memory with the model loaded."""
        self._before, self._started = resident(), time.process_time()

    def on_pre_optimizer_step(self, *_: Any, **__: Any) -> None:
        """Read the maximum after forward and backward."""
        self._peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self._seconds = time.process_time() - self._started

    def on_log(self, *_: Any, logs: dict[str, float], **__: Any) -> None:
        """Print all four."""
        if "loss" in logs:
            print(self._before, self._peak, self._seconds, logs["loss"])


def step(loss: str, activations: str, vocabulary: int, tokens: int) -> None:
    """One training step, set up like `s1m train`."""
    settings = TrainSettings(
        model=place_of("bundled"), data=(Source(path="digits"),), out=tempfile.mkdtemp(), precision="fp32",
        gradient_checkpointing=activations == "checkpointed", workers=0, log_every=1, max_steps=1,
    )  # fmt: skip
    model = load_model(settings).model
    torch.manual_seed(0)  # new words have random weights
    model.resize_token_embeddings(vocabulary, mean_resizing=False)
    trainer = (TowerTrainer if loss == "chunked" else FullLogits)(
        settings,
        model=model,
        args=training_arguments(settings),
        processing_class=load_encoder(settings).tokenizer,
        train_dataset=Dataset.from_dict({"examples": [[0]]}),
        data_collator=lambda _: packed_row(tokens),
        callbacks=[Peak()],
    )
    without_default_log(trainer)
    trainer.train()


def packed_row(tokens: int) -> dict[str, Any]:
    """A row of two examples of random text."""
    ids = torch.randint(0, 256, (1, tokens), generator=torch.Generator().manual_seed(0))
    counted = torch.cat([torch.arange(tokens // 4), torch.arange(tokens - tokens // 4)])
    return {"input_ids": ids, "labels": ids.clone(), "position_ids": counted.expand(4, 1, -1)}


def resident() -> int:
    """Bytes of this process in memory."""
    words = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(words[1]) * resource.getpagesize()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        step(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
