"""Preference training: TRL's loss on our labels, and everything equal that is equal in theory."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from s1m.cli import main
from s1m.datasets.example import Example, Turn
from s1m.datasets.preferences import Preferences
from s1m.datasets.source import Source
from s1m.engines.embedded.checkpoint import load_checkpoint, place_of
from s1m.errors import UsageError
from s1m.files.settings import to_toml
from s1m.train.batches.encode import IGNORED, Encoded, Encoder
from s1m.train.folder import newest_checkpoint
from s1m.train.model.encoder import load_encoder
from s1m.train.model.load import load_model
from s1m.train.preference.objective import PreferenceObjective
from s1m.train.run import build_trainer, look, objective_of, train
from s1m.train.settings import TrainSettings, train_settings
from tests.train.classes import folder_of
from tests.train.pairs import pairs_in
from tests.train.runs import losses, short, spread, trained

PEFT_SAYS = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
CLOSE = 1e-4
ROWS = 6


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return pairs_in(tmp_path_factory.mktemp("pairs") / "data", ROWS)


def dpo(out: Path, source: Source, **changes: Any) -> TrainSettings:
    """Three steps over the same six pairs, all of them in one packed row."""
    few = {"objective": "dpo", "max_tokens": 2048, "pack_tokens": 16384, "epochs": 3, "learning_rate": 5e-5}
    return short(out, **{"data": (source,), **few, **changes})


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory, source: Source) -> list[float]:
    return trained(dpo(tmp_path_factory.mktemp("packed") / "out", source))


def trainer_of(settings: TrainSettings) -> Any:
    """The trainer of some settings, not started."""
    encoder, examples, surveyed = look(settings)
    arguments = objective_of(settings).arguments(settings)
    return build_trainer(settings, load_model(settings), encoder, examples, surveyed, arguments, [])


def log_probability(model: Any, encoder: Encoder, side: Encoded) -> float:
    """Of what is learned of a conversation, computed with nothing but the model and the labels."""
    ids = torch.tensor([side.ids])
    kind = (ids == model.config.image_token_id).int()
    with torch.no_grad():
        logits = model(input_ids=ids, mm_token_type_ids=kind, **side.pictures).logits[0, :-1]
    labels = torch.tensor(side.labels[1:])
    learned = labels != IGNORED
    return float(logits.log_softmax(-1)[learned].gather(1, labels[learned][:, None]).sum())


def test_the_loss_begins_at_log_2_and_falls(packed: list[float]) -> None:
    assert packed[0] == pytest.approx(math.log(2), abs=1e-6)
    assert packed == sorted(packed, reverse=True)
    assert packed[-1] < packed[0] - 0.05


@pytest.mark.parametrize("batch", ["packed", "grouped"])
def test_log_probabilities_are_those_of_a_plain_forward_pass(batch: str, source: Source, tmp_path: Path) -> None:
    settings = dpo(tmp_path / "out", source, batch=batch)
    trainer = trainer_of(settings)
    inputs = trainer.data_collator([{"examples": list(range(ROWS))}])
    chosen, rejected = trainer.compute_ref_log_probs(trainer.ref_model, inputs)
    model, encoder = load_checkpoint("bundled", "cpu").model, load_encoder(settings)
    assert isinstance(encoder, Encoder)
    pairs = objective_of(settings).examples(settings)
    assert isinstance(pairs, Preferences)
    for number in range(ROWS):
        pair = pairs[number]
        for given, side in ((chosen, pair.chosen), (rejected, pair.rejected)):
            expected = log_probability(model, encoder, encoder.encode(side))
            assert float(given[number]) == pytest.approx(expected, rel=1e-4), f"pair {number}"


def test_one_pair_at_a_time_is_one_packed_row(packed: list[float], source: Source, tmp_path: Path) -> None:
    settings = dpo(tmp_path / "out", source, batch="grouped", batch_size=1, accumulation=ROWS)
    assert trained(settings) == pytest.approx(packed, abs=CLOSE)


def test_a_short_micro_batch_weighs_by_its_pairs(packed: list[float], source: Source, tmp_path: Path) -> None:
    settings = dpo(tmp_path / "out", source, batch="grouped", batch_size=4, accumulation=2)  # four pairs, then two
    assert trained(settings) == pytest.approx(packed, abs=CLOSE)


def test_a_resumed_training_is_an_uninterrupted_one(packed: list[float], source: Source, tmp_path: Path) -> None:
    out = tmp_path / "out"
    settings = dpo(out, source, save_every=2)
    assert trained(settings) == pytest.approx(packed, abs=CLOSE)
    before = load_file(out / "model" / "model.safetensors")
    (out / "checkpoint-3" / "trainer_state.json").unlink()  # as after a crash while it saved
    assert newest_checkpoint(out) == out / "checkpoint-2"
    assert trained(settings) == pytest.approx(packed, abs=CLOSE)
    after = load_file(out / "model" / "model.safetensors")
    assert all(weight.allclose(before[name], atol=1e-6) for name, weight in after.items())


def test_frozen_towers_do_not_change_and_the_card_says_what_was_done(source: Source, tmp_path: Path) -> None:
    out = tmp_path / "out"
    trained(dpo(out, source, freeze=("vision", "merger"), max_steps=2))
    start = load_file(Path(place_of("bundled")) / "model.safetensors")
    changed = {
        name for name, weight in load_file(out / "model" / "model.safetensors").items() if not weight.equal(start[name])
    }
    assert changed
    assert not [name for name in changed if "visual" in name]
    card = (out / "model" / "README.md").read_text()
    assert "tags: [s1m, test-time-scaling, dpo]" in card
    assert "Trained on preferences (DPO, loss sigmoid, beta 0.1) from `bundled`" in card


@PEFT_SAYS
def test_adapters_are_switched_off_for_the_reference(source: Source, tmp_path: Path) -> None:
    after = trained(dpo(tmp_path / "out", source, lora_rank=4, learning_rate=1e-3))
    assert after[0] == pytest.approx(math.log(2), abs=1e-6)
    assert after[-1] < after[0] - 0.01


def test_two_processes_are_one(packed: list[float], source: Source, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = spread(dpo(out, source, batch="grouped", batch_size=3), ACCELERATE_USE_CPU="true")
    assert losses(out) == pytest.approx(packed, abs=CLOSE)
    assert "2 processes, DDP over gloo" in said


def test_a_blank_image_after_pairs_of_text_changes_nothing(tmp_path: Path) -> None:
    settings = dpo(tmp_path / "out", pairs_in(tmp_path / "data", 2, images=False), batch="grouped")
    trainer = trainer_of(settings)
    plain = trainer.data_collator([{"examples": [0, 1]}])
    trainer.data_collator._blank = load_encoder(settings).blank()
    filled = trainer.data_collator([{"examples": [0, 1]}])
    assert "pixel_values" in filled
    assert "pixel_values" not in plain
    for one, other in zip(
        trainer.compute_ref_log_probs(trainer.ref_model, plain),
        trainer.compute_ref_log_probs(trainer.ref_model, filled),
        strict=True,
    ):
        assert one.allclose(other, rtol=1e-4)


def test_a_response_that_was_cut_off_has_no_end_of_turn(source: Source, tmp_path: Path) -> None:
    settings = dpo(tmp_path / "out", source)
    encoder = load_encoder(settings)
    pairs = PreferenceObjective().examples(settings)
    looped, unclosed = (encoder.encode(pairs[number].rejected) for number in (0, 1))
    end = encoder.tokenizer.eos_token_id
    assert looped.labels[-1] not in (end, IGNORED)
    assert unclosed.labels[-1] == end


def test_ignore_strings_are_not_learned_in_a_thinking_that_never_closed(tmp_path: Path) -> None:
    settings = dpo(tmp_path / "out", Source(path="digits"))
    encoder = load_encoder(settings)
    said = "<think>\nOne.\nWait, two."
    turns = (Turn(role="user", content=("Why?",)), Turn(role="assistant", content=(said,)))
    encoded = encoder.encode(Example(id="a", turns=turns, ended=False))
    close = encoder.tokenizer.convert_tokens_to_ids("</think>")
    assert encoded.labels.count(close) == 1, "where the ignore string stands, the model had closed"
    assert close not in encoded.ids


def test_the_chosen_side_alone_can_be_learned(source: Source, tmp_path: Path) -> None:
    assert len(trained(short(tmp_path / "out", data=(source,), max_steps=1))) == 1


def test_check_measures_pairs(source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dpo.toml"
    path.write_text(to_toml(dpo(tmp_path / "out", source, max_tokens=1024)))
    assert main(["train", str(path), "--check"]) == 0
    assert "examples" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"beta": 0.2}, "beta is for objective = dpo"),
        ({"objective": "dpo", "data": [{"path": "digits"}]}, "digits is a synthetic set without rejected responses"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    given = {"model": "bundled", "out": str(tmp_path / "out"), "data": [{"path": "digits", "rows": 2}], **changes}
    with pytest.raises(UsageError, match=message):
        train(train_settings(given))


@pytest.mark.parametrize("kind", ["smolvlm", "gemma3"])
def test_other_classes_learn_preferences_too_packed_or_padded(kind: str, source: Source, tmp_path: Path) -> None:
    few = {"model": str(folder_of(kind, tmp_path)), "learning_rate": 1e-3}
    few |= {"max_tokens": 8192, "pack_tokens": 32768, "forcing_targets": False}
    first = trained(dpo(tmp_path / "rows", source, **few))
    assert first[0] == pytest.approx(math.log(2), abs=1e-6)
    assert first[-1] < first[0]
    grouped = dpo(tmp_path / "grouped", source, **few, batch="grouped", batch_size=ROWS)
    assert trained(grouped) == pytest.approx(first, abs=CLOSE)
