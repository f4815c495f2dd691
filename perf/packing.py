"""Training tokens per second: s1m's packed rows and grouped batches against TRL's trainer with padding, in turn.

All three train the bundled model's architecture, from the same weights, on the same traces, which are as long as
S1-M's; tokens do not include padding. `python perf/packing.py`, about ten minutes.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from keep import keep
from training_data import lengths, write_traces
from transformers import Qwen2VLProcessor
from transformers.processing_utils import ProcessorMixin
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from s1m.datasets.source import Source
from s1m.datasets.sources import Examples, load_examples
from s1m.train.batches.collate import Collator
from s1m.train.batches.plan import planned
from s1m.train.loop.arguments import training_arguments
from s1m.train.loop.trainer import TowerTrainer, without_default_log
from s1m.train.model.encoder import load_encoder
from s1m.train.model.load import adapters, load_model, rules_of, uses_bf16
from s1m.train.settings import TrainSettings
from s1m.train.survey.measure import survey

TRACES = 48
ROUNDS = 3
BATCH = 8


class ImageProcessor(Qwen2VLProcessor):
    """Qwen2-VL's processor without videos, which need torchvision."""

    def __init__(self, image_processor: Any = None, tokenizer: Any = None, chat_template: str | None = None) -> None:
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    @classmethod
    def get_attributes(cls) -> list[str]:
        """The names of its parts."""
        return ["image_processor", "tokenizer"]


def build_settings(folder: Path, data: Path, mode: str) -> TrainSettings:
    """Settings of one epoch over the traces."""
    values: dict[str, Any] = {
        "model": "bundled", "data": (Source(path=str(data)),), "out": str(folder / mode), "batch": mode, "epochs": 1.0,
        "max_tokens": 8192, "pack_tokens": 8192, "batch_size": BATCH, "learning_rate": 1e-6, "workers": 0,
        "gradient_checkpointing": False, "forcing_targets": False, "precision": "fp32", "log_every": 1000,
    }  # fmt: skip
    return TrainSettings(**values)


def examples_of(settings: TrainSettings) -> Examples:
    """The examples of the settings' sources."""
    return load_examples(settings.data, seed=settings.seed, delimiters=settings.delimiters)


def ours(settings: TrainSettings) -> Any:
    """s1m's trainer, set up like `s1m train`."""
    encoder, examples = load_encoder(settings), examples_of(settings)
    allow_large_pictures(encoder.image_processor)
    surveyed = survey(examples, encoder.length, settings)
    assert not surveyed.rejects, surveyed.rejects
    model = load_model(settings).model
    collator = Collator(
        examples, encoder, rules_of(model), packed=settings.batch == "packed", pad_id=encoder.tokenizer.pad_token_id
    )
    return TowerTrainer(
        settings,
        model=model,
        args=training_arguments(settings),
        processing_class=encoder.tokenizer,
        peft_config=adapters(settings, model),
        train_dataset=planned(settings, surveyed),
        data_collator=collator,
    )


def plain(settings: TrainSettings) -> Any:
    """TRL's trainer with its own collator: shuffled, padded to the longest of a batch, loss on the assistant alone."""
    from datasets import Dataset, Features, Image, List, Value

    encoder, examples = load_encoder(settings), examples_of(settings)
    allow_large_pictures(encoder.image_processor)
    template = encoder.tokenizer.chat_template.rstrip("\n")  # TRL recognises the template only without its last newline
    encoder.tokenizer.chat_template = template
    processor = ImageProcessor(encoder.image_processor, encoder.tokenizer, template)
    turn = {"role": Value("string"), "content": Value("string")}
    rows = [conversation(examples, number) for number in range(len(examples))]
    model = load_model(settings).model
    return SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=settings.out,
            per_device_train_batch_size=BATCH,
            num_train_epochs=1,
            learning_rate=settings.learning_rate,
            activation_checkpointing=settings.gradient_checkpointing,
            assistant_only_loss=True,
            max_length=None,
            dataset_kwargs={"skip_prepare_dataset": True},
            remove_unused_columns=False,
            report_to="none",
            save_strategy="no",
            logging_steps=1000,
            disable_tqdm=True,
            bf16=uses_bf16(settings),
            dataloader_pin_memory=False,
        ),
        processing_class=processor,
        peft_config=adapters(settings, model),
        train_dataset=Dataset.from_list(rows, features=Features({"messages": List(turn), "images": List(Image())})),
    )


