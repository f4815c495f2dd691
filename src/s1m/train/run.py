"""``s1m train``, read from top to bottom: examples, model, plan, trainer, checkpoint.

Libraries do what they can: transformers loads, datasets reads, PEFT adapts, accelerate distributes, TRL trains. Ours
are the label mask, the packing and the survey of the data.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from s1m.datasets.preferences import Preferences
from s1m.datasets.sources import Examples
from s1m.engines.embedded.checkpoint import Checkpoint
from s1m.files.printing import Printer
from s1m.files.run_folder import held
from s1m.train.batches.encode import Encoder
from s1m.train.batches.plan import Layout
from s1m.train.card import model_card
from s1m.train.folder import claim, newest_checkpoint
from s1m.train.loop.processes import (
    broadcast_from_main,
    describe_processes,
    is_main_process,
    leave_others,
    require_distributed,
)
from s1m.train.model.encoder import AnyEncoder, load_encoder
from s1m.train.model.layout import layout_of
from s1m.train.model.load import load_model, make_tiny
from s1m.train.model.towers import count_parameters, freeze
from s1m.train.preference.objective import PreferenceObjective
from s1m.train.settings import TrainSettings
from s1m.train.supervised import SupervisedObjective
from s1m.train.survey.measure import Survey
from s1m.train.survey.table import print_survey


def check(settings: TrainSettings) -> int:
    """``s1m train --check``: measure every example and print what would be trained on; nothing is trained."""
    claim(settings)
    rejects = Path(settings.out) / "rejects.jsonl"
    objective = objective_of(settings)
    surveyed = objective.survey(objective.examples(settings), load_encoder(settings), settings, rejects)
    console = Printer()
    print_survey(surveyed, console)
    if surveyed.rejects:
        console.print(f"what was dropped: {rejects}")
    surveyed.require_some()
    return 0


def train(settings: TrainSettings) -> int:
    """``s1m train``: train, or resume from the newest checkpoint; the exit code."""
    out = broadcast_from_main(lambda: claim(settings))
    with ExitStack() as locks:
        broadcast_from_main(lambda: locks.enter_context(held(out)))
        code = train_in(out, settings)
    leave_others()
    return code


def train_in(out: Path, settings: TrainSettings) -> int:
    """Train in a folder that this training has locked; the exit code."""
    from s1m.train.loop.callbacks import Log, Stop
    from s1m.train.loop.evaluation import Evaluation
    from s1m.train.save import save_model

    console = Printer(stderr=True, quiet=not is_main_process())
    encoder, examples, surveyed = broadcast_from_main(lambda: look(settings))
    print_survey(surveyed, console)
    broadcast_from_main(lambda: make_tiny(settings, console))
    arguments = objective_of(settings).arguments(settings)  # before the model: ZeRO-3 shards weights as they are loaded
    console.print(f"loading {settings.model}")
    loaded = load_model(settings)
    stop = Stop()
    callbacks = [Log(console, out / "log.jsonl"), stop]
    trainer = build_trainer(settings, loaded, encoder, examples, surveyed, arguments, callbacks)
    if settings.eval_benchmark:
        trainer.add_callback(Evaluation(settings, trainer, loaded.place, encoder, console))
    require_distributed(trainer.accelerator)
    console.print(what_runs(trainer))
    console.print(what_batches(settings, loaded))
    resume_from = _checkpoint(out, console)
    with stop.watching():
        trainer.train(resume_from_checkpoint=resume_from)
    if stop.asked and trainer.state.global_step < trainer.state.max_steps:
        console.print(f"stopped after step {trainer.state.global_step}; re-run the command to resume")
        return stop.exit_code
    card = model_card(settings, trainer, surveyed)
    folder = save_model(settings, trainer, loaded.place, encoder, out / "model", card=card)
    console.print(f"model: {folder}")
    return 0


def look(settings: TrainSettings) -> tuple[AnyEncoder, Examples | Preferences, Survey]:
    """How examples are encoded, the examples, and which of them are kept. Raises ``DataError`` when none are."""
    objective, encoder = objective_of(settings), load_encoder(settings)
    examples = objective.examples(settings)
    surveyed = objective.survey(examples, encoder, settings, Path(settings.out) / "rejects.jsonl")
    surveyed.require_some()
    return encoder, examples, surveyed


def build_trainer(
    settings: TrainSettings,
    loaded: Checkpoint,
    encoder: AnyEncoder,
    examples: Examples | Preferences,
    surveyed: Survey,
    arguments: Any,
    callbacks: list[Any],
) -> Any:
    """The trainer of a model, its towers frozen as the settings say, over the planned micro-batches."""
    from s1m.train.loop.planned import without_default_log

    freeze(loaded.model, settings.freeze)
    if not isinstance(encoder, Encoder):
        # Some keep layers that no loss reaches: LLaVA takes what its vision tower has before the last one.
        arguments.ddp_find_unused_parameters = True
    objective = objective_of(settings)
    return without_default_log(objective.trainer(settings, loaded, encoder, examples, surveyed, arguments, callbacks))


def _checkpoint(out: Path, console: Console) -> str | None:
    """The checkpoint to resume from, None at the beginning."""
    checkpoint = broadcast_from_main(lambda: newest_checkpoint(out))
    if checkpoint is None:
        return None
    console.print(f"resuming from {checkpoint}")
    return str(checkpoint)


def what_runs(trainer: Any) -> str:
    """Where the training really runs and what it trains, in words."""
    accelerator = trainer.accelerator
    precision = accelerator.mixed_precision.replace("no", "fp32")
    lines = [f"on {accelerator.device}, {describe_processes(accelerator)}, {precision}"]
    for tower, (trained, everything) in count_parameters(trainer.model).items():
        lines.append(f"  {tower}: {trained:,} of {everything:,} parameters are trained")
    return "\n".join(lines)


def what_batches(settings: TrainSettings, loaded: Checkpoint) -> str:
    """How the batches are laid out, in a line, with the reason where a class does not allow what the settings say."""
    layout, reason = layout_of(settings, loaded.model, loaded.tokenizer)
    lines: dict[Layout, str] = {
        "packed": f"batches: packed rows of up to {settings.pack_tokens:,} tokens, each example with its own positions",
        "grouped": f"batches: {settings.batch_size} padded rows of like length",
        "padded": f"batches: padded rows of like length, up to {settings.pack_tokens:,} tokens together; "
        f"{type(loaded.model).__name__} is not packed: {reason}",
    }
    return lines[layout] + objective_of(settings).batches(layout)


def objective_of(settings: TrainSettings) -> SupervisedObjective | PreferenceObjective:
    """What is trained on, and by which trainer."""
    return PreferenceObjective() if settings.objective == "dpo" else SupervisedObjective()
