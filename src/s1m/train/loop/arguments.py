"""The settings in the words of TRL's trainer."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from s1m.errors import UsageError
from s1m.train.loop.processes import TIMEOUT_SECONDS
from s1m.train.model.load import uses_bf16
from s1m.train.settings import TrainSettings


def training_arguments(settings: TrainSettings) -> Any:
    """The settings in the words of TRL's SFTTrainer."""
    from trl.trainer.sft_config import SFTConfig

    # TRL would tokenize the rows of the plan by itself.
    return SFTConfig(**shared_arguments(settings), dataset_kwargs={"skip_prepare_dataset": True})


def preference_arguments(settings: TrainSettings) -> Any:
    """The settings in the words of TRL's DPOTrainer."""
    from trl.trainer.dpo_config import DPOConfig

    losses = {settings.preference_loss: 1.0} | ({"sft": settings.sft_weight} if settings.sft_weight else {})
    return DPOConfig(
        **shared_arguments(settings),
        beta=settings.beta,
        loss_type=list(losses),
        loss_weights=list(losses.values()),
    )


def shared_arguments(settings: TrainSettings) -> dict[str, Any]:
    """What all of TRL's trainers are given. All epochs are one plan, so to the trainer they are one."""
    import torch

    bf16 = uses_bf16(settings)
    return {
        "output_dir": settings.out,
        # A row of the plan is a micro-batch already.
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": settings.accumulation,
        "num_train_epochs": 1,
        "max_steps": settings.max_steps or -1,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": settings.scheduler,
        # transformers 5 reads a number below 1 as the fraction of all steps.
        "warmup_steps": settings.warmup_share,
        "max_grad_norm": settings.max_grad_norm,
        "bf16": bf16,
        "activation_checkpointing": settings.gradient_checkpointing,
        "use_liger_kernel": settings.liger,
        "seed": settings.seed,
        "data_seed": settings.seed,
        "logging_steps": settings.log_every,
        "logging_first_step": True,  # a loss at once: with long rows, log_every steps may take half an hour
        "save_steps": settings.save_every,
        "save_total_limit": 2,
        "report_to": require_loggers(settings) or "none",
        "dataloader_num_workers": settings.workers,
        "dataloader_persistent_workers": settings.workers > 0,
        # Else transformers drops the only column of the plan, since no model takes an argument of its name.
        "remove_unused_columns": False,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "disable_tqdm": True,
        "max_length": None,  # TRL would cut rows off at 1,024 tokens
        "ddp_find_unused_parameters": False,  # every batch goes through every tower: see Collator
        "ddp_timeout": TIMEOUT_SECONDS,
        # The mean is over the tokens of all processes: per process, those of a short row would weigh more.
        "average_tokens_across_devices": True,
    }


def require_loggers(settings: TrainSettings) -> list[str]:
    """The loggers of the settings. Raises ``UsageError`` for one that is not installed."""
    for name in settings.loggers:
        if find_spec(name) is None:
            raise UsageError(f"loggers: {name} is not installed: pip install {name}")
    return list(settings.loggers)
