"""Settings of ``s1m train``: one frozen dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from msgspec import Meta

from s1m.datasets.source import Source, sources_from
from s1m.evaluate.settings.parts import check_family
from s1m.evaluate.settings.spelling import MOST_LEVELS, levels_from, spell_family, strings_from
from s1m.families import DEFAULT, Delimiters
from s1m.files.settings import LATER, Count, settings_from
from s1m.forcing.presets import IGNORE_STRINGS

Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]

Tower = Literal["vision", "merger", "language"]
PreferenceLoss = Literal["sigmoid", "sigmoid_norm", "hinge", "ipo", "apo_zero"]


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """Settings of ``s1m train``; a [[data]] table for every source."""

    model: str
    """Folder or Hub id of the model to start from; tiny builds the bundled model's architecture from scratch."""
    data: tuple[Source, ...]
    """Sources of examples."""
    out: str
    """Folder for checkpoints, the finished model, log and settings."""

    objective: Literal["sft", "dpo"] = field(default="sft", metadata=LATER)
    """sft: learn the responses of the data. dpo: of pairs (columns prompt, chosen, rejected) learn to prefer the chosen
    response, by direct preference optimization."""
    beta: Positive = field(default=0.1, metadata=LATER)
    """dpo: how closely the model is held to the one that it starts from; smaller lets it go further."""
    preference_loss: PreferenceLoss = field(default="sigmoid", metadata=LATER)
    """dpo: TRL's name of the loss. sigmoid is DPO's own; sigmoid_norm divides log-probabilities by lengths."""
    sft_weight: NotNegative = field(default=0.0, metadata=LATER)
    """dpo: weight of the loss of sft on the chosen responses, added so that they do not become less probable."""

    trust_remote_code: bool = False
    """Run the Python code that the model brings along; read it first."""
    family: str = field(default="auto", metadata=LATER, compare=False)
    """Whose delimiters: auto (of the chat template of the model to start from), given (of the two keys below, which win
    anyway), or a name that s1m families lists."""
    thinking_close: str = DEFAULT.closing
    """The delimiter that ends the thinking."""
    thinking_open: str = DEFAULT.opening
    """The delimiter that begins the thinking."""
    forcing_targets: bool = True
    """Where an ignore string stands inside the thinking, learn to end there, and give the ignore string no loss."""
    ignore_strings: tuple[str, ...] = tuple(
        dict.fromkeys(text for preset in IGNORE_STRINGS.values() for text in preset)
    )
    """The texts that are ignore strings in a trace, at the beginning of a line."""

    max_tokens: Count = 32768
    """Longest example, image tokens included; longer ones are dropped and counted, never cut. Of a pair, both responses
    with their prompts."""
    max_image_pixels: Annotated[int, Meta(ge=0)] = 1_003_520
    """Larger images are scaled down to N pixels, by processors that count pixels (default: 1,280 tokens); 0: their own
    limit."""
    batch: Literal["packed", "grouped"] = "packed"
    """packed: examples share rows without seeing each other; where a model's layers do not allow it, rows are padded
    and hold as many tokens. grouped: one example a row, similar lengths together."""
    pack_tokens: Count = 32768
    """Tokens that one row holds when packed; one micro-batch is one such row."""
    batch_size: Count = 8
    """Examples, or pairs, of a micro-batch when grouped."""
    accumulation: Count = 1
    """Micro-batches that make a step, on each device."""
    epochs: Positive = 3.0
    """Passes over the data."""
    max_steps: Count | None = None
    """Stop after N steps (none: by epochs)."""
    order: Literal["shuffled", "short-first"] = "shuffled"
    """short-first: the first epoch is sorted from short examples to long ones, later ones are shuffled."""

    learning_rate: Positive = 1e-5
    """Peak learning rate of the language tower, and of the others unless they have their own."""
    vision_learning_rate: Positive | None = None
    """Learning rate of the vision tower (none: as the others)."""
    merger_learning_rate: Positive | None = None
    """Learning rate of the merger between the towers (none: as the others)."""
    freeze: tuple[Tower, ...] = ()
    """Towers that are not trained: vision, merger, language."""
    scheduler: Literal["cosine", "linear", "constant_with_warmup"] = "cosine"
    """How the learning rate falls after the warm-up."""
    warmup_share: Annotated[float, Meta(ge=0, lt=1)] = 0.03
    """Fraction of the steps in which the learning rate rises."""
    weight_decay: NotNegative = 0.0
    """Weight decay of matrices (AdamW)."""
    beta2: Annotated[float, Meta(gt=0, lt=1)] = 0.95
    """AdamW's second beta; the first is 0.9."""
    max_grad_norm: Positive = 1.0
    """Longer gradients are cut to this length."""

    lora_rank: Count | None = None
    """Train low-rank adapters of the language tower of this rank instead of the weights (none: the weights)."""
    lora_alpha: Count = 32
    """Scale of the adapters."""
    lora_merge: bool = True
    """Merge the adapters into the model that is saved at the end."""

    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """auto: bf16 on a GPU that has it, else fp32."""
    attention: Literal["auto", "flash_attention_2", "sdpa"] = "auto"
    """auto: flash attention where it is installed and the model's class has it, else PyTorch's."""
    gradient_checkpointing: bool = True
    """Compute activations again in the backward pass: less memory, about a third more time."""
    liger: bool = False
    """Use liger's fused kernels where they are installed."""
    workers: Annotated[int, Meta(ge=0)] = 2
    """Processes that decode and prepare images."""
    seed: int = 42
    """Seed of order, packing and adapters."""

    log_every: Count = 10
    """Steps between lines of the log."""
    save_every: Count = 500
    """Steps between checkpoints; the newest two are kept."""
    loggers: tuple[Literal["tensorboard", "trackio", "wandb"], ...] = ()
    """Where else to log: tensorboard (into OUT/runs), trackio or wandb, each a package of its own."""
    eval_benchmark: str = ""
    """Benchmark to evaluate on at every checkpoint, through the embedded engine (empty: none)."""
    eval_limit: Count = 64
    """Evaluate on the first N problems."""
    eval_num_ignore: tuple[Annotated[int, Meta(ge=0, le=MOST_LEVELS)], ...] = field(default=(0, 2))
    """Ignored stops of each level; every level's accuracy is logged."""

    @property
    def delimiters(self) -> Delimiters:
        """What thinking stands between."""
        return Delimiters(self.thinking_open, self.thinking_close)

    def __post_init__(self) -> None:
        check_family(self.family)
        if not self.data:
            raise ValueError("data: the list of sources is empty; add a [[data]] table with a path")
        if self.batch == "packed" and self.pack_tokens < self.max_tokens:
            raise ValueError(
                f"pack_tokens ({self.pack_tokens}) must hold the longest example (max_tokens {self.max_tokens})"
            )
        given = [name for name in PREFERENCE_KEYS if getattr(self, name) != getattr(type(self), name)]
        if self.objective != "dpo" and given:
            raise ValueError(f"{given[0]} is for objective = dpo; leave it out, or add objective = dpo")
        if set(self.freeze) == {"vision", "merger", "language"}:
            raise ValueError("every tower is frozen: there is nothing to train")
        own_rates = self.vision_learning_rate is not None or self.merger_learning_rate is not None
        if self.lora_rank is not None and (own_rates or "language" in self.freeze):
            raise ValueError(
                "lora_rank trains adapters of the language tower and nothing else: "
                "leave out freeze = language, vision_learning_rate and merger_learning_rate"
            )


PREFERENCE_KEYS = ("beta", "preference_loss", "sft_weight")
"""Settings of ``objective = dpo`` alone."""


def train_settings(given: Mapping[str, Any], source: str = "settings") -> TrainSettings:
    """Settings of ``s1m train`` from plain values, as TOML or flags give them; every table of ``data`` is checked.

    Raises ``UsageError`` that names ``source`` and the key for an unknown key, a wrong type or an impossible value.
    """
    values = {**given, "data": sources_from(given.get("data", ()), source)}
    if "eval_num_ignore" in values:
        values["eval_num_ignore"] = levels_from(values["eval_num_ignore"])
    if "ignore_strings" in values:
        values["ignore_strings"] = strings_from(values["ignore_strings"])
    spell_family(values, line_break=False)
    return settings_from(TrainSettings, values, source)
