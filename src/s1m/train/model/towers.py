"""The three towers of a vision-language model: what is frozen, the learning rate and the size of each.

vision      what sees: patches to features
merger      what carries features over into the language model
language    what reads and writes, its head and its embeddings included

They are found by what a model says of itself in transformers: its decoder, its image encoder, its embeddings. What is
in neither is the merger's, and so is what a vision tower keeps of it, as Qwen2-VL's does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from s1m.errors import UsageError
from s1m.train.settings import Tower, TrainSettings

TOWERS: tuple[Tower, ...] = get_args(Tower)

SOUND = "audio"
"""Part of the names of what hears. It gets no input here, and a parameter without gradient stops distributed runs."""


@dataclass(frozen=True, kw_only=True)
class Towers:
    """Where the towers of a model are: names of modules, empty for a tower that it does not have."""

    vision: str
    language: tuple[str, ...]

    def of(self, name: str) -> Tower | None:
        """The tower that a parameter belongs to, by its name; None for a part that hears."""
        if self.vision and _is_in(name, self.vision):
            # In transformers the merger of Qwen2-VL is a module of the vision tower.
            return "merger" if "merger" in name.removeprefix(self.vision) else "vision"
        if any(_is_in(name, part) for part in self.language):
            return "language"
        return None if SOUND in name else "merger"


def towers_of(model: Any) -> Towers:
    """The towers of a model, also inside the wrappers of PEFT and of distributed training."""
    plain = unwrapped(model)
    # The wrapped model's names: what is trained is asked for by them.
    names = {module: name for name, module in reversed([*model.named_modules()])}
    decoder, encoder = plain.get_decoder(), plain.get_encoder(modality="image")
    language = (decoder, plain.get_input_embeddings(), plain.get_output_embeddings())
    # Both return the model itself, or one that holds the other, where they find nothing.
    sees = encoder is not decoder and encoder in names and not _holds(encoder, decoder)
    return Towers(
        vision=names[encoder] if sees else "",
        language=tuple(names[module] for module in language if module in names),
    )


def decoder_name(model: Any) -> str:
    """The name of the module that reads and writes, without head."""
    decoder = unwrapped(model).get_decoder()
    return next(str(name) for name, module in model.named_modules() if module is decoder)


def unwrapped(model: Any) -> Any:
    """The model of transformers inside the wrappers of PEFT and of distributed training."""
    while hasattr(model, "module"):
        model = model.module
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def freeze(model: Any, towers: Iterable[Tower]) -> None:
    """Take towers out of training, and what hears. Raises ``UsageError`` for a tower that the model does not have."""
    parameters = list(_parameters(model))
    for tower in towers:
        if not any(own == tower for _, _, own in parameters):
            raise UsageError(
                f"freeze: {type(model).__name__} has no parameters in the {tower} tower; leave {tower} out of freeze"
            )
    for _, parameter, tower_of_it in parameters:
        if tower_of_it is None or tower_of_it in towers:
            parameter.requires_grad_(False)


def learning_rates(settings: TrainSettings) -> dict[Tower, float]:
    """The peak learning rate of each tower."""
    own = {"vision": settings.vision_learning_rate, "merger": settings.merger_learning_rate}
    return {tower: own.get(tower) or settings.learning_rate for tower in TOWERS}


def parameter_groups(model: Any, settings: TrainSettings) -> list[dict[str, Any]]:
    """AdamW's groups of what is trained: a learning rate for each tower, weight decay for matrices only."""
    groups: dict[tuple[Tower, bool], list[Any]] = {}
    for _, parameter, tower in _parameters(model):
        if parameter.requires_grad and tower is not None:
            groups.setdefault((tower, parameter.ndim >= 2), []).append(parameter)
    rates = learning_rates(settings)
    return [
        {"params": params, "lr": rates[tower], "weight_decay": settings.weight_decay if is_matrix else 0.0}
        for (tower, is_matrix), params in groups.items()
    ]


def count_parameters(model: Any) -> Mapping[Tower, tuple[int, int]]:
    """Parameters of each tower: those that are trained, and all."""
    trained: Counter[Tower] = Counter()
    everything: Counter[Tower] = Counter()
    for _, parameter, tower in _parameters(model):
        if tower is None:
            continue
        count = getattr(parameter, "ds_numel", parameter.numel())  # ZeRO-3 keeps the size of what it has sharded away
        everything[tower] += count
        trained[tower] += count * parameter.requires_grad
    return {tower: (trained[tower], everything[tower]) for tower in TOWERS}


def _parameters(model: Any) -> Iterator[tuple[str, Any, Tower | None]]:
    """Every parameter with its name and its tower."""
    towers = towers_of(model)
    for name, parameter in model.named_parameters():
        yield name, parameter, towers.of(name)


def _is_in(name: str, module: str) -> bool:
    return not module or name.startswith(f"{module}.")


def _holds(outer: Any, inner: Any) -> bool:
    return any(module is inner for module in outer.modules())
