"""TRL's SFTTrainer with what this task adds: the order of our plan, a learning rate a tower, counts of tokens."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch.utils.data import Sampler, SequentialSampler
from trl.trainer.sft_trainer import SFTTrainer

from s1m.train.settings import TrainSettings
from s1m.train.towers import parameter_groups


class TowerTrainer(SFTTrainer):
    """Trains on micro-batches in the order in which they were planned."""

    def __init__(self, settings: TrainSettings, **options: Any) -> None:
        self._settings = settings
        self._seen_tokens = self._seen_before = 0
        self._since = time.monotonic()
        super().__init__(**options)

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        planned: Any = self.train_dataset if train_dataset is None else train_dataset
        return SequentialSampler(planned)

    def create_optimizer(self, model: Any = None) -> Any:
        """AdamW, fused where there is a GPU, with a group for every tower."""
        if self.optimizer is None:
            groups = parameter_groups(self.model if model is None else model, self._settings)
            betas = (0.9, self._settings.beta2)
            self.optimizer = torch.optim.AdamW(groups, betas=betas, fused=torch.cuda.is_available())
        return self.optimizer

    def compute_loss(self, model: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        """The mean negative log-likelihood of the labels, computed in chunks; counts the tokens that are no padding."""
        mask = inputs.get("attention_mask")
        self._seen_tokens += inputs["input_ids"].numel() if mask is None else int(mask.sum())
        return super().compute_loss(  # type: ignore[no-untyped-call]
            model, inputs, *arguments, **options
        )

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add tokens per second of all devices, and memory; drop a count of TRL's that packed rows make wrong."""
        if "loss" in logs:
            now, processes = time.monotonic(), self.accelerator.num_processes
            fresh = self._seen_tokens - self._seen_before
            logs["tokens_per_second"] = round(processes * fresh / max(1e-9, now - self._since), 1)
            logs["memory_gb"] = round(memory_bytes() / 2**30, 2)
            self._since, self._seen_before = now, self._seen_tokens
        self._metrics["train"].pop("num_tokens", None)
        super().log(logs, start_time)


def memory_bytes() -> int:
    """The most memory that training has held so far: of the GPU where there is one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
