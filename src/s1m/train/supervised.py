"""Supervised fine-tuning: what is trained on, and by which trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from s1m.datasets.sources import Examples, load_examples
from s1m.engines.embedded.checkpoint import Checkpoint
from s1m.train.batches.collate import Collator
from s1m.train.batches.encode import Encoder
from s1m.train.batches.plan import Layout, planned
from s1m.train.loop.arguments import training_arguments
from s1m.train.model.encoder import AnyEncoder
from s1m.train.model.layout import layout_of
from s1m.train.model.load import adapters, rules_of
from s1m.train.settings import TrainSettings
from s1m.train.survey.measure import Survey, survey


class SupervisedObjective:
    """Responses that are learned as they are."""

    def examples(self, settings: TrainSettings) -> Examples:
        """The examples of the settings."""
        return load_examples(settings.data, seed=settings.seed, delimiters=settings.delimiters)

    def survey(self, examples: Any, encoder: AnyEncoder, settings: TrainSettings, rejects_to: Path) -> Survey:
        """Which examples are kept."""
        return survey(examples, encoder.length, settings, rejects_to=rejects_to)

    def arguments(self, settings: TrainSettings) -> Any:
        """The settings in TRL's words."""
        return training_arguments(settings)

    def batches(self, layout: Layout) -> str:  # noqa: ARG002
        """Nothing to add to how batches are laid out."""
        return ""

    def trainer(
        self,
        settings: TrainSettings,
        loaded: Checkpoint,
        encoder: AnyEncoder,
        examples: Any,
        surveyed: Survey,
        arguments: Any,
        callbacks: list[Any],
    ) -> Any:
        """The trainer over the planned micro-batches."""
        from s1m.train.loop.trainer import TowerTrainer

        layout, _ = layout_of(settings, loaded.model, loaded.tokenizer)
        collator = Collator(
            examples,
            encoder,
            rules_of(loaded.model) if isinstance(encoder, Encoder) else None,
            packed=layout == "packed",
            pad_id=encoder.tokenizer.pad_token_id,
            blank=encoder.blank() if arguments.world_size > 1 else None,
        )
        return TowerTrainer(
            settings,
            model=loaded.model,
            args=arguments,
            processing_class=encoder.tokenizer,
            peft_config=adapters(settings, loaded.model),
            train_dataset=planned(settings, surveyed, layout),
            data_collator=collator,
            callbacks=callbacks,
        )
