"""The three towers of a vision-language model: what is frozen, the learning rate and the size of each.

vision      what sees: patches to features
merger      what carries features over into the language model
language    what reads and writes, its head included
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from s1m.errors import UsageError
from s1m.train.settings import Tower, TrainSettings

TOWERS: tuple[Tower, ...] = get_args(Tower)


def tower_of(name: str) -> Tower:
    """The tower that a parameter belongs to, by its name: ``model.visual.merger.mlp.0.weight`` is the merger's."""
    if ".visual." in f".{name}":
        # In transformers the merger is a module of the vision tower, so its name holds both.
        return "merger" if "merger" in name else "vision"
    return "language"


def freeze(model: Any, towers: Iterable[Tower]) -> None:
    """Take towers out of training. Raises ``UsageError`` for a tower that the model does not have."""
    for tower in towers:
        parameters = [parameter for name, parameter in model.named_parameters() if tower_of(name) == tower]
        if not parameters:
            raise UsageError(f"freeze: {type(model).__name__} has no parameters in the {tower} tower")
        for parameter in parameters:
            parameter.requires_grad_(False)


def learning_rates(settings: TrainSettings) -> dict[Tower, float]:
    """The peak learning rate of each tower."""
    own = {"vision": settings.vision_learning_rate, "merger": settings.merger_learning_rate}
    return {tower: own.get(tower) or settings.learning_rate for tower in TOWERS}


def parameter_groups(model: Any, settings: TrainSettings) -> list[dict[str, Any]]:
    """AdamW's groups of what is trained: a learning rate for each tower, weight decay for matrices only."""
    groups: dict[tuple[Tower, bool], list[Any]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((tower_of(name), parameter.ndim >= 2), []).append(parameter)
    rates = learning_rates(settings)
    return [
        {"params": params, "lr": rates[tower], "weight_decay": settings.weight_decay if is_matrix else 0.0}
        for (tower, is_matrix), params in groups.items()
    ]


def count_parameters(model: Any) -> Mapping[Tower, tuple[int, int]]:
    """Parameters of each tower: those that are trained, and all."""
    trained: Counter[Tower] = Counter()
    everything: Counter[Tower] = Counter()
    for name, parameter in model.named_parameters():
        count = getattr(parameter, "ds_numel", parameter.numel())  # ZeRO-3 keeps the size of what it has sharded away
        everything[tower_of(name)] += count
        trained[tower_of(name)] += count * parameter.requires_grad
    return {tower: (trained[tower], everything[tower]) for tower in TOWERS}
