"""The trainer of pairs: TRL's DPOTrainer on our micro-batches."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trl.trainer.dpo_trainer import DPOTrainer

from s1m.train.loop.planned import Planned


class PreferenceTrainer(Planned, DPOTrainer):
    """Minimizes the mean loss of a step's pairs, however many of them a micro-batch holds."""

    loss_is_scaled_for_ga = True  # below, by pairs: by micro-batches, those of a short row would weigh more

    def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
        """The plan as it is: TRL would look for texts in it, and tokenize them."""
        return dataset

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: Any) -> Any:
        """The pairs of a step, of all processes."""
        import torch

        pairs = torch.tensor(sum(len(batch["input_ids"]) // 2 for batch in batch_samples), device=device)
        return self.accelerator.gather(pairs).sum() if self.args.world_size > 1 else pairs

    def compute_loss(self, model: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        """The part of the step's mean loss that these pairs have. Processes are averaged, so each counts that often."""
        in_step = options.pop("num_items_in_batch", None)
        with without_old_names():
            loss = super().compute_loss(model, inputs, *arguments, **options)
        if in_step is None:
            return loss
        return loss * (len(inputs["input_ids"]) // 2) * self.accelerator.num_processes / in_step

    def compute_ref_log_probs(self, model: Any, inputs: Any) -> Any:
        """Log-probabilities of the chosen and of the rejected responses, each of shape (pairs,), without gradients."""
        with without_old_names():
            return super().compute_ref_log_probs(model, inputs)  # type: ignore[no-untyped-call]


@contextmanager
def without_old_names() -> Iterator[None]:
    """Keep back transformers' warning that TRL asks for gradient checkpointing by the name of version 4."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield
