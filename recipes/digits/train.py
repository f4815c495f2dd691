"""Train the bundled model from scratch: `make bundle` (under 90 minutes on 2 cores).

Every batch is fresh: pictures of training digits only, slightly moved and turned, with traces from ``traces.py``.
The loss falls on what the model is to say; an ignore string is context, and the target just before it is ``</think>``.
"""

from __future__ import annotations

import argparse
import io
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from checkpoint import build_image_processor, build_model, build_tokenizer, save
from PIL import Image
from traces import ALL_IGNORE_STRINGS, MAX_LOOKS, THINK_CLOSE, THINK_OPEN, make_trace

from s1m.benchmarks.digits import CELL, LAYOUTS, QUESTIONS, compose, draw_cell, handwriting, split_indices

IGNORED = -100


@dataclass
class Example:
    """One training row: ids, labels (already aligned for next-token loss by the model) and the picture."""

    ids: list[int]
    labels: list[int]
    picture: Image.Image


def careless_pen(cell: Image.Image, rng: random.Random) -> Image.Image:
    """A cell moved by up to two pixels, turned by up to ten degrees and scaled by up to a tenth."""
    angle, scale = math.radians(rng.uniform(-10, 10)), rng.uniform(0.9, 1.1)
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    centre = CELL / 2
    dx, dy = rng.uniform(-2, 2), rng.uniform(-2, 2)
    matrix = (
        cos, sin, centre + dx - cos * centre - sin * centre,
        -sin, cos, centre + dy + sin * centre - cos * centre,
    )  # fmt: skip
    return cell.transform(cell.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=255)


class ExampleMaker:
    """Draws training examples from a seed."""

    def __init__(self, tokenizer, seed: int) -> None:
        self.tokenizer = tokenizer
        self.rng = random.Random(seed)
        ink, self.labels = handwriting()
        self.indices = [int(i) for i in split_indices("train")]
        self.cells = {i: draw_cell(ink[i]) for i in self.indices}
        self.close_id = tokenizer.convert_tokens_to_ids(THINK_CLOSE)
        self.pieces: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        """Token ids of a stretch, remembered: most stretches recur."""
        if text not in self.pieces:
            if len(self.pieces) > 100_000:
                self.pieces.clear()
            self.pieces[text] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return self.pieces[text]

    def prompt(self, question: str, image_tokens: int) -> list[int]:
        """Token ids of the prompt, its image place-holder repeated once for every visual token."""
        messages = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}]
        text = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return self.encode(text.replace("<|image_pad|>", "<|image_pad|>" * image_tokens))

    def example(self, most_looks: int) -> Example:
        """The next example, of 1 to ``most_looks`` looks."""
        rows, columns = self.rng.choice(LAYOUTS)
        chosen = [self.rng.choice(self.indices) for _ in range(rows * columns)]
        digits = [int(self.labels[i]) for i in chosen]
        kind = self.rng.choice(list(QUESTIONS))
        cells = [careless_pen(self.cells[i], self.rng) for i in chosen]
        picture = Image.open(io.BytesIO(compose(cells, columns)))
        ids = list(self.prompt(QUESTIONS[kind], len(digits)))
        labels = [IGNORED] * len(ids)
        for stretch in make_trace(digits, columns, kind, self.rng.randint(1, most_looks), self.rng):
            new = self.encode(stretch.text)
            ids += new
            if stretch.refused_end:
                labels += [self.close_id] + [IGNORED] * (len(new) - 1)
            else:
                labels += new if stretch.learned else [IGNORED] * len(new)
        return Example(ids=ids, labels=labels, picture=picture)


def collated(stream: Iterator[list[Example]], image_processor: Any, model: Any) -> Iterator[dict[str, torch.Tensor]]:
    """Batches as the model takes them."""
    for examples in stream:
        yield collate(examples, image_processor, model.config.text_config.pad_token_id, model.config.image_token_id)


def collate(examples: list[Example], image_processor, pad_id: int, image_id: int) -> dict[str, torch.Tensor]:
    """A right-padded batch: tensors of shape (batch, time), pixels of shape (patches, values)."""
    longest = max(len(example.ids) for example in examples)
    ids = torch.full((len(examples), longest), pad_id)
    labels = torch.full((len(examples), longest), IGNORED)
    mask = torch.zeros((len(examples), longest), dtype=torch.long)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        labels[row, : len(example.labels)] = torch.tensor(example.labels)
        mask[row, : len(example.ids)] = 1
    pixels = image_processor(images=[example.picture.convert("RGB") for example in examples], return_tensors="pt")
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "labels": labels,
        "pixel_values": pixels["pixel_values"],
        "image_grid_thw": pixels["image_grid_thw"],
        "mm_token_type_ids": (ids == image_id).int(),
    }


def batches(maker: ExampleMaker, size: int, short_steps: int, rng: random.Random) -> Iterator[list[Example]]:
    """Endless batches of traces of like length, so that little of a batch is padding.

    The first ``short_steps`` batches are twice as large and hold one look or two: only a first look has to be read off
    the picture, later ones can be guessed from the text so far.
    """
    while True:
        short = short_steps > 0
        width = 2 * size if short else size
        pool = [maker.example(most_looks=2 if short else MAX_LOOKS) for _ in range(16 * width)]
        pool.sort(key=lambda example: len(example.ids))
        groups = [pool[i : i + width] for i in range(0, len(pool), width)]
        rng.shuffle(groups)
        yield from groups
        short_steps -= len(groups)


