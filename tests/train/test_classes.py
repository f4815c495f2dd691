"""Any class that transformers loads: the mask, the layout, the towers, twenty steps, the same when resumed."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers.processors import TemplateProcessing

from s1m.datasets.example import IMAGE
from s1m.engines.embedded.general.prompt import prepare
from s1m.errors import UsageError
from s1m.train.batches.encode import IGNORED
from s1m.train.batches.processor import ProcessorEncoder
from s1m.train.model.encoder import load_encoder
from s1m.train.model.layout import layout_of
from s1m.train.model.load import adapters, load_model, require_trainable
from s1m.train.model.towers import count_parameters, freeze, towers_of
from s1m.train.run import what_batches
from s1m.train.save import save_processor
from s1m.types import Problem
from tests.datasets.sets import picture
from tests.train.classes import CLASSES, PACKED, folder_of, twenty_steps
from tests.train.models import CONVERSATIONS, batch_of, example, loaded_for, settings_of
from tests.train.runs import losses, trained
from tests.train.test_encode import learned, responses, rows_of
from tests.train.test_pack import logits_of, loss_of

PEFT_SAYS = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
# GLM-4V's processor asks NumPy for something that torch's tensors do not know.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CLOSE = 1e-5
RESUMED = ("smolvlm", "gemma3", "glm4v")
"""Packed, padded with a mask of its own, and with positions of its own; perf/classes.py resumes all."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("classes")


@pytest.mark.parametrize("kind", CLASSES)
def test_loss_falls_on_responses_and_ends_of_turns_alone(kind: str, base: Path) -> None:
    model, encoder = loaded_for(folder_of(kind, base), batch="grouped", forcing_targets=False)
    assert isinstance(encoder, ProcessorEncoder)
    batch = batch_of(CONVERSATIONS, encoder, model, packed=False)
    rows = rows_of(batch, encoder.tokenizer.pad_token_id)
    for conversation, (ids, labels) in zip(CONVERSATIONS, rows, strict=True):
        assert learned(encoder.tokenizer, ids, labels) == responses(conversation), conversation.id


@pytest.mark.parametrize("kind", CLASSES)
def test_the_loss_of_a_batch_is_that_of_its_examples_alone(kind: str, base: Path) -> None:
    """Padded, and in a packed row where the class allows one; a first image of another size changes no other."""
    settings = settings_of(folder_of(kind, base))
    loaded, encoder = load_model(settings), load_encoder(settings)
    plain = load_model(replace(settings, batch="grouped")).model
    layout, reason = layout_of(settings, loaded.model, loaded.tokenizer)
    assert (layout == "packed") == (kind in PACKED) == (not reason)
    one_by_one = [batch_of([one], encoder, plain, packed=False) for one in CONVERSATIONS]
    count = sum(int((batch["labels"] != IGNORED).sum()) for batch in one_by_one)
    alone = sum(float(loss_of(logits_of(plain, batch), batch["labels"])) for batch in one_by_one) / count
    models = [(plain, False), (loaded.model, True)] if layout == "packed" else [(plain, False)]
    for model, packed in models:
        batch = batch_of(CONVERSATIONS, encoder, model, packed=packed)
        assert (batch["input_ids"].shape[0] == 1) == packed
        assert float(loss_of(logits_of(model, batch), batch["labels"])) / count == pytest.approx(alone, abs=CLOSE)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_prompt_is_trained_as_the_embedded_engine_reads_it(kind: str, base: Path) -> None:
    loaded = load_model(settings_of(folder_of(kind, base)))
    encoder = load_encoder(settings_of(folder_of(kind, base)))
    picture_bytes = picture(60, 100)
    problem = Problem(id="1", question="What is the sum?", images=(picture_bytes,), gold="")
    ids = prepare(problem, loaded).ids
    encoded = encoder.encode(example((IMAGE, "What is the sum?"), "3", images=[picture_bytes]))
    assert tuple(encoded.ids[: len(ids)]) == ids
    assert encoded.labels[len(ids)] != IGNORED == encoded.labels[len(ids) - 1]


