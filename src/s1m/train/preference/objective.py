"""Direct preference optimization (R. Rafailov et al., arXiv 2305.18290): what is trained on, and by which trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from s1m.datasets.preferences import Preferences, check_preference, load_preferences
from s1m.engines.embedded.checkpoint import Checkpoint
from s1m.train.batches.collate import Padding
from s1m.train.batches.encode import Encoder
from s1m.train.batches.plan import Layout, planned
from s1m.train.loop.arguments import preference_arguments
from s1m.train.model.encoder import AnyEncoder
from s1m.train.model.layout import layout_of
from s1m.train.model.load import adapters, load_model, rules_of
from s1m.train.preference.collate import PairCollator
from s1m.train.preference.encode import PairEncoder
from s1m.train.settings import TrainSettings
from s1m.train.survey.measure import Survey, survey


class PreferenceObjective:
    """Pairs, of which the chosen responses are preferred."""

    def examples(self, settings: TrainSettings) -> Preferences:
        """The pairs of the settings."""
        return load_preferences(settings.data, seed=settings.seed, delimiters=settings.delimiters)

    def survey(self, examples: Any, encoder: AnyEncoder, settings: TrainSettings, rejects_to: Path) -> Survey:
        """Which pairs are kept; the length of one is that of both sides."""
        length_of = PairEncoder(encoder).length
        return survey(examples, length_of, settings, check=check_preference, rejects_to=rejects_to)

    def arguments(self, settings: TrainSettings) -> Any:
        """The settings in TRL's words."""
        return preference_arguments(settings)

    def batches(self, layout: Layout) -> str:
        """How batches are laid out, for the line at the start; empty where it is as for single responses."""
        return ", both responses of a pair in the same batch" if layout != "grouped" else " for each side of a pair"

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
        """The trainer, and beside the model the one that it is held to: the same before the first step.

        With adapters that is the model without them; else a second copy, in the same type, so that both give the same
        log-probabilities at the beginning.
        """
        from s1m.train.preference.packed import pack_forward
        from s1m.train.preference.trainer import PreferenceTrainer

        layout, _ = layout_of(settings, loaded.model, loaded.tokenizer)
        reference = None if settings.lora_rank is not None else load_model(settings).model.requires_grad_(False).eval()
        rope = rules_of(loaded.model) if isinstance(encoder, Encoder) else None
        trainer = PreferenceTrainer(
            settings,
            model=loaded.model,
            ref_model=reference,
            args=arguments,
            processing_class=encoder.tokenizer,
            peft_config=adapters(settings, loaded.model),
            train_dataset=planned(settings, surveyed, layout),
            data_collator=PairCollator(
                examples,
                PairEncoder(encoder),
                Padding(rope, encoder.tokenizer.pad_token_id),
                blank=encoder.blank() if arguments.world_size > 1 else None,
            ),
            callbacks=callbacks,
        )
        if layout == "packed":
            for model in filter(None, (trainer.model, trainer.ref_model)):
                pack_forward(model)
        return trainer