def conversation(examples: Examples, number: int) -> dict[str, Any]:
    """An example in TRL's format."""
    example = examples[number]
    messages = [{"role": turn.role, "content": turn.text} for turn in example.turns]
    return {"messages": messages, "images": [{"bytes": image, "path": None} for image in example.images]}


def allow_large_pictures(image_processor: Any) -> None:
    """Allow pictures of up to 256 visual tokens; the bundled model allows 64."""
    image_processor.size["longest_edge"] = 28 * 28 * 256


def mean_loss(trainer: Any) -> tuple[float, int, int, float]:
    """Mean loss over all target tokens, their number, the number of tokens without padding, and its fraction."""
    total, learned, tokens, slots = 0.0, 0, 0, 0
    for batch in trainer.get_train_dataloader():
        ids, mask = batch["input_ids"], batch.get("attention_mask")
        tokens += ids.numel() if mask is None else int(mask.sum())
        slots += ids.numel()
        end_id = getattr(trainer.processing_class, "tokenizer", trainer.processing_class).eos_token_id
        batch["labels"][:, 1:][ids[:, :-1] == end_id] = -100  # TRL also trains on the newline after a turn
        learned += int((batch["labels"][:, 1:] != -100).sum())
        with torch.no_grad():
            total += float(trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=torch.tensor(1.0)))
    return total / learned, learned, tokens, tokens / slots


def timed(trainer: Any) -> float:
    """Processor seconds of an epoch: other work on the machine does not count."""
    without_default_log(trainer)
    started = time.process_time()
    trainer.train()
    return time.process_time() - started


def measure(arms: dict[str, Callable[[], Any]]) -> dict[str, tuple[tuple[float, int, int, float], list[float]]]:
    """Loss before training, and seconds of every round, for each trainer."""
    losses = {name: mean_loss(build()) for name, build in arms.items()}
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(ROUNDS):
        for name, build in arms.items():
            seconds[name].append(timed(build()))
            print(name, f"{seconds[name][-1]:.1f} s", flush=True)
    return {name: (losses[name], seconds[name]) for name in arms}


def main() -> None:
    """Run all trainers in turn, a few rounds."""
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wanted = lengths(TRACES, rng)
        tokenizer = load_encoder(TrainSettings(model="bundled", data=(Source(path="digits"),), out="")).tokenizer
        data = write_traces(folder, wanted, tokenizer, rng)
        measured = measure(
            {
                "TRL, padded, shuffled": lambda: plain(build_settings(folder, data, "grouped")),
                "grouped": lambda: ours(build_settings(folder, data, "grouped")),
                "packed": lambda: ours(build_settings(folder, data, "packed")),
            }
        )
    report(measured, wanted)


def report(measured: dict[str, tuple[tuple[float, int, int, float], list[float]]], wanted: Sequence[int]) -> None:
    """The table; ratios are taken within a round."""
    base = next(iter(measured.values()))[1]
    rows = []
    for name, ((loss, learned, tokens, full), seconds) in measured.items():
        ratio = statistics.median(first / own for first, own in zip(base, seconds, strict=True))
        speed = tokens / statistics.median(seconds)
        rows.append(
            (name, f"{tokens:,}", f"{learned:,}", f"{loss:.5f}", f"{full:.1%}", f"{speed:,.0f}", f"{ratio:.2f}x")
        )
    keep(
        "packing",
        "Packed training against padding",
        ("trainer", "tokens", "learned", "mean loss before", "no padding", "tokens/s", "median ratio"),
        rows,
        [
            f"{len(wanted)} traces with a picture each; responses of {statistics.median(wanted):.0f} tokens in the "
            f"median, {statistics.mean(wanted):.0f} on average, {max(wanted):,} at most; 4 to 256 visual tokens.",
            f"{ROUNDS} rounds, each trains an epoch with every trainer in turn, pictures prepared during training. One "
            "thread, seconds of processor time. Float32, no checkpointing of activations, batches of 8, packed rows of "
            "8,192 tokens.",
            "Attention over padding costs more in a model this small than in one of 7B, where the ratio should be "
            "closer to that of the fractions without padding, 3 to 1.",
            "The model is the bundled one (1.2 M parameters). Where padding costs memory as well as time, as on GPUs, "
            "smaller batches would be necessary; these numbers do not include that.",
        ],
    )


if __name__ == "__main__":
    main()
