"""The trainer of responses: TRL's SFTTrainer on our micro-batches."""

from __future__ import annotations

from trl.trainer.sft_trainer import SFTTrainer

from s1m.train.loop.planned import Planned, without_default_log

__all__ = ["TowerTrainer", "without_default_log"]


class TowerTrainer(Planned, SFTTrainer):
    """Minimizes the mean negative log-likelihood of the labels, computed in chunks."""
