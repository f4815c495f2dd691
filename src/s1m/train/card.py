"""The model card: base model, data, settings and result of a training."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s1m import __version__
from s1m.files.settings import to_toml
from s1m.train.settings import TrainSettings

if TYPE_CHECKING:
    from s1m.train.survey.measure import Survey


def model_card(settings: TrainSettings, trainer: Any, surveyed: Survey) -> str:
    """The card as Markdown with the Hub's header."""
    lines = [
        "---",
        "library_name: transformers",
        "pipeline_tag: image-text-to-text",
        *([] if settings.model.startswith("tiny") else [f"base_model: {settings.model}"]),
        f"tags: [s1m, test-time-scaling, {settings.objective}]",
        "---",
        "",
        f"# {Path(settings.out).name}",
        "",
        f"{_how(settings)} `{settings.model}` with s1m {__version__}{commit()} to think inside "
        f"`{settings.thinking_open}` and `{settings.thinking_close}`.",
        "",
        "## Data",
        "",
        f"| source | {'pairs' if settings.objective == 'dpo' else 'examples'} | tokens | dropped |",
        "|---|---|---|---|",
        *(
            f"| {part.name} | {len(part.lengths):,} | {int(part.lengths.sum()):,} | {part.reasons.total():,} |"
            for part in surveyed.parts
        ),
        "",
        "## Result",
        "",
        f"{trainer.state.global_step:,} steps, last loss {last_loss(trainer)}.",
        "",
        "## Settings",
        "",
        "```toml",
        to_toml(settings).strip(),
        "```",
        "",
    ]
    return "\n".join(lines)


def _how(settings: TrainSettings) -> str:
    """What was done to the model that it started from."""
    if settings.objective == "dpo":
        return f"Trained on preferences (DPO, loss {settings.preference_loss}, beta {settings.beta:g}) from"
    return "Fine-tuned from"


def last_loss(trainer: Any) -> str:
    """The last loss that was logged."""
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return f"{float(losses[-1]):.4f}" if losses else "not logged"


def commit() -> str:
    """The commit of the checkout that trained, in words; nothing outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f" (commit {done.stdout.strip()})"
