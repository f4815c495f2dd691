"""Towers are frozen, learn at rates of their own, and are counted; adapters are merged, or saved for PEFT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from s1m.engines.builder import BUNDLED
from s1m.engines.embedded.checkpoint import load_checkpoint, place_of
from s1m.errors import UsageError
from s1m.train.model.load import adapters
from s1m.train.model.towers import count_parameters, freeze, parameter_groups, towers_of
from s1m.train.settings import TrainSettings, train_settings
from tests.train.models import settings_of
from tests.train.runs import short, trained

PEFT_SAYS = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")


@pytest.fixture
def model() -> Any:
    return load_checkpoint(BUNDLED, "cpu").model


class Wrapper(torch.nn.Module):
    """As distributed training wraps a model."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module


@PEFT_SAYS
def test_parameters_are_sorted_by_structure_also_behind_wrappers(model: Any) -> None:
    from peft import get_peft_model

    towers = towers_of(model)
    assert towers.of("model.visual.blocks.0.attn.qkv.weight") == "vision"
    assert towers.of("model.visual.merger.mlp.0.weight") == "merger"
    assert towers.of("lm_head.weight") == "language"
    assert towers_of(Wrapper(model)).of("module.model.visual.merger.mlp.0.weight") == "merger"
    before = count_parameters(model)
    adapted = get_peft_model(model, adapters(settings_of(Path(), lora_rank=4), model))
    inside = "base_model.model.model.language_model.layers.0.mlp.up_proj.lora_A.default.weight"
    assert inside in dict(adapted.named_parameters())
    assert towers_of(adapted).of(inside) == "language"
    assert count_parameters(adapted)["vision"] == (0, before["vision"][1])


def test_frozen_towers_are_not_trained(model: Any) -> None:
    freeze(model, ("vision", "merger"))
    assert count_parameters(model) == {
        "vision": (0, 175_232),
        "merger": (0, 98_816),
        "language": (919_680, 919_680),
    }


def test_a_model_without_the_tower_is_refused(model: Any) -> None:
    with pytest.raises(UsageError, match="freeze: Qwen2VLTextModel has no parameters in the vision tower"):
        freeze(model.model.language_model, ("vision",))


def test_an_unknown_tower_is_refused() -> None:
    with pytest.raises(UsageError, match=r"freeze.*invalid enum value 'visual'"):
        train_settings({"model": "tiny", "out": "out", "data": [{"path": "digits"}], "freeze": ["visual"]})


def test_adapters_and_rates_of_other_towers_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lora_rank trains adapters of the language tower and nothing else"):
        short(tmp_path, lora_rank=4, merger_learning_rate=1e-3)


def rates(groups: list[dict[str, Any]], model: Any) -> dict[str, tuple[set[float], set[float]]]:
    """Learning rates and weight decays of each tower."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    towers = towers_of(model)
    by_tower: dict[str, tuple[set[float], set[float]]] = {}
    for group in groups:
        for parameter in group["params"]:
            lr, decay = by_tower.setdefault(str(towers.of(names[id(parameter)])), (set(), set()))
            lr.add(group["lr"])
            decay.add(group["weight_decay"])
    return by_tower


def test_towers_have_rates_of_their_own(model: Any, tmp_path: Path) -> None:
    settings = short(
        tmp_path, learning_rate=1e-4, vision_learning_rate=1e-5, merger_learning_rate=1e-3, weight_decay=0.1
    )
    groups = parameter_groups(model, settings)
    assert rates(groups, model) == {
        "vision": ({1e-5}, {0.1, 0.0}),
        "merger": ({1e-3}, {0.1, 0.0}),
        "language": ({1e-4}, {0.1, 0.0}),
    }
    assert all(
        (group["weight_decay"] > 0) == (parameter.ndim >= 2) for group in groups for parameter in group["params"]
    )


def test_the_optimizer_uses_them_and_frozen_weights_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from s1m.train.loop.trainer import TowerTrainer

    seen: list[dict[str, tuple[set[float], set[float]]]] = []
    train_it = TowerTrainer.train

    def watched(self: Any, **options: Any) -> Any:
        done = train_it(self, **options)
        seen.append(rates(self.optimizer.param_groups, self.model))
        return done

    monkeypatch.setattr(TowerTrainer, "train", watched)
    settings = short(
        tmp_path / "out", max_steps=2, scheduler="constant_with_warmup", warmup_share=0.0,
        merger_learning_rate=5e-3, freeze=("vision",),
    )  # fmt: skip
    trained(settings)
    assert {tower: pair[0] for tower, pair in seen[0].items()} == {"merger": {5e-3}, "language": {1e-3}}
    before, after = weights(place_of(BUNDLED)), weights(str(tmp_path / "out" / "model"))
    towers = towers_of(load_checkpoint(BUNDLED, "cpu").model)
    changed = {towers.of(name) for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"merger", "language"}


def weights(place: str) -> dict[str, torch.Tensor]:
    """The weights of a folder, as plain transformers loads them."""
    import transformers as hf

    transformers: Any = hf
    return dict(transformers.Qwen2VLForConditionalGeneration.from_pretrained(place).state_dict())


def lora(out: Path, **changes: Any) -> TrainSettings:
    return short(out, max_steps=4, learning_rate=1e-2, lora_rank=4, **changes)


@PEFT_SAYS
def test_merged_adapters_are_in_the_weights_and_the_same_for_peft(tmp_path: Path) -> None:
    assert trained(lora(tmp_path / "merged")) == trained(lora(tmp_path / "apart", lora_merge=False))
    base, merged = weights(place_of(BUNDLED)), weights(str(tmp_path / "merged" / "model"))
    changed = {name for name in base if not torch.equal(base[name], merged[name])}
    assert len(changed) == 4 * 7
    assert all("language_model.layers" in name for name in changed)

    import transformers as hf
    from peft import PeftModel

    transformers: Any = hf
    plain = transformers.Qwen2VLForConditionalGeneration.from_pretrained(place_of(BUNDLED), dtype=torch.float32)
    adapted = PeftModel.from_pretrained(plain, str(tmp_path / "apart" / "model")).merge_and_unload()
    for name, weight in adapted.state_dict().items():
        assert torch.allclose(weight.to(merged[name].dtype), merged[name], atol=1e-2), name
    assert any((merged[name] - base[name]).abs().max() > 0.02 for name in changed)
