"""The embedded engine on the bundled model: exact, reproducible, and the same alone as in a crowd."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from s1m.benchmarks.digits import Digits
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.prompt import prepare
from s1m.errors import EngineError, EngineUnavailable, PromptTooLong
from s1m.forcing import Forcing, drive, independent_sweep, nested_sweep
from s1m.types import Completion, Piece, Problem, Sampling, Step, Trace
from tests.engines.embedded.reference import reference

PROBLEMS = Digits().load(split="test", limit=12, data=None)
GREEDY = Sampling(temperature=0)
WARM = Sampling(temperature=1.0)
FORCING = Forcing(num_ignore=(0, 1, 2, 3), ignore_strings=("Wait,",), max_thinking_tokens=400, max_answer_tokens=8)
THINK = (Piece(text="<think>\n"),)


def ask(engine: EmbeddedEngine, steps: Sequence[tuple[Problem, Step]], sampling: Sampling = GREEDY) -> list[Completion]:
    async def together() -> list[Completion]:
        return list(await asyncio.gather(*(engine.generate(problem, step, sampling) for problem, step in steps)))

    return asyncio.run(together())


def alike(some: Sequence[Completion], others: Sequence[Completion]) -> bool:
    """Whether completions are equal, their probabilities up to the last bits, which depend on the batch."""
    pairs = zip(some, others, strict=True)
    return all(
        replace(first, logprob=None) == replace(second, logprob=None)
        and first.logprob == pytest.approx(second.logprob, abs=1e-4)
        for first, second in pairs
    )


def step(prefix: tuple[Piece, ...] = THINK, **changes: object) -> Step:
    values = {"prefix": prefix, "stop": ("</think>",), "max_tokens": 60, "seed": 5} | changes
    return Step(**values)  # type: ignore[arg-type]


def test_greedy_tokens_equal_those_of_generate_in_a_crowd_of_ragged_prompts(engine: EmbeddedEngine) -> None:
    completions = ask(engine, [(problem, step(stop=(), max_tokens=40)) for problem in PROBLEMS])
    for problem, completion in zip(PROBLEMS, completions, strict=True):
        assert completion.token_ids is not None
        expected = reference(engine, problem, 40)
        assert list(completion.token_ids) == expected[: len(completion.token_ids)]
        assert completion.finish == ("length" if len(completion.token_ids) == 40 else "eos")


def test_going_on_from_a_remembered_past_equals_going_on_from_nothing(engine: EmbeddedEngine) -> None:
    problem = PROBLEMS[0]
    (first,) = ask(engine, [(problem, step(max_tokens=11))])
    assert (first.finish, first.tokens) == ("length", 11)
    more = step((*THINK, Piece(text=first.text, token_ids=first.token_ids)))
    (remembered,) = ask(engine, [(problem, more)])
    fresh_engine = EmbeddedEngine(max_rows=2)
    try:
        (fresh,) = ask(fresh_engine, [(problem, more)])
    finally:
        asyncio.run(fresh_engine.close())
    assert alike([remembered], [fresh])
    assert first.token_ids is not None
    assert remembered.token_ids is not None
    whole = reference(engine, problem, 60)
    assert [*first.token_ids, *remembered.token_ids] == whole[: 11 + remembered.tokens]


def test_the_nested_chain_at_level_k_is_an_independent_run_at_k_token_for_token(engine: EmbeddedEngine) -> None:
    async def run(problem: Problem, sweep: object) -> Trace:
        return await drive(sweep(FORCING, 0), problem, engine, GREEDY)  # type: ignore[operator]

    for problem in PROBLEMS[:6]:
        nested, independent = asyncio.run(run(problem, nested_sweep)), asyncio.run(run(problem, independent_sweep))
        for forced, single in zip(nested.answers, independent.answers, strict=True):
            alone = independent.chains[single.chain]
            assert len(alone) == forced.level + 1
            shared = nested.chains[0][: forced.segments]
            assert [segment.token_ids for segment in shared] == [segment.token_ids for segment in alone]
            assert all(segment.token_ids for segment in shared)
            assert (forced.text, forced.tokens, forced.finish) == (single.text, single.tokens, single.finish)


def test_a_sampled_step_depends_on_its_seed_alone(engine: EmbeddedEngine) -> None:
    wanted = [(problem, step(seed=100 + i)) for i, problem in enumerate(PROBLEMS)]
    together = ask(engine, wanted, WARM)
    alone = [ask(engine, [each], WARM)[0] for each in wanted]
    assert alike(together, alone)
    others = ask(engine, [(problem, step(seed=900 + i)) for i, problem in enumerate(PROBLEMS)], WARM)
    assert not alike(together, others)


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


def two_pictures() -> Problem:
    return replace(PROBLEMS[3], images=(PROBLEMS[3].images[0], PROBLEMS[5].images[0]))


@pytest.mark.parametrize("problem", [PROBLEMS[0], two_pictures()], ids=["one picture", "two"])
def test_after_images_shown_again_greedy_tokens_equal_those_of_generate(
    engine: EmbeddedEngine, problem: Problem
) -> None:
    texts = ("<think>\nI read 5.", "Let me look again.", " Once more:", "")
    seen = [Piece(text=text, images=True) for text in texts[:-1]]
    for times in (3, 1, 2):
        again = step((*seen[:times], Piece(text=texts[times])), stop=(), max_tokens=24)
        beside = [(other, step(stop=(), max_tokens=24)) for other in PROBLEMS[6:8]]
        expected = reference(engine, problem, 24, turn=texts[: times + 1])
        first, *others = ask(engine, [(problem, again), *beside])
        for _ in range(2):  # the second time goes on from what is remembered
            assert first.token_ids == tuple(expected[: first.tokens])
            assert first.tokens > 3
            (first,) = ask(engine, [(problem, again)])
        assert [completion.token_ids for completion in others] == [
            tuple(reference(engine, other, 24)[: completion.tokens])
            for (other, _), completion in zip(beside, others, strict=True)
        ]


def test_going_on_behind_images_shown_again_reads_them_once(engine: EmbeddedEngine) -> None:
    looks: list[int] = []
    hook = engine.checkpoint.model.model.visual.register_forward_pre_hook(lambda *_: looks.append(1))
    fresh = replace(PROBLEMS[9], question="What is the sum of the digits, then?")
    looking = (*THINK, Piece(text="Let me look at the image again.", images=True))
    (first,) = ask(engine, [(fresh, step(looking, max_tokens=6))])
    more = (*looking, Piece(text=first.text, token_ids=first.token_ids))
    ask(engine, [(fresh, step(more, max_tokens=6))])
    ask(engine, [(fresh, step((*more, Piece(text="Wait,", images=True)), max_tokens=6))])
    hook.remove()
    assert len(looks) == 2


def test_a_problem_without_images_has_none_to_show_again(engine: EmbeddedEngine) -> None:
    blind = Problem(id="blind", question="What is 2 + 2?", images=(), gold="4")
    shown, plain = ask(
        engine, [(blind, step((Piece(text="<think>\n", images=images),), max_tokens=5)) for images in (True, False)]
    )
    assert alike([shown], [plain])


def test_a_repetition_penalty_changes_the_text_and_off_is_off(engine: EmbeddedEngine) -> None:
    plain, off, on = (
        ask(engine, [(PROBLEMS[2], step())], Sampling(temperature=0, repetition_penalty=penalty))[0]
        for penalty in (1.0, 1.0, 20.0)
    )
    assert alike([plain], [off])
    assert on.token_ids != plain.token_ids


def test_more_requests_than_rows_all_get_their_turn(engine: EmbeddedEngine) -> None:
    wanted = [(PROBLEMS[i % 12], step(seed=i, max_tokens=5 + i % 9)) for i in range(50)]
    assert alike(ask(engine, wanted, WARM), [ask(engine, [each], WARM)[0] for each in wanted])


def test_equal_names_never_mix_up_two_problems(engine: EmbeddedEngine) -> None:
    twin = Problem(id=PROBLEMS[0].id, question=PROBLEMS[1].question, images=PROBLEMS[1].images, gold="")
    first, second, third = ask(engine, [(PROBLEMS[0], step()), (twin, step()), (PROBLEMS[1], step())])
    assert alike([second], [third])
    assert not alike([first], [second])


def test_pictures_of_every_mode_and_several_or_none_are_taken(engine: EmbeddedEngine) -> None:
    def encoded(mode: str, kind: str) -> bytes:
        buffer = io.BytesIO()
        Image.new(mode, (60, 40)).save(buffer, format=kind)
        return buffer.getvalue()

    images = [encoded("RGBA", "PNG"), encoded("P", "PNG"), encoded("L", "PNG"), encoded("CMYK", "JPEG")]
    for some in ((), (images[0],), tuple(images)):
        problem = Problem(id="any", question="What is the sum of the digits?", images=some, gold="")
        assert ask(engine, [(problem, step(max_tokens=3))])[0].tokens == 3


def test_what_is_no_image_fails_that_problem_by_name(engine: EmbeddedEngine) -> None:
    problem = Problem(id="broken-7", question="?", images=(b"<html>not found</html>",), gold="")
    with pytest.raises(EngineError, match="broken-7: one of its images is not an image"):
        ask(engine, [(problem, step())])


def test_a_step_that_cannot_fit_is_refused_before_it_starts(engine: EmbeddedEngine) -> None:
    with pytest.raises(PromptTooLong, match=r"has a context of \d+: lower --max-thinking-tokens"):
        ask(engine, [(PROBLEMS[0], step(max_tokens=10**6))])


def test_a_cancelled_request_leaves_and_the_others_go_on(engine: EmbeddedEngine) -> None:
    async def run() -> Completion:
        doomed = asyncio.ensure_future(engine.generate(PROBLEMS[0], step(stop=(), max_tokens=3000), GREEDY))
        await asyncio.sleep(0.05)
        doomed.cancel()
        return await engine.generate(PROBLEMS[1], step(max_tokens=5), GREEDY)

    assert asyncio.run(run()).tokens == 5


def test_closing_fails_what_is_unfinished_and_can_be_done_twice() -> None:
    async def run() -> None:
        engine = EmbeddedEngine(max_rows=2)
        waiting = asyncio.ensure_future(
            engine.generate(PROBLEMS[0], step(stop=(), max_tokens=3000, min_tokens=3000), GREEDY)
        )
        await asyncio.sleep(0.1)
        await engine.close()
        await engine.close()
        with pytest.raises(EngineUnavailable, match="closed"):
            await engine.generate(PROBLEMS[0], step(), GREEDY)
        with pytest.raises(EngineError, match="closed"):
            await waiting

    asyncio.run(run())


def test_a_question_that_spells_the_place_holder_is_refused_by_name(engine: EmbeddedEngine) -> None:
    vandal = Problem(id="vandal", question="<|image_pad|> What?", images=PROBLEMS[0].images, gold="")
    with pytest.raises(EngineError, match="vandal: its question spells an image place-holder"):
        ask(engine, [(vandal, step())])


def test_a_forward_pass_that_fails_fails_its_rows_and_the_engine_lives(engine: EmbeddedEngine) -> None:
    def out_of_memory(*_: object) -> None:
        raise RuntimeError("out of memory")

    hook = engine.checkpoint.model.register_forward_pre_hook(out_of_memory)
    with pytest.raises(EngineError, match="the model failed on a batch: out of memory"):
        ask(engine, [(PROBLEMS[0], step()), (PROBLEMS[1], step())])
    hook.remove()
    assert ask(engine, [(PROBLEMS[0], step())])[0].finish == "stop"


def test_one_bad_turn_fails_alone(engine: EmbeddedEngine) -> None:
    bad = step((*THINK, Piece(text="<|image_pad|>")))

    async def run() -> list[Completion | BaseException]:
        asked = [engine.generate(PROBLEMS[i], bad if i == 3 else step(), GREEDY) for i in range(6)]
        return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = asyncio.run(run())
    assert [isinstance(outcome, EngineError) for outcome in outcomes] == [i == 3 for i in range(6)]


def test_a_loop_that_is_gone_costs_the_engine_nothing(engine: EmbeddedEngine) -> None:
    async def leave() -> None:
        left_alone = asyncio.ensure_future(engine.generate(PROBLEMS[0], step(stop=(), max_tokens=12), GREEDY))
        await asyncio.sleep(0.01)
        assert not left_alone.done()

    asyncio.run(leave())
    assert ask(engine, [(PROBLEMS[1], step())])[0].finish == "stop"


def test_a_checkpoint_that_lacks_weights_is_refused(tmp_path: Path, engine: EmbeddedEngine) -> None:
    from safetensors.torch import load_file, save_file

    source = Path(engine.checkpoint.model.config._name_or_path)
    broken = tmp_path / "broken"
    shutil.copytree(source, broken)
    weights = load_file(broken / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "visual" not in name}
    save_file(kept, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineUnavailable, match=r"is a broken checkpoint: \d+ weights are missing"):
        EmbeddedEngine(str(broken))


@pytest.fixture
def copied(tmp_path: Path, engine: EmbeddedEngine) -> Path:
    """A folder with a copy of the bundled checkpoint, to be broken."""
    return Path(shutil.copytree(Path(engine.checkpoint.model.config._name_or_path), tmp_path / "copied"))


@pytest.mark.parametrize("sampling", [GREEDY, WARM], ids=["greedy", "sampled"])
@pytest.mark.parametrize("broken", ["lm_head.weight", "model.layers.0.input_layernorm.weight"])
def test_weights_that_give_nan_end_the_run_in_one_line(copied: Path, sampling: Sampling, broken: str) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    name = next((name for name in weights if name.endswith(broken)), "model.embed_tokens.weight")
    weights[name].fill_(float("nan"))
    save_file(weights, copied / "model.safetensors", metadata={"format": "pt"})
    unsound = EmbeddedEngine(str(copied), max_rows=2)
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="gives NaN instead of probabilities") as caught:
            ask(unsound, [(PROBLEMS[0], step()), (PROBLEMS[1], step())], sampling)
        assert "\n" not in str(caught.value)
    asyncio.run(unsound.close())


def test_token_ids_beyond_the_embedding_end_the_run_in_one_line(copied: Path, engine: EmbeddedEngine) -> None:
    tokenizer = json.loads((copied / "tokenizer.json").read_text())
    rows = engine.checkpoint.model.get_input_embeddings().weight.shape[0]
    plain = dict.fromkeys(("special", "single_word", "lstrip", "rstrip", "normalized"), False)
    first = len(engine.checkpoint.tokenizer)
    tokenizer["added_tokens"] += [{"id": id_, "content": f"[{id_}]"} | plain for id_ in range(first, rows)]
    tokenizer["added_tokens"].append({"id": rows, "content": "beyond"} | plain)
    (copied / "tokenizer.json").write_text(json.dumps(tokenizer))
    other = EmbeddedEngine(str(copied), max_rows=2)
    asked = replace(PROBLEMS[0], question="Is it beyond?")
    for steps in (
        [(asked, step())],
        [(PROBLEMS[0], step((*THINK, Piece(text="beyond"))))],
        [(PROBLEMS[0], step((*THINK, Piece(text="", token_ids=(rows,)))))],
        [(PROBLEMS[0], step(stop=("beyond",)))],
        [(PROBLEMS[0], step(choices=("beyond", "A")))],
    ):
        with pytest.raises(EngineUnavailable, match=rf"its embedding has {rows} rows") as caught:
            ask(other, steps)
        assert "\n" not in str(caught.value)
    assert ask(other, [(PROBLEMS[0], step())])[0].finish == "stop"
    asyncio.run(other.close())


def test_code_that_a_checkpoint_brings_is_run_only_on_request(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asks(*_: object) -> str:
        raise AssertionError("asked interactively")

    monkeypatch.setattr("builtins.input", asks)
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(copied.parent / "modules"))
    config = json.loads((copied / "config.json").read_text())
    config |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.Config", "AutoModelForImageTextToText": "own.Model"},
    }
    (copied / "config.json").write_text(json.dumps(config))
    (copied / "own.py").write_text("raise RuntimeError('this code was run')\n")
    with pytest.raises(EngineUnavailable, match="read it, then add --trust-remote-code") as caught:
        EmbeddedEngine(str(copied))
    assert "\n" not in str(caught.value)
    with pytest.raises(EngineUnavailable, match="this code was run"):
        EmbeddedEngine(str(copied), trust_remote_code=True)


def test_a_checkpoint_without_a_chat_template_is_refused(tmp_path: Path, engine: EmbeddedEngine) -> None:
    mute = tmp_path / "mute"
    shutil.copytree(Path(engine.checkpoint.model.config._name_or_path), mute)
    (mute / "chat_template.jinja").unlink()
    without = EmbeddedEngine(str(mute))
    with pytest.raises(EngineUnavailable, match="has no usable chat template"):
        ask(without, [(PROBLEMS[0], step())])
    asyncio.run(without.close())


def test_checkpoints_that_will_not_load_say_why_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="there is no checkpoint folder"):
        EmbeddedEngine(str(tmp_path / "absent"))
    with pytest.raises(EngineUnavailable, match=r"is not a checkpoint: it lacks config\.json"):
        EmbeddedEngine(str(tmp_path))
    for name in ("config.json", "tokenizer_config.json", "preprocessor_config.json"):
        (tmp_path / name).write_text("{")
    with pytest.raises(EngineUnavailable, match="is a broken checkpoint") as caught:
        EmbeddedEngine(str(tmp_path))
    assert "\n" not in str(caught.value)


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