def open_eyes(model: Any, maker: ExampleMaker, image_processor: Any, steps: int) -> None:
    """Teach the vision tower alone to name digits, with a linear head that is thrown away.

    Left to the language loss, a tower this small takes most of the training to notice that the picture matters.
    """
    head = torch.nn.Linear(model.config.text_config.hidden_size, 10)
    parameters = [*model.model.visual.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for step in range(1, steps + 1):
        chosen = [[maker.rng.choice(maker.indices) for _ in range(6)] for _ in range(48)]
        pictures = [compose([careless_pen(maker.cells[i], maker.rng) for i in row], 3) for row in chosen]
        images = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
        pixels = image_processor(images=images, return_tensors="pt")
        seen = model.model.visual(pixels["pixel_values"], grid_thw=pixels["image_grid_thw"]).pooler_output
        labels = torch.tensor([int(maker.labels[i]) for row in chosen for i in row])
        logits = head(seen)
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            right = (logits.argmax(-1) == labels).float().mean()
            print(f"vision step {step}  loss {float(loss.detach()):.4f}  right {float(right):.3f}", flush=True)


def token_loss(model, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Mean next-token loss; logits are computed only where something is to be learned."""
    labels = batch.pop("labels")
    hidden = model.model(**batch).last_hidden_state[:, :-1]
    targets = labels[:, 1:]
    wanted = targets != IGNORED
    return F.cross_entropy(model.lm_head(hidden[wanted]).float(), targets[wanted])


def fit(model: Any, stream: Iterator[dict[str, torch.Tensor]], steps: int, peak: float) -> None:
    """AdamW over ``steps`` batches; the rate is warmed up to ``peak``, then falls along a cosine to a tenth of it."""
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.98))

    def rate(step: int) -> float:
        return min(1.0, (step + 1) / 100) * (0.55 + 0.45 * math.cos(math.pi * step / steps))

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    started, recent = time.monotonic(), []
    for step, batch in zip(range(1, steps + 1), stream, strict=False):
        loss = token_loss(model, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        recent.append(float(loss.detach()))
        if step % 50 == 0:
            print(f"step {step}  loss {np.mean(recent[-50:]):.4f}  {time.monotonic() - started:.0f} s", flush=True)


def polish(model: Any, tokenizer: Any, image_processor: Any, arguments: argparse.Namespace) -> None:
    """A second, cooler round on fresh traces of all lengths: counting over many looks is what is learned last."""
    maker = ExampleMaker(tokenizer, arguments.seed + 1)
    stream = batches(maker, arguments.batch, 0, random.Random(arguments.seed + 1))
    fit(model, collated(stream, image_processor, model), arguments.polish_steps, arguments.learning_rate / 2)


def corpus() -> Iterator[str]:
    """What the tokenizer learns its merges from: traces without their delimiters, and everything around them."""
    rng = random.Random(0)
    for kind in QUESTIONS:
        for _ in range(200):
            trace = make_trace([rng.randrange(10) for _ in range(4)], 4, kind, 3, rng)
            yield "".join(stretch.text for stretch in trace).replace(THINK_OPEN, "\n").replace(THINK_CLOSE, "")
    around = ("system\nYou are a helpful assistant.", "user\n", "assistant\n")
    for _ in range(100):
        yield from (*QUESTIONS.values(), *ALL_IGNORE_STRINGS, *around)


def main() -> None:
    """Train in three rounds (eyes, everything, polish) and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument("--steps", type=int, default=3500, help="optimiser steps")
    parser.add_argument("--short-steps", type=int, default=480, help="of these, on traces of one look or two")
    parser.add_argument("--vision-steps", type=int, default=800, help="steps of the vision tower alone, before")
    parser.add_argument("--polish-steps", type=int, default=2000, help="steps of a second, cooler round")
    parser.add_argument("--batch", type=int, default=32, help="traces a step")
    parser.add_argument("--learning-rate", type=float, default=2e-3, help="peak; warmed up, then cosine to a tenth")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)

    tokenizer = build_tokenizer(corpus())
    model = build_model(tokenizer)
    image_processor = build_image_processor()
    maker = ExampleMaker(tokenizer, arguments.seed)
    print(f"{model.num_parameters():,} parameters, {arguments.steps} steps of {arguments.batch} traces", flush=True)

    open_eyes(model, maker, image_processor, arguments.vision_steps)
    stream = batches(maker, arguments.batch, arguments.short_steps, random.Random(arguments.seed))
    fit(model, collated(stream, image_processor, model), arguments.steps, arguments.learning_rate)
    save(model, tokenizer, arguments.out)
    polish(model, tokenizer, image_processor, arguments)
    save(model, tokenizer, arguments.out)
    print(f"saved {arguments.out}")


if __name__ == "__main__":
    main()
