"""Open the tiny model's eyes: its vision tower learns to name digits before the language model is trained on it.

Large vision-language models start from a vision tower that sees already; this is the same in a minute. Left to the
language loss, it would take most of the training to notice that the picture matters.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from s1m.synthetic.digits.traces import Drawing, digit_of, training_indices

STEPS = 800
BATCH = 48
DIGITS = 6
"""In a picture, in two rows."""
LEARNING_RATE = 2e-3


def open_eyes(folder: Path, seed: int, steps: int = STEPS) -> None:
    """Train the vision tower of the checkpoint in ``folder``, with a linear head that is thrown away, and save it."""
    import torch
    from torch.nn.functional import cross_entropy

    from s1m.engines.embedded.checkpoint import load_checkpoint
    from s1m.train.batches.encode import decoded

    loaded = load_checkpoint(str(folder), "cpu")
    model, rng = loaded.model, random.Random(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = torch.nn.Linear(model.config.text_config.hidden_size, 10)
    parameters = [*model.model.visual.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    for step in range(steps):
        rows = [tuple(rng.choices(training_indices(), k=DIGITS)) for _ in range(BATCH)]
        drawn = [Drawing(indices=row, columns=3, pen=f"{seed} {step} {at}").read() for at, row in enumerate(rows)]
        pixels: Any = loaded.image_processor(images=[decoded(image) for image in drawn], return_tensors="pt")
        seen = model.model.visual(pixels["pixel_values"], grid_thw=pixels["image_grid_thw"]).pooler_output
        loss = cross_entropy(head(seen), torch.tensor([digit_of(index) for row in rows for index in row]))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
    model.save_pretrained(folder)
