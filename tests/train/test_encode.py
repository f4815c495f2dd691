"""The mask on real batches: loss on every response and the end of its turn, on nothing else, whatever is in a batch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from s1m.datasets.example import IMAGE, Example, Turn, Unusable
from s1m.datasets.source import Source
from s1m.engines.embedded.checkpoint import load_checkpoint
from s1m.train.batches.encode import CONTROL_TOKENS, IGNORED, Encoder, decoded
from tests.datasets.sets import picture
from tests.train.models import CONVERSATIONS, KINDS, batch_of, example, folder_of, loaded_for
from tests.train.sets import examples_of, settings

END = "<|im_end|>"
OPENING = "<|im_start|>assistant\n"
WAIT = ("Wait,", "Maybe I made a mistake.")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {kind: folder_of(kind, tmp_path_factory.mktemp("models") / kind) for kind in KINDS}


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """That of the bundled model, without forcing-aware targets."""
    loaded = load_checkpoint("bundled", "cpu")
    return Encoder(loaded.tokenizer, loaded.image_processor)


def forced(encoder: Encoder) -> Encoder:
    return Encoder(encoder.tokenizer, encoder.image_processor, ignore_strings=WAIT)


def learned(tokenizer: Any, ids: list[int], labels: list[int]) -> list[str]:
    """The stretches with loss, as text; each must follow the beginning of an assistant's turn."""
    stretches: list[list[int]] = []
    for place, label in enumerate(labels):
        if label == IGNORED:
            continue
        assert label == ids[place]
        if labels[place - 1] == IGNORED:
            assert tokenizer.decode(ids[:place]).endswith(OPENING)
            stretches.append([])
        stretches[-1].append(label)
    return [tokenizer.decode(stretch) for stretch in stretches]


def responses(conversation: Example) -> list[str]:
    return [turn.text + END for turn in conversation.turns if turn.role == "assistant"]


def rows_of(batch: dict[str, Any], pad_id: int) -> list[tuple[list[int], list[int]]]:
    """Ids and labels of every example of a batch, cut out of it again; what is cut away has no loss."""
    ids, labels = batch["input_ids"], batch["labels"]
    if "attention_mask" in batch:
        outside = batch["attention_mask"] == 0
        assert (labels[outside] == IGNORED).all()
        assert (ids[outside] == pad_id).all()
        lengths = batch["attention_mask"].sum(-1).tolist()
        return [(i[:n].tolist(), k[:n].tolist()) for i, k, n in zip(ids, labels, lengths, strict=True)]
    starts = (batch["position_ids"][0, 0] == 0).nonzero().flatten().tolist()
    bounds = list(zip(starts, [*starts[1:], ids.shape[1]], strict=True))
    return [(ids[0, start:end].tolist(), labels[0, start:end].tolist()) for start, end in bounds]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("packed", [True, False])
