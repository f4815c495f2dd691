"""``s1m train``, read from top to bottom: model, data, plan, trainer, checkpoint.

Every step is somebody else's where there is somebody: transformers loads, datasets reads, PEFT adapts, accelerate
spreads over devices, TRL trains. Ours are the label mask, the packing and the accounts.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from s1m.datasets.sources import Examples, load_examples
from s1m.errors import UsageError
from s1m.files.printing import Printer
from s1m.files.run_folder import held
from s1m.train.batches.collate import Collator, plan_epoch, plan_rising
from s1m.train.batches.encode import Encoder
from s1m.train.card import model_card
from s1m.train.folder import claim, newest_checkpoint
from s1m.train.loop.processes import PATIENCE_SECONDS, is_first, require_spread, spread_of, told_by_first
from s1m.train.model.load import adapters, load_encoder, load_model, make_tiny, rules_of, uses_bf16
from s1m.train.model.towers import count_parameters, freeze
from s1m.train.settings import TrainSettings
from s1m.train.survey.measure import Survey, survey
from s1m.train.survey.table import print_survey


def check(settings: TrainSettings) -> int:
    """``s1m train --check``: read and judge every example, print what would be trained on."""
    claim(settings)
    rejects = Path(settings.out) / "rejects.jsonl"
    found = survey(_examples(settings), load_encoder(settings).length, settings, rejects_to=rejects)
    console = Printer()
    print_survey(found, console)
    if found.rejects:
        console.print(f"what was dropped: {rejects}")
    found.require_some()
    return 0


def train(settings: TrainSettings) -> int:
    """``s1m train``: train, or go on from the newest checkpoint; the exit code."""
    out = told_by_first(lambda: claim(settings))
    with ExitStack() as first_holds:
        told_by_first(lambda: first_holds.enter_context(held(out)))
        return train_in(out, settings)


def train_in(out: Path, settings: TrainSettings) -> int:
    """Train in a folder that is held; the exit code."""
    from s1m.train.loop.callbacks import Log, Stop
    from s1m.train.loop.evaluation import Evaluation
    from s1m.train.loop.trainer import TowerTrainer
    from s1m.train.save import save_model

    console = Printer(stderr=True, quiet=not is_first())
    encoder, examples, found = told_by_first(lambda: look(settings))
    print_survey(found, console)
    told_by_first(lambda: make_tiny(settings, console))
    arguments = training_arguments(settings)  # before the model: ZeRO-3 shards weights as they are loaded
    console.print(f"loading {settings.model}")
    loaded = load_model(settings)
    freeze(loaded.model, settings.freeze)
    stop = Stop()
    trainer = TowerTrainer(
        settings,
        model=loaded.model,
        args=arguments,
        processing_class=encoder.tokenizer,
        peft_config=adapters(settings),
        train_dataset=planned(settings, found),
        data_collator=Collator(
            examples,
            encoder,
            rules_of(loaded.model),
            packed=settings.batch == "packed",
            pad_id=encoder.tokenizer.pad_token_id,
            blank=encoder.blank() if arguments.world_size > 1 else None,
        ),
        callbacks=[Log(console, out / "log.jsonl"), stop],
    )
    quiet(trainer)
    if settings.eval_benchmark:
        trainer.add_callback(Evaluation(settings, trainer, loaded.place, encoder, console))
    require_spread(trainer.accelerator)
    console.print(what_runs(trainer))
    checkpoint = told_by_first(lambda: newest_checkpoint(out))
    if checkpoint is not None:
        console.print(f"going on from {checkpoint}")
    with stop.watching():
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    if stop.asked and trainer.state.global_step < trainer.state.max_steps:
        console.print(f"stopped after step {trainer.state.global_step}; the same command goes on from there")
        return stop.exit_code
    card = model_card(settings, trainer, found)
    folder = save_model(settings, trainer, loaded.place, encoder, out / "model", card=card)
    console.print(f"model: {folder}")
    return 0


def look(settings: TrainSettings) -> tuple[Encoder, Examples, Survey]:
    """How examples are encoded, the examples, and which of them are kept. Raises ``DataError`` when none is."""
    encoder, examples = load_encoder(settings), _examples(settings)
    found = survey(examples, encoder.length, settings, rejects_to=Path(settings.out) / "rejects.jsonl")
    found.require_some()
    return encoder, examples, found


def plan(settings: TrainSettings, lengths: Sequence[int]) -> list[list[int]]:
    """Every micro-batch of the training, in order; numbers are places in ``lengths``."""
    capacity = settings.pack_tokens if settings.batch == "packed" else None
    batches: list[list[int]] = []
    epoch = 0
    while epoch < settings.epochs:
        if epoch == 0 and settings.order == "short-first":
            fresh = plan_rising(lengths, capacity=capacity, size=settings.batch_size)
        else:
            rng = random.Random(f"{settings.seed}-{epoch}")
            fresh = plan_epoch(lengths, capacity=capacity, size=settings.batch_size, rng=rng)
        batches += fresh[: max(1, round(len(fresh) * min(1.0, settings.epochs - epoch)))]
        epoch += 1
    return batches


def planned(settings: TrainSettings, found: Survey) -> Any:
    """The plan as a dataset whose rows name the examples of a micro-batch."""
    from datasets import Dataset

    kept = found.kept.tolist()
    batches = plan(settings, found.lengths.tolist())
    return Dataset.from_dict({"examples": [[kept[place] for place in batch] for batch in batches]})


def training_arguments(settings: TrainSettings) -> Any:
    """The settings in TRL's words. All epochs are one plan, so to the trainer they are one."""
    import torch
    from trl.trainer.sft_config import SFTConfig

    bf16 = uses_bf16(settings)
    return SFTConfig(
        output_dir=settings.out,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=settings.accumulation,
        num_train_epochs=1,
        max_steps=settings.max_steps or -1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.scheduler,
        warmup_steps=settings.warmup_share,
        max_grad_norm=settings.max_grad_norm,
        bf16=bf16,
        activation_checkpointing=settings.gradient_checkpointing,
        use_liger_kernel=settings.liger,
        seed=settings.seed,
        data_seed=settings.seed,
        logging_steps=settings.log_every,
        logging_first_step=True,  # a loss at once: with long rows, log_every steps may take half an hour
        save_steps=settings.save_every,
        save_total_limit=2,
        report_to=require_loggers(settings) or "none",
        dataloader_num_workers=settings.workers,
        dataloader_persistent_workers=settings.workers > 0,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=True,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        ddp_find_unused_parameters=False,  # every batch goes through every tower: see Collator
        ddp_timeout=PATIENCE_SECONDS,
        average_tokens_across_devices=True,
    )


def require_loggers(settings: TrainSettings) -> list[str]:
    """The loggers of the settings. Raises ``UsageError`` for one that is not installed."""
    for name in settings.loggers:
        if find_spec(name) is None:
            raise UsageError(f"loggers: {name} is not installed: pip install {name}")
    return list(settings.loggers)


def quiet(trainer: Any) -> None:
    """Our log instead of the trainer's."""
    from transformers.trainer_callback import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def what_runs(trainer: Any) -> str:
    """Where the training really runs and what it trains, in words."""
    accelerator = trainer.accelerator
    precision = accelerator.mixed_precision.replace("no", "fp32")
    lines = [f"on {accelerator.device}, {spread_of(accelerator)}, {precision}"]
    for tower, (trained, everything) in count_parameters(trainer.model).items():
        lines.append(f"  {tower}: {trained:,} of {everything:,} parameters are trained")
    return "\n".join(lines)


def _examples(settings: TrainSettings) -> Examples:
    return load_examples(settings.data, seed=settings.seed, delimiters=settings.delimiters)
