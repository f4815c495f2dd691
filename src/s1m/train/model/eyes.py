"""The tiny model's vision tower: it learns to name digits before the language model is trained on it.

Large vision-language models start from a vision tower that sees already; this is the same in a minute. Left to the
language loss, it would take most of the training to notice that the picture matters.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from s1m.files.progress import counted
from s1m.synthetic.digits.traces import Drawing, digit_of, training_indices

STEPS = 800
BATCH = 48
DIGITS = 6
"""In a picture, in two rows."""
LEARNING_RATE = 2e-3
LOG_EVERY = 100
"""Steps between lines of the loss."""


def train_vision(folder: Path, seed: int, console: Console, steps: int = STEPS) -> None:
    """Train the vision tower of the checkpoint in ``folder``, with a linear head that is thrown away, and save it."""
    import torch

    from s1m.engines.embedded.checkpoint import load_checkpoint

    loaded = load_checkpoint(str(folder), "cpu")
    model, rng = loaded.model, random.Random(seed)
    # The head must not move the random state on: what is trained afterwards would depend on this step.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = torch.nn.Linear(model.config.text_config.hidden_size, 10)
    parameters = [*model.model.visual.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    batch = batches(loaded.image_processor, seed, rng)
    console.print(f"training the vision tower of the tiny model to name digits: {steps} steps")
    with counted(console, "training the vision tower", steps) as advance:
        for step in range(steps):
            pixels, digits = batch(step)
            seen = model.model.visual(pixels["pixel_values"], grid_thw=pixels["image_grid_thw"]).pooler_output
            loss = torch.nn.functional.cross_entropy(head(seen), torch.tensor(digits))
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            advance(1)
            if step == 0 or (step + 1) % LOG_EVERY == 0:
                console.print(f"vision step {step + 1}/{steps}  loss {loss.item():.4f}")
    model.save_pretrained(folder)


def batches(image_processor: Any, seed: int, rng: random.Random) -> Callable[[int], tuple[Any, list[int]]]:
    """What makes the batch of a step, each once and in order: prepared pictures, and the digits in them."""
    from s1m.train.batches.encode import decoded

    def batch(step: int) -> tuple[Any, list[int]]:
        rows = [tuple(rng.choices(training_indices(), k=DIGITS)) for _ in range(BATCH)]
        drawn = [Drawing(indices=row, columns=3, pen=f"{seed} {step} {at}").read() for at, row in enumerate(rows)]
        pixels = image_processor(images=[decoded(image) for image in drawn], return_tensors="pt")
        return pixels, [digit_of(index) for row in rows for index in row]

    return batch
