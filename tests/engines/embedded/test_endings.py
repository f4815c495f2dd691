"""What ends a step of the embedded engine: stop strings, the minimum, the budget, a listener; and how likely it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.prompt import prepare
from s1m.types import Completion, Piece, Sampling
from tests.engines.embedded.asking import GREEDY, PROBLEMS, THINK, alike, ask, step


def test_the_delimiter_ends_a_step_and_is_not_part_of_it(engine: EmbeddedEngine) -> None:
    (completion,) = ask(engine, [(PROBLEMS[0], step())])
    assert completion.finish == "stop"
    assert "</think>" not in completion.text
    assert completion.text.startswith("I read ")
    assert completion.token_ids is not None
    assert completion.tokens == len(completion.token_ids)


def test_a_stop_string_of_several_tokens_is_detected(engine: EmbeddedEngine) -> None:
    (plain,) = ask(engine, [(PROBLEMS[0], step())])
    (cut,) = ask(engine, [(PROBLEMS[0], step(stop=(", so far",)))])
    assert cut.finish == "stop"
    assert cut.text == plain.text.split(", so far")[0]
    assert cut.token_ids is not None
    assert engine.checkpoint.tokenizer.decode(cut.token_ids) == cut.text
    assert cut.tokens > len(cut.token_ids)


def test_a_delimiter_across_a_border_between_steps_is_detected(engine: EmbeddedEngine) -> None:
    stop = (", so far",)
    (whole,) = ask(engine, [(PROBLEMS[0], step(stop=stop))])
    for first_tokens in range(1, whole.tokens):
        (first,) = ask(engine, [(PROBLEMS[0], step(stop=stop, max_tokens=first_tokens))])
        assert first.finish == "length"
        rest = step((*THINK, Piece(text=first.text, token_ids=first.token_ids)), stop=stop)
        (second,) = ask(engine, [(PROBLEMS[0], rest)])
        assert (first.text + second.text, second.finish) == (whole.text, "stop")


def test_a_stop_inside_a_token_leaves_text_without_ids(engine: EmbeddedEngine) -> None:
    (cut,) = ask(engine, [(PROBLEMS[0], step(stop=("ead ",)))])
    assert (cut.text, cut.finish, cut.token_ids) == ("I r", "stop", None)


def test_no_end_before_the_minimum(engine: EmbeddedEngine) -> None:
    (free,) = ask(engine, [(PROBLEMS[0], step())])
    (held,) = ask(engine, [(PROBLEMS[0], step(min_tokens=free.tokens + 5))])
    assert held.tokens >= free.tokens + 5
    assert held.token_ids is not None
    assert not set(held.token_ids[: free.tokens + 5]) & engine.checkpoint.end_ids


def test_the_budget_is_kept_to_the_token(engine: EmbeddedEngine) -> None:
    for budget in (1, 2, 7):
        (completion,) = ask(engine, [(PROBLEMS[1], step(max_tokens=budget))])
        assert (completion.tokens, completion.finish) == (budget, "length")


def test_the_probability_of_what_was_written_is_that_of_one_forward_pass(engine: EmbeddedEngine) -> None:
    checkpoint = engine.checkpoint
    hot = Sampling(temperature=1.4, top_p=0.9)
    completions = ask(engine, [(problem, step(seed=3, min_tokens=4)) for problem in PROBLEMS[:4]], hot)
    for problem, completion in zip(PROBLEMS[:4], completions, strict=True):
        prompt = prepare(problem, checkpoint)
        before = [*prompt.ids, *checkpoint.tokenizer("<think>\n")["input_ids"]]
        assert completion.token_ids is not None
        ids = torch.tensor([[*before, *completion.token_ids]])
        logits = checkpoint.model(
            input_ids=ids, mm_token_type_ids=(ids == checkpoint.image_id).int(), **prompt.pixels()
        ).logits[0, len(before) - 1 : -1]
        logits[:, checkpoint.never_ids] = -torch.inf
        expected = logits.log_softmax(-1)[range(completion.tokens), completion.token_ids].mean().item()
        assert completion.logprob == pytest.approx(expected, abs=1e-4)


def test_a_turn_that_is_ended_at_once_has_no_probability(engine: EmbeddedEngine) -> None:
    after = (*THINK, Piece(text="</think>\nFinal answer: 7"))
    (nothing,) = ask(engine, [(PROBLEMS[0], step(after, stop=()))])
    assert (nothing.tokens, nothing.finish, nothing.logprob) == (0, "eos", None)


def test_one_of_the_choices_is_written_and_nothing_else(engine: EmbeddedEngine) -> None:
    asked = (*THINK, Piece(text="I read 12</think>\nFinal answer: "))
    choices = ("blue", "17", "1", "175")

    def answers(sampling: Sampling, **changes: object) -> list[Completion]:
        steps = [step(asked, stop=(), seed=seed, choices=choices, min_tokens=1, **changes) for seed in range(24)]
        return ask(engine, [(PROBLEMS[0], each) for each in steps], sampling)

    hot = Sampling(temperature=30)
    drawn = answers(hot)
    assert {completion.text for completion in drawn} == set(choices)
    assert all(completion.text in choices and completion.finish == "eos" for completion in drawn)
    assert all(
        completion.token_ids and completion.logprob is not None and completion.logprob <= 0 for completion in drawn
    )
    assert len({completion.text for completion in answers(GREEDY)}) == 1
    assert {completion.finish for completion in answers(hot, max_tokens=2)} == {"eos", "length"}
    (only,) = ask(engine, [(PROBLEMS[0], step(asked, stop=(), choices=("blue",)))])
    assert (only.text, only.finish) == ("blue", "eos")


@pytest.mark.usefixtures("every_token_is_heard")
@pytest.mark.parametrize("stop", ["</think>", "look again"])
def test_text_is_heard_as_it_is_written_and_is_the_completions(engine: EmbeddedEngine, stop: str) -> None:
    heard: list[str] = []

    def hear(text: str) -> bool:
        heard.append(text)
        return False

    plain = step(stop=(stop,))
    (alone,) = ask(engine, [(PROBLEMS[0], plain)])
    streamed, beside = ask(
        engine,
        [(PROBLEMS[0], replace(plain, on_text=hear)), (PROBLEMS[1], plain)],
    )
    assert alike([alone], [streamed])
    assert alike(ask(engine, [(PROBLEMS[1], plain)]), [beside])
    assert len(heard) > 10
    assert alone.text.startswith("".join(heard))


@pytest.mark.usefixtures("every_token_is_heard")
def test_a_listener_can_end_a_step_where_it_is(engine: EmbeddedEngine) -> None:
    heard: list[str] = []

    def enough(text: str) -> bool:
        heard.append(text)
        return len(heard) == 5

    (cut,) = ask(engine, [(PROBLEMS[0], step(on_text=enough))])
    (whole,) = ask(engine, [(PROBLEMS[0], step(max_tokens=cut.tokens))])
    assert cut.finish == "length"
    assert cut.text == "".join(heard) == whole.text
    assert cut.token_ids == whole.token_ids