@pytest.mark.parametrize("at_the_end", [False, True])
def test_a_beginning_that_the_tokenizer_marks_is_marked_once(at_the_end: bool, base: Path, tmp_path: Path) -> None:
    """A tokenizer may end texts as well; the end is not learned before the response."""
    folder = tmp_path / "llava"
    shutil.copytree(folder_of("llava", base), folder)
    plain = load_encoder(settings_of(folder))
    end = ("<|im_end|>", plain.tokenizer.eos_token_id)
    plain.tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"<s> $A{' <|im_end|>' if at_the_end else ''}",
        special_tokens=[("<s>", plain.tokenizer.bos_token_id), end],
    )
    plain.tokenizer.save_pretrained(folder)
    marking = load_encoder(settings_of(folder, forcing_targets=False))
    for conversation in CONVERSATIONS:
        encoded = marking.encode(conversation)
        assert encoded.ids.count(marking.tokenizer.bos_token_id) == 1
        assert encoded.ids[0] == marking.tokenizer.bos_token_id
        assert len(encoded.ids) == len(encoded.labels) == marking.length(conversation)
        assert learned(marking.tokenizer, encoded.ids, encoded.labels) == responses(conversation)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_outline_is_as_long_as_its_example(kind: str, base: Path) -> None:
    encoder = load_encoder(settings_of(folder_of(kind, base)))
    sizes = ((28, 28), (61, 199), (300, 40))
    for some in [(size,) for size in sizes] + [(sizes[0], sizes[1])]:
        whole = example((*[IMAGE] * len(some), "what?"), "3", images=[picture(*size) for size in some])
        outline = replace(whole, images=(), sizes=some)
        assert encoder.length(outline) == len(encoder.encode(whole).ids)


