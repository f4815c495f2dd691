"""What our trainers add to those of TRL: the order of our plan, a learning rate a tower, counts of tokens."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch.distributed.fsdp import FSDPModule
from torch.utils.data import Sampler, SequentialSampler
from transformers import Trainer

from s1m.train.folder import writing
from s1m.train.model.towers import parameter_groups
from s1m.train.settings import TrainSettings


class Planned(Trainer):
    """Trains on micro-batches in the order in which they were planned. Comes before TRL's trainer among the bases."""

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
        """The loss of TRL's trainer; counts the tokens beside padding."""
        mask = inputs.get("attention_mask")
        self._seen_tokens += inputs["input_ids"].numel() if mask is None else int(mask.sum())
        if self.accelerator.is_fsdp2:
            gather_head(model)
        return super().compute_loss(model, inputs, *arguments, **options)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add tokens per second of all devices, and memory; drop a count of TRL's that packed rows make wrong."""
        if "loss" not in logs:  # TRL adds means over the steps since the last log, which belong to the next loss
            Trainer.log(self, logs, start_time)
            return
        now, processes = time.monotonic(), self.accelerator.num_processes
        fresh = self._seen_tokens - self._seen_before
        logs["tokens_per_second"] = round(processes * fresh / max(1e-9, now - self._since), 1)
        logs["memory_gb"] = round(memory_bytes() / 2**30, 2)
        self._since, self._seen_before = now, self._seen_tokens
        metrics: Any = vars(self)["_metrics"]  # of TRL's trainer
        metrics["train"].pop("num_tokens", None)
        super().log(logs, start_time)

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Writes nothing beside the checkpoints: the finished model has a card of its own."""

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Load all weights or raise.

        Checkpoints hold a vision-language model under the names it was published with. transformers would look in them
        for the names it has in memory, find its head alone, and train on from the first weights without a warning.
        """
        if self.is_fsdp_enabled or self._settings.lora_rank is not None:  # these are written under the names in memory
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        ours: Any = self.model
        whole = type(ours).from_pretrained(resume_from_checkpoint, dtype=ours.dtype)
        ours.load_state_dict(whole.state_dict())

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Raises ``DataError`` when the disk is full; no partial checkpoint stays."""
        with writing(Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"):
            super()._save_checkpoint(model, trial)


def without_default_log(trainer: Any) -> Any:
    """The same trainer, which no longer prints its own log beside ours."""
    from transformers.trainer_callback import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    return trainer


def gather_head(model: Any) -> None:
    """Gather the language model's head where FSDP2 has split it, as a call of it would.

    The chunked loss reads the head's weight and never calls the head. A weight that is still in pieces then gets each
    process's own gradient in its own piece, instead of the mean of all.
    """
    head = model.get_output_embeddings()
    if isinstance(head, FSDPModule):
        head.unshard()


def memory_bytes() -> int:
    """The most memory that training has held so far: of the GPU where there is one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kibibytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