def test_loss_falls_on_responses_and_ends_of_turns_alone(kind: str, packed: bool, folders: dict[str, Path]) -> None:
    changes: dict[str, Any] = {"batch": "packed" if packed else "grouped", "forcing_targets": False}
    model, encoder = loaded_for(folders[kind], **changes)
    batch = batch_of(CONVERSATIONS, encoder, model, packed=packed)
    rows = rows_of(batch, encoder.tokenizer.pad_token_id)
    assert len(rows) == len(CONVERSATIONS)
    image_id, grids = model.config.image_token_id, iter(batch["image_grid_thw"])
    for conversation, (ids, labels) in zip(CONVERSATIONS, rows, strict=True):
        assert learned(encoder.tokenizer, ids, labels) == responses(conversation), conversation.id
        visual = sum(int(next(grids).prod()) // 4 for _ in conversation.images)
        assert ids.count(image_id) == visual >= len(conversation.images)
        assert all(label == IGNORED for token, label in zip(ids, labels, strict=True) if token == image_id)
    assert next(grids, None) is None


def test_a_batch_is_what_the_chat_template_and_the_image_processor_make(encoder: Encoder) -> None:
    for conversation in CONVERSATIONS:
        encoded = encoder.encode(conversation)
        messages = [
            {
                "role": turn.role,
                "content": [
                    {"type": "image"} if part is IMAGE else {"type": "text", "text": part} for part in turn.content
                ],
            }
            for turn in conversation.turns
        ]
        collapsed = [t for i, t in enumerate(encoded.ids) if not (i and t == encoded.ids[i - 1] == encoder._image_id)]
        rendered = encoder.tokenizer.apply_chat_template(messages, tokenize=False)
        assert encoder.tokenizer.decode(collapsed) + "\n" == rendered
        if conversation.images:
            pixels = encoder.image_processor(
                images=[decoded(image) for image in conversation.images], return_tensors="pt"
            )
            assert torch.equal(encoded.pixels, pixels["pixel_values"])  # type: ignore[arg-type]


def test_an_outline_is_as_long_as_its_example(encoder: Encoder) -> None:
    examples = examples_of(settings(Source(path="digits", rows=20)))
    for some in (encoder, forced(encoder)):
        for place in range(20):
            assert some.length(examples.outline(place)) == len(some.encode(examples[place]).ids)
        for conversation in CONVERSATIONS:
            assert some.length(conversation) == len(some.encode(conversation).ids)
    sizes = [(w, h) for w in (6, 28, 61, 700, 2000) for h in (11, 42, 199, 1023)]
    for size in sizes:
        conversation = example((IMAGE, "?"), "3", images=[picture(*size)])
        outline = replace(conversation, images=(), sizes=(size,))
        assert encoder.length(outline) == len(encoder.encode(conversation).ids), size


@pytest.mark.parametrize("kind", KINDS)
def test_positions_are_the_models_own(kind: str, folders: dict[str, Path]) -> None:
    model, encoder = loaded_for(folders[kind])
    batch = batch_of(CONVERSATIONS, encoder, model, packed=True)
    grouped = batch_of(CONVERSATIONS, encoder, model, packed=False)
    start = 0
    for row, conversation in enumerate(CONVERSATIONS):
        encoded = encoder.encode(conversation)
        length = len(encoded.ids)
        ids = torch.tensor([encoded.ids])
        expected, _ = model.model.get_rope_index(
            ids,
            mm_token_type_ids=(ids == model.config.image_token_id).int(),
            image_grid_thw=encoded.grids,
            attention_mask=torch.ones_like(ids),
        )
        positions = batch["position_ids"][:, 0, start : start + length]
        assert torch.equal(positions[1:], expected[:, 0])
        assert torch.equal(positions[0], torch.arange(length))
        assert torch.equal(grouped["position_ids"][:, row, :length], expected[:, 0])
        start += length


def test_at_a_refused_end_the_end_is_learned_and_the_ignore_string_is_not(encoder: Encoder) -> None:
    said = "<think>\nI read 37.\nWait, I read 31.\nMaybe I made a mistake. I read 37.\n</think>\nFinal answer: 10"
    conversation = example("What is the sum?", said)
    encoded = forced(encoder).encode(conversation)
    tokenizer = encoder.tokenizer
    (close,) = tokenizer("</think>")["input_ids"]
    assert tokenizer.decode(encoded.ids).endswith(OPENING + said + END)
    stretches, place = [], len(tokenizer.apply_chat_template([{"role": "user", "content": "What is the sum?"}]))
    place = encoded.ids.index(tokenizer.convert_tokens_to_ids("<think>"))
    assert set(encoded.labels[:place]) == {IGNORED}
    for ignored in ("Wait,", "Maybe I made a mistake.", None):
        refusal = next(
            (i for i in range(place, len(encoded.ids)) if encoded.labels[i] != encoded.ids[i]), len(encoded.ids)
        )
        stretches.append(tokenizer.decode(encoded.labels[place:refusal]))
        if ignored:
            width = len(tokenizer(ignored)["input_ids"])
            assert tokenizer.decode(encoded.ids[refusal : refusal + width]) == ignored
            assert encoded.labels[refusal : refusal + width] == [close] + [IGNORED] * (width - 1)
            place = refusal + width
    assert stretches == [
        "<think>\nI read 37.\n",
        " I read 31.\n",
        " I read 37.\n</think>\nFinal answer: 10<|im_end|>",
    ]
    plain = encoder.encode(conversation)
    assert learned(tokenizer, plain.ids, plain.labels) == [said + END]


def test_every_end_of_the_bundled_traces_is_a_target(encoder: Encoder) -> None:
    """As many ends of thinking are learned as the trace has looks."""
    examples = examples_of(settings(Source(path="digits", rows=40)))
    chosen = settings("digits").ignore_strings
    aware = Encoder(encoder.tokenizer, encoder.image_processor, ignore_strings=chosen)
    (close,) = encoder.tokenizer("</think>")["input_ids"]
    for conversation in examples:
        looks = conversation.turns[-1].text.count("so far")
        assert aware.encode(conversation).labels.count(close) == looks
        assert encoder.encode(conversation).labels.count(close) == 1


@pytest.mark.parametrize(
    ("thinking", "refused"),
    [
        ("Wait, I read 3.", 0),  # nothing stands before it
        ("I read 3. Wait, I read 4.", 0),  # not where a stretch of thinking begins
        ("I read 3.\nMaybe I made a mistake.\nWait, I read 4.", 1),  # two in a row refuse one end
        ("I read 3.\n\nWait, I read 4.\nWait, 5.", 2),
        ("I read 3.\nWaiting is no ignore string.", 0),
    ],
)
def test_what_counts_as_a_refused_end(thinking: str, refused: int, encoder: Encoder) -> None:
    aware = Encoder(encoder.tokenizer, encoder.image_processor, ignore_strings=(*WAIT, "Wait"))
    encoded = aware.encode(example("?", f"<think>\n{thinking}\n</think>\n3"))
    (close,) = encoder.tokenizer("</think>")["input_ids"]
    assert encoded.labels.count(close) == refused + 1


def test_ignore_strings_in_an_answer_are_learned(encoder: Encoder) -> None:
    conversation = example("?", "<think>\nI read 3.\n</think>\nI read:\nWait, 3.", "And?", "No thinking.\nWait, 4.")
    encoded = forced(encoder).encode(conversation)
    assert learned(encoder.tokenizer, encoded.ids, encoded.labels) == responses(conversation)


def test_a_delimiter_of_several_tokens_is_learned_by_its_first(encoder: Encoder) -> None:
    aware = Encoder(
        encoder.tokenizer, encoder.image_processor, thinking_open="[[", thinking_close="]] done", ignore_strings=WAIT
    )
    encoded = aware.encode(example("?", "[[\nI read 3.\nWait, 4.\n]] done\n4"))
    first, *others = encoder.tokenizer("]] done")["input_ids"]
    assert others
    assert [
        label for token, label in zip(encoded.ids, encoded.labels, strict=True) if label not in (IGNORED, token)
    ] == [first]


def with_template(encoder: Encoder, template: str) -> Encoder:
    import copy

    tokenizer = copy.deepcopy(encoder.tokenizer)
    tokenizer.chat_template = template
    return Encoder(tokenizer, encoder.image_processor)


@pytest.mark.parametrize("space", ["\n", ""])
def test_a_template_that_opens_the_thinking_says_it_without_loss(space: str, encoder: Encoder) -> None:
    template = encoder.tokenizer.chat_template.replace(
        "<|im_start|>assistant\n{% endif %}", f"<|im_start|>assistant\n<think>{space}{{{{ '' }}}}{{% endif %}}"
    )
    opening = with_template(encoder, template)
    conversation = example("?", "<think>\nI read 3.\n</think>\n3", "And?", "<think>\nI read 4.\n</think>\n4")
    encoded = opening.encode(conversation)
    assert encoder.tokenizer.decode(encoded.ids) == encoder.tokenizer.decode(encoder.encode(conversation).ids)
    kept = encoder.tokenizer.decode([label for label in encoded.labels if label != IGNORED])
    rest = "\n".removesuffix(space)
    assert kept == f"{rest}I read 3.\n</think>\n3{END}{rest}I read 4.\n</think>\n4{END}"
    with pytest.raises(Unusable) as caught:
        opening.encode(example("?", "3"))
    assert caught.value.reason == "the chat template opens a thinking that the response lacks"


def test_a_template_that_rewrites_earlier_turns_is_no_use_for_several(encoder: Encoder) -> None:
    forgetful = with_template(
        encoder,
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' and not loop.last %}"
        "{{ m.content.split('</think>')[-1] }}{% elif m.content is string %}{{ m.content }}{% else %}"
        "{% for part in m.content %}{{ part.text }}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    )
    once = example("?", "<think>\nI read 3.\n</think>\n3")
    encoded = forgetful.encode(once)
    assert learned(encoder.tokenizer, encoded.ids, encoded.labels) == responses(once)
    with pytest.raises(Unusable) as caught:
        forgetful.encode(example("?", "<think>\nI read 3.\n</think>\n3", "And?", "4"))
    assert caught.value.reason == "the chat template rewrites earlier turns"


@pytest.mark.parametrize("token", CONTROL_TOKENS)
@pytest.mark.parametrize("role", ["user", "assistant"])
def test_a_text_that_spells_a_token_of_the_template_is_dropped(token: str, role: str, encoder: Encoder) -> None:
    said = {"user": "What?", "assistant": "3"}
    said[role] += token
    conversation = example((IMAGE, said["user"]), said["assistant"], images=[picture()])
    for look in (encoder.encode, encoder.length):
        with pytest.raises(Unusable) as caught:
            look(conversation)
        assert (caught.value.reason, caught.value.detail) == ("spells a special token", token)


def test_images_that_no_model_takes_have_their_reasons(encoder: Encoder) -> None:
    narrow = replace(example((IMAGE, "?"), "3"), sizes=((3000, 10),))
    with pytest.raises(Unusable, match=r"^an image of impossible shape: it is 3,000 x 10 pixels: .*200 to 1"):
        encoder.length(narrow)
    cut_off = picture(400, 300)[:-40]
    with pytest.raises(Unusable, match=r"^image unreadable"):
        encoder.encode(example((IMAGE, "?"), "3", images=[cut_off]))


def test_a_template_without_images_is_noticed(encoder: Encoder) -> None:
    blind = with_template(encoder, "{% for m in messages %}<|im_start|>{{ m.role }}\n<|im_end|>\n{% endfor %}")
    with pytest.raises(Unusable, match=r"^the chat template leaves images out$"):
        blind.encode(example((IMAGE, "?"), "3", images=[picture()]))


@pytest.mark.parametrize(
    ("visual_tokens", "fraction"), [(64, 0.126), (256, 0.357), (400, 0.464), (1024, 0.688), (1280, 0.734)]
)
def test_the_masking_rule_of_s1m_lets_the_prompt_into_the_loss(
    visual_tokens: int, fraction: float, encoder: Encoder
) -> None:
    """The rule that S1-M is published with counts the prompt's tokens with one place-holder an image, but masks that
    many tokens after each place-holder has become as many as the image has. With a response of 466 tokens, S1-M's
    median, the prompt's end is up to three quarters of what is learned."""
    tokenizer, rows = encoder.tokenizer, 8
    conversation = Example(
        id="wide",
        turns=(Turn(role="user", content=(IMAGE, "What is the sum?")), Turn(role="assistant", content=("4 " * 232,))),
        images=(picture(visual_tokens // rows * 28, rows * 28),),
    )
    roomy = type(encoder.image_processor)(min_pixels=28 * 28, max_pixels=28 * 28 * 2048)
    encoded = Encoder(tokenizer, roomy).encode(conversation)
    question = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is the sum?"}]}]
    prompt = tokenizer(tokenizer.apply_chat_template(question, tokenize=False))["input_ids"]
    ids = [*encoded.ids, *tokenizer("\n")["input_ids"]]  # it leaves the template's last newline in as well
    labels = [IGNORED] * len(prompt) + ids[len(prompt) :]
    right = sum(label != IGNORED for label in encoded.labels)
    leaked = sum(label != IGNORED for label in labels) - right
    assert encoded.ids.count(encoder._image_id) == visual_tokens
    assert right == pytest.approx(466, abs=3)
    assert leaked / (leaked + right) == pytest.approx(fraction, abs=0.005)
    assert learned(tokenizer, encoded.ids, encoded.labels) == responses(conversation)
    with pytest.raises(AssertionError):
        assert learned(tokenizer, ids, labels) == responses(conversation)