@pytest.mark.parametrize("kind", CLASSES)
def test_towers_are_found_and_frozen(kind: str, base: Path) -> None:
    model = load_model(settings_of(folder_of(kind, base))).model
    before = count_parameters(model)
    assert all(everything > 0 for _, everything in before.values())
    assert sum(everything for _, everything in before.values()) == sum(each.numel() for each in model.parameters())
    freeze(model, ("vision",))
    towers, decoder = towers_of(model), model.get_decoder()
    assert {towers.of(name) for name, each in model.named_parameters() if not each.requires_grad} == {"vision"}
    assert all(parameter.requires_grad for parameter in decoder.parameters())
    freeze(model, ("merger", "language"))
    assert not any(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("kind", CLASSES)
def test_twenty_steps_lower_the_loss_and_leave_frozen_weights(kind: str, base: Path, tmp_path: Path) -> None:
    import transformers as hf

    transformers: Any = hf
    settings = twenty_steps(kind, base, tmp_path / "out", freeze=("vision",))
    values = trained(settings)
    assert len(values) == 20
    assert values[-1] < 0.7 * values[0]
    before, after = (
        transformers.AutoModelForImageTextToText.from_pretrained(place)
        for place in (settings.model, tmp_path / "out" / "model")
    )
    towers, others = towers_of(before), after.state_dict()
    changed = {towers.of(name) for name, weight in before.state_dict().items() if not torch.equal(weight, others[name])}
    assert changed == {"merger", "language"}
    assert load_encoder(replace(settings, model=str(tmp_path / "out" / "model"))).length(CONVERSATIONS[1]) > 0


@PEFT_SAYS
@pytest.mark.parametrize(("kind", "changes"), [(kind, {}) for kind in RESUMED] + [("internvl", {"lora_rank": 4})])
def test_a_resumed_training_is_an_uninterrupted_one(
    kind: str, changes: dict[str, Any], base: Path, tmp_path: Path
) -> None:
    settings = twenty_steps(kind, base, tmp_path / "out", epochs=8, save_every=4, **changes)
    whole = trained(settings)
    shutil.rmtree(tmp_path / "out" / "checkpoint-8")
    shutil.rmtree(tmp_path / "out" / "model")
    assert trained(settings) == whole
    assert len(losses(tmp_path / "out")) == 8


def test_an_encoder_is_sent_to_other_processes(base: Path) -> None:
    """To those that measure examples, and to those that train; a processor without its video half among them."""
    for kind in ("smolvlm", "llava"):
        encoder = load_encoder(settings_of(folder_of(kind, base)))
        sent = pickle.loads(pickle.dumps(encoder))
        assert sent.encode(CONVERSATIONS[1]).ids == encoder.encode(CONVERSATIONS[1]).ids


def test_a_saved_processor_keeps_what_the_original_says_of_videos(base: Path, tmp_path: Path) -> None:
    folder, saved = tmp_path / "smolvlm", tmp_path / "saved"
    shutil.copytree(folder_of("smolvlm", base), folder)
    whole = json.loads((folder / "processor_config.json").read_text())
    (folder / "processor_config.json").write_text(json.dumps({**whole, "video_processor": {"fps": 1}}))
    (folder / "video_preprocessor_config.json").write_text('{"fps": 2}')
    encoder = load_encoder(settings_of(folder))
    saved.mkdir()
    shutil.copy(folder / "config.json", saved)
    save_processor(str(folder), encoder, saved)
    assert json.loads((saved / "processor_config.json").read_text())["video_processor"]["fps"] == 1
    assert json.loads((saved / "video_preprocessor_config.json").read_text()) == {"fps": 2}
    assert load_encoder(settings_of(saved)).length(CONVERSATIONS[1]) == encoder.length(CONVERSATIONS[1])


@PEFT_SAYS
def test_adapters_are_of_the_language_tower_alone(base: Path) -> None:
    from peft import get_peft_model

    settings = settings_of(folder_of("smolvlm", base), lora_rank=4)
    model = load_model(settings).model
    adapted = get_peft_model(model, adapters(settings, model))
    towers = towers_of(adapted)
    names = [name for name, parameter in adapted.named_parameters() if parameter.requires_grad]
    assert len(names) == 2 * 2 * 7
    assert all("model.text_model.layers" in name and towers.of(name) == "language" for name in names)


@pytest.mark.parametrize("kind", ["llava", "smolvlm", "gemma3"])
def test_a_blank_image_in_a_batch_of_text_changes_nothing(kind: str, base: Path) -> None:
    model, encoder = loaded_for(folder_of(kind, base), batch="grouped")
    results = []
    for blank in (None, encoder.blank()):
        batch = batch_of(CONVERSATIONS[:1], encoder, model, packed=False, blank=blank)
        model.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        results.append((loss.item(), model.get_decoder().layers[0].self_attn.q_proj.weight.grad.clone()))
    assert results[0][0] == pytest.approx(results[1][0], abs=1e-5)
    assert torch.allclose(results[0][1], results[1][1], atol=1e-5)
    seen = model.get_encoder(modality="image")
    assert any(parameter.grad is not None for parameter in seen.parameters()), "DDP waits for what has no gradient"


def test_what_is_done_instead_of_packing_is_said_in_a_line(base: Path) -> None:
    settings = settings_of(folder_of("gemma3", base))
    assert what_batches(settings, load_model(settings)) == (
        "batches: padded rows of like length, up to 32,768 tokens together; "
        "Gemma3ForConditionalGeneration is not packed: its layers have sliding_attention"
    )
    packed = settings_of(folder_of("llava", base))
    assert what_batches(packed, load_model(packed)).startswith("batches: packed rows of up to 32,768 tokens")


def test_a_model_of_text_alone_is_refused_in_a_line(base: Path) -> None:
    settings = settings_of(folder_of("llama", base))
    for load in (load_encoder, load_model):
        with pytest.raises(
            UsageError, match=r"llama is a llama model, which takes text alone; one that takes images is"
        ):
            load(settings)


@pytest.mark.parametrize(
    ("kind", "lack"),
    [
        ("MllamaConfig", "which sees by cross-attention; one that takes images as tokens is needed"),
        ("T5Gemma2Config", "an encoder and a decoder; one that reads and writes a single text is needed"),
    ],
)
def test_a_class_that_cannot_be_trained_is_refused_in_a_line(kind: str, lack: str) -> None:
    import transformers

    config = getattr(transformers, kind)()
    with pytest.raises(UsageError, match=rf"^model: a/b is a {config.model_type} model, {lack}$"):
        require_trainable("a/b", config)


def test_what_is_missing_is_named_in_a_line(base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "llava"
    shutil.copytree(folder_of("llava", base), folder)
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("<image>", ""))
    with pytest.raises(UsageError, match=r"has a chat template without images: it must write <image> for one$"):
        load_encoder(settings_of(folder))
    template.unlink()
    with pytest.raises(UsageError, match=r"has no chat template; put a chat_template\.jinja into its folder$"):
        load_encoder(settings_of(folder))
